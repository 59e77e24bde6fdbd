package octet

// #include "shim.h"
import "C"

import (
	"fmt"
	"io/fs"
)

// Code says what kind of failure an [Error] is. Codes are errors themselves, for errors.Is.
type Code int32

const (
	ErrArgument    Code = C.Q_E_ARGUMENT    // an argument of the call is wrong
	ErrMemory      Code = C.Q_E_MEMORY      // out of memory
	ErrIO          Code = C.Q_E_IO          // a file cannot be opened, read or written
	ErrFormat      Code = C.Q_E_FORMAT      // a file is truncated, damaged or of another kind
	ErrVersion     Code = C.Q_E_VERSION     // a file is newer than the library, or the library is of another interface
	ErrUnsupported Code = C.Q_E_UNSUPPORTED // understood but not available: an operator, an option, a back end
	ErrShape       Code = C.Q_E_SHAPE       // shapes do not fit
	ErrConfig      Code = C.Q_E_CONFIG      // the JSON configuration is wrong
	ErrData        Code = C.Q_E_DATA        // calibration or evaluation data is missing or unusable
	ErrCancelled   Code = C.Q_E_CANCELLED   // a context ended the call
	ErrInternal    Code = C.Q_E_INTERNAL    // a defect of the library; please report it
)

// Error is the code's name in octet.h, such as "Q_E_FORMAT".
func (c Code) Error() string {
	return C.GoString(C.q_status_name(C.q_status(c)))
}

// Error is what every failing call of this package returns.
type Error struct {
	Code    Code
	Message string // what was wrong, where, and what to do

	cause error
}

func (e *Error) Error() string {
	if e.cause != nil {
		return "octet: " + e.Message + ": " + e.cause.Error()
	}
	return "octet: " + e.Message
}

// Is reports whether target is the error's code.
func (e *Error) Is(target error) bool {
	code, ok := target.(Code)
	return ok && code == e.Code
}

// Unwrap is the error of a context, reader, writer, of Samples or of Close that was behind this one; it may be nil.
func (e *Error) Unwrap() error {
	return e.cause
}

func newError() C.q_error {
	return C.q_error{struct_size: C.sizeof_q_error}
}

// failure turns what a call of the library returned into an error. cause may be nil.
func failure(status C.q_status, e *C.q_error, cause error) error {
	if status == C.Q_OK {
		return nil
	}
	return &Error{Code: Code(status), Message: C.GoString(&e.message[0]), cause: cause}
}

func wrongArgument(format string, values ...any) error {
	return &Error{Code: ErrArgument, Message: fmt.Sprintf(format, values...)}
}

func closedError(what string) error {
	return &Error{Code: ErrArgument, Message: "the " + what + " is closed", cause: fs.ErrClosed}
}

func cancelledBefore(what string, cause error) error {
	return &Error{Code: ErrCancelled, Message: "the " + what + " was cancelled before it began", cause: cause}
}
