//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package roads

import (
	"io"
	"os"
)

// mapPages reads a file into memory that the garbage collector knows.
func mapPages(f *os.File, size int) (data []byte, unmap func() error, err error) {
	data = aligned(size)
	_, err = io.ReadFull(f, data)
	return data, func() error { return nil }, err
}
