package octet

/*
#cgo pkg-config: octet
#cgo CFLAGS: -std=c11
#include <stdlib.h>
#include "shim.h"
*/
import "C"

import (
	"fmt"
	"unsafe"
)

// Version is the release of the library that is loaded, such as "0.1.0".
func Version() string {
	return C.GoString(C.q_version())
}

// ABIVersion is the version of the C interface of the library that is loaded: major << 16 | minor.
func ABIVersion() uint32 {
	return uint32(C.q_abi_version())
}

// checkABI is called by whatever makes the first handle: a library of another interface would misread every struct.
func checkABI() error {
	return compareABI(C.Q_ABI_VERSION, ABIVersion())
}

func compareABI(header, library uint32) error {
	if library>>16 == header>>16 && library&0xffff >= header&0xffff {
		return nil
	}
	message := fmt.Sprintf("the library that is loaded, liboctet %s, has interface %d.%d; this program was built for "+
		"%d.%d: load a liboctet of that version, or build the program again",
		Version(), library>>16, library&0xffff, header>>16, header&0xffff)
	return &Error{Code: ErrVersion, Message: message}
}

// texts are strings in C's memory for the length of one call: a struct may not hold pointers to Go's.
type texts []unsafe.Pointer

func (t *texts) add(text string) C.q_str {
	if text == "" {
		return C.q_str{}
	}
	data := C.CString(text)
	*t = append(*t, unsafe.Pointer(data))
	return C.q_str{data: data, size: C.size_t(len(text))}
}

func (t *texts) addAll(list []string) *C.q_str {
	if len(list) == 0 {
		return nil
	}
	memory := C.calloc(C.size_t(len(list)), C.sizeof_q_str)
	*t = append(*t, memory)
	array := unsafe.Slice((*C.q_str)(memory), len(list))
	for i, text := range list {
		array[i] = t.add(text)
	}
	return &array[0]
}

// addShapes gives nil where there are none.
func (t *texts) addShapes(shapes [][]int64) *C.q_shape {
	if len(shapes) == 0 {
		return nil
	}
	memory := C.calloc(C.size_t(len(shapes)), C.sizeof_q_shape)
	*t = append(*t, memory)
	array := unsafe.Slice((*C.q_shape)(memory), len(shapes))
	for i, shape := range shapes {
		if len(shape) == 0 {
			continue
		}
		dims := C.calloc(C.size_t(len(shape)), C.sizeof_int64_t)
		*t = append(*t, dims)
		for d, size := range shape {
			unsafe.Slice((*C.int64_t)(dims), len(shape))[d] = C.int64_t(size)
		}
		array[i] = C.q_shape{dims: (*C.int64_t)(dims), rank: C.int32_t(len(shape))}
	}
	return &array[0]
}

func (t *texts) free() {
	for _, memory := range *t {
		C.free(memory)
	}
}

// goString copies a text of the library.
func goString(text C.q_str) string {
	return C.GoStringN(text.data, C.int(text.size))
}

// bytesOf is the address of a slice's first element; not nil for a slice that is empty but not nil.
func bytesOf(data []byte) unsafe.Pointer {
	return *(*unsafe.Pointer)(unsafe.Pointer(&data))
}

func cBool(value bool) C.int32_t {
	if value {
		return 1
	}
	return 0
}
