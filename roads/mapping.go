package roads

import (
	"fmt"
	"os"
	"sync"
	"unsafe"
)

// mapping is a file in memory. Graphs have slices over it, which the garbage
// collector does not see: so it is unmapped by [Graph.Close] alone and never by a
// finalizer, which could come while a search still runs. Unless somebody closes it,
// it stays until the process ends; its pages are clean, so that the system can take
// the memory back when it wants to.
//
// What makes the slices safe:
//   - The mapping begins at a page and every section at a multiple of 64 bytes, so that
//     elements are aligned. Memory of our own is allocated as words.
//   - Elements are numbers without padding, of which every bit pattern is one; only a
//     bool is not, and [Graph.unsound] looks at those bytes before anything reads one.
//   - Nobody writes to them: pages are mapped read-only, a Graph is immutable, and
//     [Graph.With] clones what it changes.
//   - The file does not change under them: [Graph.SaveFile] renames a new one into its
//     place. Whoever cuts off a mapped file makes readers fault, as with any mapping.
type mapping struct {
	data  []byte
	unmap func() error
}

// mapFile maps a file, or reads it where the system cannot.
func mapFile(name string) (*mapping, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close() // a mapping outlives its descriptor; nothing was written
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	size := int(info.Size())
	switch {
	case !info.Mode().IsRegular() || int64(size) != info.Size():
		return nil, fmt.Errorf("%s is no file that fits into memory", name)
	case size == 0: // which cannot be mapped
		return &mapping{unmap: func() error { return nil }}, nil
	}
	data, unmap, err := mapPages(f, size)
	if err != nil {
		return nil, fmt.Errorf("map %s: %w", name, err)
	}
	return &mapping{data: data, unmap: sync.OnceValue(unmap)}, nil
}

// aligned returns memory for the bytes of a file.
func aligned(size int) []byte {
	words := make([]uint64, (size+7)/8)
	return bytesOf(words)[:size]
}

// bytesOf returns the memory of numbers.
func bytesOf[T any](s []T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), len(s)*sizeOf[T]())
}

// sliceOf is the inverse of bytesOf, without room to grow; the bytes are whole elements
// and aligned.
func sliceOf[T any](b []byte) []T {
	n := len(b) / sizeOf[T]()
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), n)
}

func sizeOf[T any]() int {
	var element T
	return int(unsafe.Sizeof(element))
}
