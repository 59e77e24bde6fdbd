package octet

import (
	"errors"
	"strings"
	"testing"
)

func TestTheLibraryHasToServeTheHeader(t *testing.T) {
	for _, c := range []struct {
		header, library uint32
		served          bool
	}{
		{0x00010000, 0x00010000, true},
		{0x00010002, 0x00010003, true},
		{0x00010002, 0x00010001, false}, // older
		{0x00010000, 0x00020000, false}, // another interface
		{0x00010000, 0x00000001, false},
	} {
		err := compareABI(c.header, c.library)
		if (err == nil) != c.served {
			t.Errorf("header %#x, library %#x: %v", c.header, c.library, err)
		}
		if err != nil && (!errors.Is(err, ErrVersion) || !strings.Contains(err.Error(), "liboctet "+Version())) {
			t.Errorf("%v", err)
		}
	}
	if err := checkABI(); err != nil {
		t.Error(err)
	}
}
