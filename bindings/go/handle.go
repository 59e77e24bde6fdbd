//go:build cgo

package octet

import "sync"

// handle owns a pointer of the library and counts the calls that use it: Close in the middle of one frees it at the
// end.
type handle[P any] struct {
	mutex   sync.Mutex
	what    string
	pointer P
	free    func(P)
	users   int
	open    bool
}

func newHandle[P any](what string, pointer P, free func(P)) handle[P] {
	return handle[P]{what: what, pointer: pointer, free: free, open: true}
}

// acquire gives the pointer until release, or an error after close.
func (h *handle[P]) acquire() (P, error) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if !h.open {
		var none P
		what := h.what
		if what == "" { // a zero value, not made by this package
			what = "handle"
		}
		return none, closedError(what)
	}
	h.users++
	return h.pointer, nil
}

func (h *handle[P]) release() {
	h.mutex.Lock()
	h.users--
	last := h.users == 0 && !h.open
	h.mutex.Unlock()
	if last {
		h.free(h.pointer)
	}
}

func (h *handle[P]) close() {
	h.mutex.Lock()
	last := h.open && h.users == 0
	h.open = false
	h.mutex.Unlock()
	if last {
		h.free(h.pointer)
	}
}
