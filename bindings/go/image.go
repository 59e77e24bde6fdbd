package octet

// #include "shim.h"
import "C"

import (
	"image"
	"image/draw"
	"unsafe"
)

// Pixels is a picture, or a view of one, as of a camera: rows from the top, channels interleaved.
type Pixels struct {
	Format    PixelFormat
	Width     int // pixels; 1 to 65535
	Height    int
	RowStride int // bytes from a row to the next; 0: rows follow each other without a gap
	Data      []byte
}

// Mapping says where a point of the network's input lies in the picture: picture x = ScaleX * x + OffsetX, both in
// pixels from the left edge; likewise y.
type Mapping struct {
	ScaleX, ScaleY   float32
	OffsetX, OffsetY float32
}

// LoadPixels decodes a JPEG or PNG file to format, EXIF orientation applied.
func LoadPixels(path string, format PixelFormat) (*Pixels, error) {
	return decode(func(out **C.q_image, e *C.q_error) C.q_status {
		var t texts
		defer t.free()
		return C.q_image_load(t.add(path), C.int32_t(format), out, e)
	})
}

// DecodePixels decodes the bytes of a JPEG or PNG file; name stands for the file's name in messages.
func DecodePixels(data []byte, name string, format PixelFormat) (*Pixels, error) {
	return decode(func(out **C.q_image, e *C.q_error) C.q_status {
		var t texts
		defer t.free()
		return C.octet_go_decode(bytesOf(data), C.size_t(len(data)), t.add(name), C.int32_t(format), out, e)
	})
}

// decode copies the picture to Go's memory, so that it needs no Close.
func decode(call func(**C.q_image, *C.q_error) C.q_status) (*Pixels, error) {
	if err := checkABI(); err != nil {
		return nil, err
	}
	var picture *C.q_image
	e := newError()
	if err := failure(call(&picture, &e), &e, nil); err != nil {
		return nil, err
	}
	defer C.q_image_free(picture)
	view := C.q_pixels{struct_size: C.sizeof_q_pixels}
	if err := failure(C.q_image_get_pixels(picture, &view, &e), &e, nil); err != nil {
		return nil, err
	}
	return &Pixels{
		Format:    PixelFormat(view.format),
		Width:     int(view.width),
		Height:    int(view.height),
		RowStride: int(view.row_stride),
		Data:      append([]byte(nil), unsafe.Slice((*byte)(view.data), int(view.size_bytes))...),
	}, nil
}

// PixelsOf gives the pixels of a Go image: those of *image.NRGBA, *image.RGBA and *image.Gray without a copy, those of
// other kinds drawn into an *image.RGBA, whose colours are multiplied by alpha: what is transparent becomes black.
func PixelsOf(picture image.Image) *Pixels {
	bounds := picture.Bounds()
	p := &Pixels{Format: RGBA, Width: bounds.Dx(), Height: bounds.Dy()}
	switch of := picture.(type) {
	case *image.NRGBA:
		p.RowStride, p.Data = of.Stride, of.Pix
	case *image.RGBA:
		p.RowStride, p.Data = of.Stride, of.Pix
	case *image.Gray:
		p.Format, p.RowStride, p.Data = Gray, of.Stride, of.Pix
	default:
		drawn := image.NewRGBA(image.Rect(0, 0, p.Width, p.Height))
		draw.Draw(drawn, drawn.Rect, picture, bounds.Min, draw.Src)
		p.RowStride, p.Data = drawn.Stride, drawn.Pix
	}
	return p
}

// ToInput writes the picture as input number input of the model, float32, ElementCount values. recipe nil: the stored
// one. Pixels of another format than the recipe's are converted.
func (p *Pixels) ToInput(m *Model, input int, recipe *Recipe, out []float32) error {
	pointer, err := m.handle.acquire()
	if err != nil {
		return err
	}
	defer m.handle.release()
	var view C.q_pixels
	p.set(&view)
	e := newError()
	data := (*C.float)(*(*unsafe.Pointer)(unsafe.Pointer(&out)))
	return failure(C.octet_go_pixels_to_input(&view, (*C.uint8_t)(bytesOf(p.Data)), pointer, C.int32_t(input),
		recipe.pointer(), data, C.size_t(len(out)), &e), &e, nil)
}

// Mapping says where the input that [Pixels.ToInput] makes lies in the picture. Only width and height are looked at.
func (p *Pixels) Mapping(m *Model, input int, recipe *Recipe) (Mapping, error) {
	pointer, err := m.handle.acquire()
	if err != nil {
		return Mapping{}, err
	}
	defer m.handle.release()
	var view C.q_pixels
	p.set(&view)
	e := newError()
	mapping := C.q_mapping{struct_size: C.sizeof_q_mapping}
	status := C.q_pixels_get_mapping(&view, pointer, C.int32_t(input), recipe.pointer(), &mapping, &e)
	if err := failure(status, &e, nil); err != nil {
		return Mapping{}, err
	}
	return Mapping{ScaleX: float32(mapping.scale_x), ScaleY: float32(mapping.scale_y),
		OffsetX: float32(mapping.offset_x), OffsetY: float32(mapping.offset_y)}, nil
}

// set fills all but the data pointer, which C takes as an argument.
func (p *Pixels) set(view *C.q_pixels) {
	*view = C.q_pixels{
		struct_size: C.sizeof_q_pixels,
		format:      C.int32_t(p.Format),
		width:       C.int32_t(p.Width),
		height:      C.int32_t(p.Height),
		size_bytes:  C.size_t(len(p.Data)),
		row_stride:  C.int64_t(p.RowStride),
	}
}
