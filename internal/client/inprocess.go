package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
)

// InProcess is a transport that leads to a handler in this process instead of the network. An answer
// can be read while the handler still writes it, as from a server; a handler that panics breaks it off.
// It may be used from many goroutines.
type InProcess struct {
	handler http.Handler
	running sync.WaitGroup
}

// NewInProcess returns a transport to a handler.
func NewInProcess(handler http.Handler) *InProcess { return &InProcess{handler: handler} }

// Wait returns when no handler runs any more. A handler ends early when its request's context does, or
// when the body of its answer is closed.
func (p *InProcess) Wait() { p.running.Wait() }

// RoundTrip implements http.RoundTripper.
func (p *InProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(r.Context())
	received := r.Clone(ctx)
	received.RequestURI, received.RemoteAddr = r.URL.RequestURI(), "in-process"
	if received.Host == "" {
		received.Host = r.URL.Host
	}
	if received.Body == nil {
		received.Body = http.NoBody
	}
	reader, writer := io.Pipe()
	w := &answerWriter{header: http.Header{}, pipe: writer, begun: make(chan struct{})}
	p.running.Go(func() {
		defer cancel()
		defer received.Body.Close()
		defer func() { w.end(recover()) }()
		p.handler.ServeHTTP(w, received)
	})
	select {
	case <-w.begun:
	case <-r.Context().Done():
		// The handler sees the same context and ends soon; what it still writes goes nowhere.
		_ = reader.CloseWithError(r.Context().Err())
		return nil, r.Context().Err()
	}
	if w.broken != nil {
		cancel()
		return nil, w.broken
	}
	return &http.Response{
		Status: strconv.Itoa(w.status) + " " + http.StatusText(w.status), StatusCode: w.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.sent, Body: &answerBody{reader, cancel}, ContentLength: -1, Request: r,
	}, nil
}

// answerBody ends the handler when the reader has had enough.
type answerBody struct {
	*io.PipeReader
	cancel context.CancelFunc
}

// Close implements io.Closer.
func (b *answerBody) Close() error {
	b.cancel()
	return b.PipeReader.Close()
}

// answerWriter is the http.ResponseWriter of a handler in this process. status, sent and broken are
// written before begun is closed.
type answerWriter struct {
	header http.Header
	pipe   *io.PipeWriter
	once   sync.Once
	begun  chan struct{}
	status int
	sent   http.Header
	broken error
}

// Header implements http.ResponseWriter.
func (w *answerWriter) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter.
func (w *answerWriter) WriteHeader(status int) {
	w.once.Do(func() {
		w.status, w.sent = status, w.header.Clone()
		close(w.begun)
	})
}

// Write implements http.ResponseWriter.
func (w *answerWriter) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.pipe.Write(p)
}

// end ends the answer, with an error after a panic.
func (w *answerWriter) end(panicked any) {
	if panicked == nil {
		w.WriteHeader(http.StatusOK)
		_ = w.pipe.Close()
		return
	}
	broken := errors.New("the answer was broken off")
	if err, ok := panicked.(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
		broken = fmt.Errorf("BUG: the handler panicked: %v", panicked)
	}
	w.once.Do(func() {
		w.broken = broken
		close(w.begun)
	})
	_ = w.pipe.CloseWithError(broken)
}
