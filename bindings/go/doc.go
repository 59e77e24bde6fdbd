// Package octet quantizes convolutional networks to int8 and runs them, through liboctet and its C interface octet.h.
//
// The main job and a run:
//
//	network, err := octet.Load("shapes.onnx", nil)
//	model, report, err := octet.Quantize(ctx, network, &octet.QuantizeOptions{ConfigPath: "quantize.json"})
//	err = model.Save("shapes.octet")
//	session, err := model.NewSession(nil)
//	err = session.Run([][]float32{pixels}, [][]float32{probabilities})
//
// # Handles
//
// A [Model] and a [Report] may be used by many goroutines at once. A [Session] runs one call at a time, others wait:
// for runs at the same time make one session for each goroutine. Close frees what a handle holds at once, may be
// called more than once and at any time: what is in progress ends normally first. A handle that nobody can reach any
// more is closed by the garbage collector, which knows nothing of the size of C memory: large ones are better closed
// by hand. After Close every method that needs the library returns an error that is [ErrArgument] and
// [io/fs.ErrClosed].
//
// # Errors
//
// Every error of this package is an [*Error], which holds the library's message and its [Code]. errors.Is finds the
// code (errors.Is(err, octet.ErrFormat)) and what was behind it: the error of a context, of a reader, a writer or of
// [Samples].
//
// # Callbacks
//
// Progress, log, samples and writers are called on the goroutine that made the call, before it returns. A panic in
// one of them does not pass through C: it is held back, the library's call is ended, its results are freed, and the
// panic goes on with the same value out of the Go function that was called. A callback may use this package. It must
// not end its goroutine (runtime.Goexit, so also testing's FailNow).
//
// # Memory
//
// Inputs and outputs of a run are the caller's own slices, neither copied nor kept, and a run allocates nothing.
// Tensors have the dimension order of the source file (ONNX: N, C, H, W).
//
// # Building
//
// The package needs cgo, a C compiler, pkg-config and an installed liboctet: PKG_CONFIG_PATH has to name the folder
// of octet.pc where that is not a system folder, and LD_LIBRARY_PATH (or an rpath in CGO_LDFLAGS) that of the
// library. The library that is loaded has to be of the same major ABI version as the header that the package was
// built with and no older: Load and the like say so if not.
package octet
