package api

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"
)

// ServerOptions bounds what a client may do to a connection.
type ServerOptions struct {
	HeaderTimeout time.Duration // for the header of a request to arrive; default 10 s
	IdleTimeout   time.Duration // between requests; default 2 min
	HeaderBytes   int           // default 32 KiB
}

// NewServer returns a server with bounds against slow clients, which would otherwise hold connections
// for ever. Bodies and answers have deadlines of their own, which the handler sets: a body of 64 MiB
// may take longer than a header.
func NewServer(handler http.Handler, o ServerOptions) *http.Server {
	set(&o.HeaderTimeout, 10*time.Second)
	set(&o.IdleTimeout, 2*time.Minute)
	set(&o.HeaderBytes, 32<<10)
	return &http.Server{
		Handler: handler, ReadHeaderTimeout: o.HeaderTimeout, IdleTimeout: o.IdleTimeout,
		MaxHeaderBytes: o.HeaderBytes,
	}
}

// Serve answers requests of a listener until the context ends, and then those that are under way, for
// as long as patience allows. The listener is closed.
func Serve(ctx context.Context, listener net.Listener, handler http.Handler, patience time.Duration) error {
	server := NewServer(handler, ServerOptions{})
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	err := server.Shutdown(limited)
	if err != nil {
		err = errors.Join(err, server.Close())
	}
	if stopped := <-failed; !errors.Is(stopped, http.ErrServerClosed) {
		err = errors.Join(err, stopped)
	}
	return err
}
