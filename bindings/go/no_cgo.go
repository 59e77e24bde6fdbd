//go:build !cgo

package octet

// Without cgo nothing of this package can be built. This line is an error on purpose: the compiler prints the
// sentence.
var _ int = "octet needs cgo: set CGO_ENABLED=1 and install a C compiler, pkg-config and liboctet"
