package octet

// #include "shim.h"
import "C"

// DType is the type of a tensor's values.
type DType int32

const (
	Float32 DType = C.Q_FLOAT32
	Int8    DType = C.Q_INT8
)

func (d DType) String() string {
	switch d {
	case Float32:
		return "float32"
	case Int8:
		return "int8"
	}
	return "unknown type"
}

// TensorInfo describes an input, an output or a layer's output.
type TensorInfo struct {
	Name         string
	DType        DType // inside the network; every input and output can be given and taken as float32
	Dims         []int // in the order of the source file
	ElementCount int
	Scale        float32 // real = Scale * (q - ZeroPoint); 0: not quantized
	ZeroPoint    int32
}

// Tensor is a view of the caller's memory, for [Session.RunTensors]. The zero value as an output: not wanted.
type Tensor struct {
	Float32 []float32 // one of the two
	Int8    []int8    // only where the model's own input or output is int8
	Strides []int     // elements to the next index of each dimension; nil: contiguous
}

func tensorInfo(info *C.q_tensor_info) TensorInfo {
	dims := make([]int, info.rank)
	for i := range dims {
		dims[i] = int(info.dims[i])
	}
	return TensorInfo{
		Name:         goString(info.name),
		DType:        DType(info.dtype),
		Dims:         dims,
		ElementCount: int(info.element_count),
		Scale:        float32(info.scale),
		ZeroPoint:    int32(info.zero_point),
	}
}
