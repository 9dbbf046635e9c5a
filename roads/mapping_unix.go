//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package roads

import (
	"os"
	"syscall"
)

// mapPages maps the pages of a file, shared with every process that maps them.
func mapPages(f *os.File, size int) (data []byte, unmap func() error, err error) {
	data, err = syscall.Mmap(int(f.Fd()), 0, size, syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return nil, nil, os.NewSyscallError("mmap", err)
	}
	return data, func() error { return os.NewSyscallError("munmap", syscall.Munmap(data)) }, nil
}
