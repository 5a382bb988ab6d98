package api

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/fettle-ml/fettle/internal/wire"
)

// API is the HTTP API of a node.
type API struct {
	node    Node
	options Options
	token   [sha256.Size]byte
	mux     *http.ServeMux
	memory  budget

	readers, writers, heavy *slots
}

// New returns the handler of a node.
func New(node Node, options Options) *API {
	o := options.withDefaults()
	a := &API{node: node, options: o, token: sha256.Sum256([]byte(o.Token)), mux: http.NewServeMux()}
	a.memory.left.Store(o.MemoryBytes)
	a.readers, a.writers, a.heavy = newSlots(o.Readers, o), newSlots(o.Writers, o), newSlots(o.Heavy, o)
	for pattern, methods := range a.routes() {
		a.mux.Handle(pattern, a.route(pattern, methods))
	}
	a.mux.Handle("/", a.route("none", nil))
	return a
}

// handle answers one request, or returns why it cannot, before anything is written.
type handle func(w http.ResponseWriter, r *http.Request) error

// routes is the table of all endpoints. HEAD is answered wherever GET is.
func (a *API) routes() map[string]map[string]handle {
	return map[string]map[string]handle{
		"/healthz":                      {"GET": a.health},
		"/readyz":                       {"GET": a.ready},
		"/metrics":                      {"GET": a.metrics},
		"/v1/events/{source}":           {"POST": a.pushEvents},
		"/v1/features":                  {"POST": a.features},
		"/v1/why":                       {"POST": a.why},
		"/v1/verify":                    {"POST": a.verify},
		"/v1/training":                  {"POST": a.train},
		"/v1/jobs/{id}":                 {"GET": a.job, "DELETE": a.cancelJob},
		"/v1/jobs/{id}/result":          {"GET": a.jobResult},
		"/v1/jobs/{id}/manifest":        {"GET": a.jobManifest},
		"/v1/plan":                      {"POST": a.plan},
		"/v1/apply":                     {"POST": a.apply},
		"/v1/status":                    {"GET": a.status},
		"/v1/quarantine/{source}":       {"GET": a.quarantine},
		"/v1/quarantine/{source}/retry": {"POST": a.retry},
		"/v1/history/{view}":            {"GET": a.history},
		"/v1/registry/{kind}":           {"GET": a.list},
		"/v1/registry/{kind}/{name}":    {"GET": a.show},
	}
}

// call is what is known of one request besides the request itself.
type call struct {
	id    string
	route string
	held  int64     // bytes of memory taken for its body
	body  io.Reader // as it comes from the connection; nil until it is asked for
}

// callKey finds the call in a context.
type callKey struct{}

// callOf returns the call of a request that came through ServeHTTP.
func callOf(r *http.Request) *call {
	c, _ := r.Context().Value(callKey{}).(*call)
	if c == nil {
		panic("BUG: a handler is called without ServeHTTP")
	}
	return c
}

// ServeHTTP implements http.Handler.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// The wall clock of the machine: a simulated one would not measure how long a client waits.
	begun := time.Now()
	c := &call{id: requestID(), route: "none"}
	recorded := &recorder{ResponseWriter: w}
	ctx, cancel := context.WithTimeout(context.WithValue(r.Context(), callKey{}, c), a.options.Limit)
	defer cancel()
	r = r.WithContext(ctx)
	a.options.Metrics.begin()
	defer func() {
		a.memory.give(c.held)
		broken := a.recovered(recorded, r, recover())
		a.options.Metrics.end(c.route, recorded.status, time.Since(begun))
		if broken {
			panic(http.ErrAbortHandler) // the only way to break a connection; the server does not print it
		}
	}()
	// Answers are for one client at one time; a browser must neither keep them nor guess what they are.
	header := recorded.Header()
	header.Set("X-Request-Id", c.id)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "no-store")
	if err := a.admit(r); err != nil {
		a.fail(recorded, r, err)
		return
	}
	a.mux.ServeHTTP(recorded, r)
}

// admit lets in who may come in. Health is for everybody.
func (a *API) admit(r *http.Request) error {
	if err := a.checkHost(r); err != nil {
		return err
	}
	if r.URL.Path == "/healthz" || r.URL.Path == "/readyz" {
		return nil
	}
	return a.checkToken(r)
}

// recovered deals with a panic of a handler. It reports whether the connection must be broken, as an
// answer was begun that cannot be completed.
func (a *API) recovered(w *recorder, r *http.Request, panicked any) (broken bool) {
	if panicked == nil {
		return false
	}
	if err, ok := panicked.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		return true
	}
	a.options.Observer.Panicked(callOf(r).id, panicked, debug.Stack())
	if w.status != 0 {
		return true
	}
	a.answerError(w, r, internal())
	return false
}

// route answers one pattern for all its methods.
func (a *API) route(pattern string, methods map[string]handle) http.Handler {
	var allowed []string
	for method := range methods {
		allowed = append(allowed, method)
		if method == http.MethodGet {
			allowed = append(allowed, http.MethodHead)
		}
	}
	slices.Sort(allowed)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		method := r.Method
		if method == http.MethodHead {
			method = http.MethodGet
		}
		callOf(r).route = pattern
		do, found := methods[method]
		switch {
		case found:
			if err := do(w, r); err != nil {
				a.fail(w, r, err)
			}
		case len(allowed) == 0:
			a.fail(w, r, a.noRoute(r))
		default:
			w.Header().Set("Allow", strings.Join(allowed, ", "))
			a.fail(w, r, &wire.Error{Code: wire.MethodNotAllowed,
				Message: r.Method + " is not answered here", Hint: "use " + strings.Join(allowed, " or ")})
		}
	})
}

// noRoute refuses a path that is none of ours.
func (a *API) noRoute(r *http.Request) error {
	e := &wire.Error{Code: wire.NotFound, Message: "there is nothing at " + cut(r.URL.Path)}
	if !strings.HasPrefix(r.URL.Path, "/v1/") {
		e.Hint = "the paths of the API begin with /v1/"
	}
	return e
}

// requestID draws the name of a request, for logs and for people who ask about it.
func requestID() string {
	var random [12]byte
	_, _ = rand.Read(random[:]) // never fails: the program ends instead
	return hex.EncodeToString(random[:])
}

// recorder remembers which status was answered.
type recorder struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (w *recorder) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (w *recorder) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController find the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// cut shortens what a message repeats of a request.
func cut(text string) string {
	const longest = 100
	if len(text) > longest {
		return strings.ToValidUTF8(text[:longest], "") + "..."
	}
	return text
}
