package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/fettle-ml/fettle/internal/ingest"
	"github.com/fettle-ml/fettle/internal/registry"
	"github.com/fettle-ml/fettle/internal/serve"
	"github.com/fettle-ml/fettle/internal/wire"
)

// sentinels gives errors of the flows, which have no more to say than their text, their codes. The
// first that matches decides.
func sentinels() []struct {
	err        error
	code, hint string
} {
	return []struct {
		err        error
		code, hint string
	}{
		{serve.ErrUnknown, wire.NotFound, ""},
		{serve.ErrDeadline, wire.Deadline, "ask for less, or raise timeout_ms"},
		{serve.ErrNotReady, wire.Unavailable, ""},
		{ingest.ErrUnknownSource, wire.NotFound, "GET /v1/registry/sources lists the sources"},
		{ingest.ErrNotPushed, wire.InvalidArgument, "declare push: true for the source and apply again"},
		{ingest.ErrBody, wire.InvalidArgument, ""},
		{ingest.ErrTooLarge, wire.TooLarge, ""},
		{ingest.ErrConflict, wire.Conflict, ""},
		{ingest.ErrStopped, wire.Unavailable, ""},
		{ingest.ErrClosed, wire.Unavailable, "send it again when the server has started"},
		{ingest.ErrPosition, wire.InvalidArgument, "send back a position that an answer gave"},
		{registry.ErrStale, wire.Conflict, "plan again, look at what it says, and apply that"},
		{registry.ErrNotFound, wire.NotFound, ""},
		{context.DeadlineExceeded, wire.Deadline, ""},
		{context.Canceled, wire.Cancelled, ""},
	}
}

// classify finds the answer for an error. Types come before sentinels, as they have more to say.
// Errors of unknown kinds are internal, and their text is not told: it may name files or hold data.
func (a *API) classify(err error) *wire.Error {
	var ready *wire.Error
	var several wire.InputErrors
	var input *wire.InputError
	var invalid *serve.InvalidError
	var unknown *serve.UnknownError
	var rejected *ingest.RejectedError
	var breaks *registry.BreaksError
	switch {
	case errors.As(err, &ready):
		known := *ready
		return &known
	case errors.As(err, &several):
		return listed(several)
	case errors.As(err, &input):
		return &wire.Error{Code: wire.InvalidArgument, Message: input.Message, Hint: input.Hint,
			Field: input.Field, Row: input.Row}
	case errors.As(err, &invalid):
		return &wire.Error{Code: wire.InvalidArgument, Message: invalid.Message, Hint: invalid.Hint,
			Field: invalid.Field, Row: int64(invalid.Row)}
	case errors.As(err, &unknown):
		return &wire.Error{Code: wire.NotFound, Message: unknown.Message, Hint: unknown.Hint}
	case errors.As(err, &rejected):
		return rejection(rejected)
	case errors.As(err, &breaks):
		return &wire.Error{Code: wire.Denied, Message: breaks.Error()}
	}
	if known := a.options.Classify(err); known != nil {
		return known
	}
	for _, s := range sentinels() {
		if errors.Is(err, s.err) {
			return &wire.Error{Code: s.code, Message: err.Error(), Hint: s.hint}
		}
	}
	return internal()
}

// internal is the answer to what the client can do nothing about, and is not to know.
func internal() *wire.Error {
	return &wire.Error{Code: wire.Internal, Message: "something went wrong in the server",
		Hint: "its log has the reason under the request id"}
}

// listed answers all that is wrong with a field: the first error, and all as details.
func listed(several wire.InputErrors) *wire.Error {
	first := several[0]
	e := &wire.Error{Code: wire.InvalidArgument, Message: first.Message, Hint: first.Hint, Field: first.Field,
		Row: first.Row}
	if len(several) == 1 {
		return e
	}
	for _, one := range several {
		e.Details = append(e.Details, wire.Detail{Row: one.Row, Field: one.Field, Code: "bad_type",
			Message: one.Message, Hint: one.Hint})
	}
	return e
}

// rejection lists the rows for which a push as a whole was refused.
func rejection(err *ingest.RejectedError) *wire.Error {
	e := &wire.Error{Code: wire.Rejected, Hint: "mend the rows, or leave out atomic to have the others accepted",
		Message: fmt.Sprintf("source %s: %d bad rows, %d allowed; nothing was stored", err.Source, err.Rows, err.Allowed)}
	for _, row := range err.Quarantined {
		e.Details = append(e.Details, wire.Detail{Row: row.Row, Line: int(row.Line), Field: row.Field,
			Code: row.Code, Message: row.Message})
	}
	return e
}

// fail answers an error.
func (a *API) fail(w http.ResponseWriter, r *http.Request, err error) {
	e := a.classify(err)
	if e.Code == wire.Internal || e.Code == wire.Unavailable {
		a.options.Observer.Failed(callOf(r).id, err)
	}
	a.answerError(w, r, e)
}

// answerError writes an error. The rest of a body that is too large is awaited by linger; any other that
// was not read is left to the server, which reads a little of it and else closes the connection.
func (a *API) answerError(w http.ResponseWriter, r *http.Request, e *wire.Error) {
	e.RequestID = callOf(r).id
	switch e.Code {
	case wire.Unauthenticated:
		w.Header().Set("WWW-Authenticate", `Bearer realm="fettle"`)
	case wire.Overloaded:
		w.Header().Set("Retry-After", strconv.Itoa(1))
	}
	if e.Code != wire.TooLarge {
		a.write(w, wire.StatusOf(e.Code), wire.Failure{Error: e})
		return
	}
	control := http.NewResponseController(w)
	// Without it the server reads no further once the answer has begun. A client in this process has
	// no connection, and no need of it.
	_ = control.EnableFullDuplex()
	a.write(w, wire.StatusOf(e.Code), wire.Failure{Error: e})
	_ = control.Flush()
	a.linger(control, r)
}

// linger reads and forgets what a client still sends after its body was refused. A connection that is
// closed while data arrives is reset, and a reset takes the answer away from a client that has not read
// it yet. Whoever sends on beyond a bound of bytes and time loses the connection all the same.
func (a *API) linger(control *http.ResponseController, r *http.Request) {
	body := callOf(r).body
	if body == nil || r.Header.Get("Expect") != "" { // who expects an answer first sends nothing before it
		return
	}
	_ = control.SetReadDeadline(time.Now().Add(a.options.LingerTimeout))
	_, _ = io.CopyN(io.Discard, body, 4*a.options.BodyBytes)
}

// timedOut reports whether reading from a connection took too long.
func timedOut(err error) bool {
	var network net.Error
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &network) && network.Timeout()
}
