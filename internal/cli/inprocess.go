package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
)

// inProcess leads requests to a handler in this process, as a network would: the body of an answer
// can be read while the handler still writes it, and a handler that breaks off gives a broken body
// instead of a short one. It may be used from many goroutines.
type inProcess struct {
	handler http.Handler
	running sync.WaitGroup
}

// RoundTrip implements http.RoundTripper. The handler runs on a goroutine of its own until it
// returns; what stops it early is the end of the request's context or the closing of the answer's
// body.
func (t *inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(r.Context())
	received := r.Clone(ctx)
	received.RequestURI = r.URL.RequestURI()
	received.RemoteAddr = "127.0.0.1:0"
	if received.Host == "" {
		received.Host = r.URL.Host
	}
	if received.Body == nil {
		received.Body = http.NoBody
	}
	read, write := io.Pipe()
	w := &answerWriter{header: http.Header{}, body: write, begun: make(chan struct{})}
	t.running.Go(func() {
		defer cancel()
		defer received.Body.Close()
		defer func() { w.finish(recover()) }()
		t.handler.ServeHTTP(w, received)
	})
	select {
	case <-w.begun:
	case <-ctx.Done():
		_ = read.CloseWithError(ctx.Err()) // never fails; it frees a handler that writes
		return nil, ctx.Err()
	}
	if w.failed != nil {
		return nil, w.failed
	}
	return &http.Response{
		Status: strconv.Itoa(w.status) + " " + http.StatusText(w.status), StatusCode: w.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: w.sent,
		ContentLength: lengthOf(w.sent), Body: &answerBody{read, cancel}, Request: r,
	}, nil
}

// wait returns when no handler runs any more.
func (t *inProcess) wait() { t.running.Wait() }

// lengthOf reads the length that the handler announced; -1: it did not.
func lengthOf(header http.Header) int64 {
	n, err := strconv.ParseInt(header.Get("Content-Length"), 10, 64)
	if err != nil {
		return -1
	}
	return n
}

// answerBody is the reading end of an answer. Closing it tells the handler that nobody reads on.
type answerBody struct {
	*io.PipeReader
	cancel func()
}

// Close implements io.Closer.
func (b *answerBody) Close() error {
	b.cancel()
	return b.PipeReader.Close()
}

// answerWriter is what the handler writes to. status, sent and failed are set before begun is
// closed and not changed afterwards.
type answerWriter struct {
	header http.Header
	body   *io.PipeWriter
	begun  chan struct{}
	status int
	sent   http.Header
	failed error
}

// Header implements http.ResponseWriter.
func (w *answerWriter) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter. Interim answers are of no use here.
func (w *answerWriter) WriteHeader(status int) {
	if w.status != 0 || status < http.StatusOK {
		return
	}
	w.status, w.sent = status, w.header.Clone()
	close(w.begun)
}

// Write implements http.ResponseWriter. It waits until the caller has read what was written.
func (w *answerWriter) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(p)
}

// finish ends the answer; after a panic it ends broken, or not at all if it has not begun.
func (w *answerWriter) finish(panicked any) {
	var err error
	if panicked != nil {
		err = fmt.Errorf("the answer broke off: %v", panicked)
	}
	if err != nil && w.status == 0 {
		w.status, w.failed = http.StatusInternalServerError, err
		close(w.begun)
	}
	w.WriteHeader(http.StatusOK)
	_ = w.body.CloseWithError(err) // never fails; nil is the regular end
}
