package cli

import (
	"context"
	"io"
)

// interruptible is a reader that stops waiting when its context ends: a read of a terminal or a
// pipe would otherwise outlast an interrupt. It holds a context because io.Reader has no place for
// one; it lives as long as one command.
type interruptible struct {
	ctx context.Context
	in  io.Reader
}

// readResult is what the goroutine of a read hands back.
type readResult struct {
	data []byte
	err  error
}

// Read reads what is there, or fails with the context's error. After that the read that was under
// way is abandoned, and what it takes is lost.
func (r interruptible) Read(p []byte) (int, error) {
	done := make(chan readResult, 1)
	go func() {
		// The caller may use p for something else once it was told of the interrupt.
		data := make([]byte, len(p))
		n, err := r.in.Read(data)
		done <- readResult{data[:n], err}
	}()
	select {
	case <-r.ctx.Done():
		return 0, r.ctx.Err()
	case result := <-done:
		return copy(p, result.data), result.err
	}
}
