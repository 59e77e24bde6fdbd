package octet

// #include "shim.h"
import "C"

import (
	"context"
	"image"
	"unsafe"
)

// Run runs the network once: all inputs, all outputs, in the model's order, each a contiguous float32 tensor of
// exactly the size of its shape. A nil output is not wanted. Nothing is copied and nothing allocated. After a failure
// the outputs are as they were.
func (s *Session) Run(inputs, outputs [][]float32) error {
	return s.RunContext(context.Background(), inputs, outputs)
}

// RunContext is [Session.Run] that ends with ErrCancelled, before its next step, when the context is done. A context
// that can be done costs a goroutine.
func (s *Session) RunContext(ctx context.Context, inputs, outputs [][]float32) error {
	pointer, err := s.begin(len(inputs), len(outputs))
	if err != nil {
		return err
	}
	defer s.end(len(inputs) + len(outputs))
	for i, values := range inputs {
		s.bind(i, values)
	}
	for i, values := range outputs {
		s.bind(len(inputs)+i, values)
	}
	s.call.input_count = C.int32_t(len(inputs))
	return s.run(ctx, pointer, nil, len(inputs)+len(outputs))
}

// RunTensors is [Session.RunContext] for int8 values and strided memory.
func (s *Session) RunTensors(ctx context.Context, inputs, outputs []Tensor) error {
	pointer, err := s.begin(len(inputs), len(outputs))
	if err != nil {
		return err
	}
	defer s.end(len(inputs) + len(outputs))
	for i := range inputs {
		if err := s.bindTensor(i, &inputs[i], s.inputs, i, "input"); err != nil {
			return err
		}
	}
	for i := range outputs {
		if err := s.bindTensor(len(inputs)+i, &outputs[i], s.outputs, i, "output"); err != nil {
			return err
		}
	}
	s.call.input_count = C.int32_t(len(inputs))
	return s.run(ctx, pointer, nil, len(inputs)+len(outputs))
}

// RunPixels runs a network whose only input is a picture, which goes through the recipe (nil: the stored one) straight
// into the network, with the values that [Pixels.ToInput] gives.
func (s *Session) RunPixels(ctx context.Context, pixels *Pixels, recipe *Recipe, outputs [][]float32) error {
	pointer, err := s.begin(0, len(outputs))
	if err != nil {
		return err
	}
	defer s.end(len(outputs))
	for i, values := range outputs {
		s.bind(i, values)
	}
	s.call.input_count = -1
	pixels.set(&s.call.pixels)
	s.call.has_recipe = cBool(recipe != nil)
	if recipe != nil {
		recipe.set(&s.call.recipe)
	}
	return s.run(ctx, pointer, (*C.uint8_t)(bytesOf(pixels.Data)), len(outputs))
}

// RunImage is [Session.RunPixels] of [PixelsOf] the picture.
func (s *Session) RunImage(ctx context.Context, picture image.Image, recipe *Recipe, outputs [][]float32) error {
	return s.RunPixels(ctx, PixelsOf(picture), recipe, outputs)
}

// begin makes the session this call's own until end.
func (s *Session) begin(inputs, outputs int) (*C.q_session, error) {
	if inputs > C.OCTET_GO_SIDE || outputs > C.OCTET_GO_SIDE {
		return nil, wrongArgument("%d inputs and %d outputs are given; 0 to %d are possible of each", inputs, outputs,
			C.OCTET_GO_SIDE)
	}
	pointer, err := s.handle.acquire()
	if err != nil {
		return nil, err
	}
	s.running.Lock()
	s.call.output_count = C.int32_t(outputs)
	return pointer, nil
}

func (s *Session) end(count int) {
	for i := range s.data[:count] {
		s.data[i] = nil // what the caller gave is not kept
	}
	s.running.Unlock()
	s.handle.release()
}

func (s *Session) bind(i int, values []float32) {
	tensor := &s.call.tensors[i]
	tensor.size_bytes = C.size_t(len(values)) * 4
	tensor.strides = nil
	tensor.dtype = C.Q_FLOAT32
	s.data[i] = (*C.float)(*(*unsafe.Pointer)(unsafe.Pointer(&values)))
}

func (s *Session) bindTensor(i int, t *Tensor, infos []TensorInfo, index int, what string) error {
	s.bind(i, t.Float32)
	tensor := &s.call.tensors[i]
	if t.Int8 != nil {
		if t.Float32 != nil {
			return wrongArgument("%s %d has Float32 and Int8; one of them is possible", what, index)
		}
		tensor.size_bytes = C.size_t(len(t.Int8))
		tensor.dtype = C.Q_INT8
		s.data[i] = (*C.float)(*(*unsafe.Pointer)(unsafe.Pointer(&t.Int8)))
	}
	if t.Strides == nil || index >= len(infos) { // too many: the library says so
		return nil
	}
	if len(t.Strides) != len(infos[index].Dims) {
		return wrongArgument("%s %d has %d strides; the tensor has %d dimensions", what, index, len(t.Strides),
			len(infos[index].Dims))
	}
	strides := &s.call.strides[i]
	for dim, stride := range t.Strides {
		strides[dim] = C.int64_t(stride)
	}
	tensor.strides = &strides[0]
	return nil
}

// run is one call of the library, ended early when the context is done.
func (s *Session) run(ctx context.Context, session *C.q_session, pixels *C.uint8_t, count int) error {
	if ctx.Done() == nil {
		return failure(s.invoke(pixels, count), &s.call.error, nil)
	}
	if err := ctx.Err(); err != nil {
		return cancelledBefore("run", err)
	}
	ended := make(chan struct{})
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		select {
		case <-ctx.Done():
			C.q_session_cancel(session, 1)
		case <-ended:
		}
	}()
	status := s.invoke(pixels, count)
	close(ended)
	<-watched
	C.q_session_cancel(session, 0)
	var cause error
	if status == C.Q_E_CANCELLED {
		cause = ctx.Err()
	}
	return failure(status, &s.call.error, cause)
}

func (s *Session) invoke(pixels *C.uint8_t, count int) C.q_status {
	p := &s.data
	if count <= C.OCTET_GO_FEW {
		return C.octet_go_run(s.call, pixels, p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7],
			p[8], p[9], p[10], p[11], p[12], p[13], p[14], p[15])
	}
	return C.octet_go_run_many(s.call, pixels,
		p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8], p[9], p[10], p[11], p[12], p[13], p[14], p[15],
		p[16], p[17], p[18], p[19], p[20], p[21], p[22], p[23], p[24], p[25], p[26], p[27], p[28], p[29],
		p[30], p[31], p[32], p[33], p[34], p[35], p[36], p[37], p[38], p[39], p[40], p[41], p[42], p[43],
		p[44], p[45], p[46], p[47], p[48], p[49], p[50], p[51], p[52], p[53], p[54], p[55], p[56], p[57],
		p[58], p[59], p[60], p[61], p[62], p[63], p[64], p[65], p[66], p[67], p[68], p[69], p[70], p[71],
		p[72], p[73], p[74], p[75], p[76], p[77], p[78], p[79], p[80], p[81], p[82], p[83], p[84], p[85],
		p[86], p[87], p[88], p[89], p[90], p[91], p[92], p[93], p[94], p[95], p[96], p[97], p[98], p[99],
		p[100], p[101], p[102], p[103], p[104], p[105], p[106], p[107], p[108], p[109], p[110], p[111],
		p[112], p[113], p[114], p[115], p[116], p[117], p[118], p[119], p[120], p[121], p[122], p[123],
		p[124], p[125], p[126], p[127])
}
