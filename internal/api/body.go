package api

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/wire"
)

// The content types of bodies.
const (
	typeJSON        = "application/json"
	typeNDJSON      = "application/x-ndjson"
	typeCSV         = "text/csv"
	typeParquet     = "application/vnd.apache.parquet"
	typeArrow       = "application/vnd.apache.arrow.file"
	typeArrowStream = "application/vnd.apache.arrow.stream"
)

// setFormat notes the format of a body that is a table by itself. The type of formats has no name here,
// as format is none of our imports.
func setFormat[F ~string](format *F, kind string) {
	switch kind {
	case typeCSV:
		*format = "csv"
	case typeNDJSON:
		*format = "jsonl"
	case typeParquet:
		*format = "parquet"
	case typeArrow:
		*format = "arrow"
	case typeArrowStream:
		*format = "arrows"
	default:
		panic("BUG: a body of type " + kind + " is no table")
	}
}

// decode reads a JSON body into a message. The URL may have the parameters named besides.
func (a *API) decode(w http.ResponseWriter, r *http.Request, message any, names ...string) error {
	body, err := a.jsonBody(w, r, names...)
	if err != nil {
		return err
	}
	return wire.Decode(body, message)
}

// jsonBody returns a body that says it is JSON.
func (a *API) jsonBody(w http.ResponseWriter, r *http.Request, names ...string) ([]byte, error) {
	if _, err := parameters(r, names...); err != nil {
		return nil, err
	}
	if _, err := contentType(r, typeJSON); err != nil {
		return nil, err
	}
	return a.body(w, r)
}

// contentType returns the type of a body, which must be one of those allowed. A body is never read as
// something else than it says: CSV that happens to be JSON is not.
func contentType(r *http.Request, allowed ...string) (string, error) {
	hint := "send Content-Type: " + strings.Join(allowed, " or ")
	text := r.Header.Get("Content-Type")
	if text == "" {
		return "", &wire.Error{Code: wire.InvalidArgument, Message: "the request does not say what its body is", Hint: hint}
	}
	kind, parameters, err := mime.ParseMediaType(text)
	if err != nil || !slices.Contains(allowed, kind) {
		return "", &wire.Error{Code: wire.InvalidArgument,
			Message: fmt.Sprintf("a body of type %s is not read here", cut(text)), Hint: hint}
	}
	if charset := parameters["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
		return "", &wire.Error{Code: wire.InvalidArgument,
			Message: fmt.Sprintf("a body in %s is not read", cut(charset)), Hint: "send it in UTF-8"}
	}
	return kind, nil
}

// body reads the body of a request, unpacked. Its size, the time it takes, and the memory of all
// bodies together are bounded; the memory is given back when the request has been answered.
func (a *API) body(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	callOf(r).body = r.Body
	if r.ContentLength > a.options.BodyBytes {
		return nil, a.tooLarge()
	}
	control := http.NewResponseController(w)
	// Connections that know no deadlines are those inside of a process, where nobody is slow.
	_ = control.SetReadDeadline(time.Now().Add(a.options.BodyTimeout))
	// What is packed is bounded as well: small bodies that unpack to much stop at the other bound.
	packed := http.MaxBytesReader(w, r.Body, a.options.BodyBytes)
	reader, err := a.unpack(r, packed)
	if err == nil {
		defer reader.Close()
		var body []byte
		body, err = a.readAll(r, reader)
		if err == nil {
			// Left in place it would cut off whoever works on the request for longer.
			_ = control.SetReadDeadline(time.Time{})
			return body, nil
		}
	}
	return nil, a.bodyError(r, err)
}

// tooLarge refuses a body over the limit, of which at most one byte too many was kept.
func (a *API) tooLarge() error {
	return &wire.Error{Code: wire.TooLarge,
		Message: fmt.Sprintf("the body has more than %d MiB", a.options.BodyBytes>>20), Hint: "send it in parts"}
}

// bodyError says why a body could not be read. What else can go wrong is that the client has gone, or
// sends what is not packed as it says.
func (a *API) bodyError(r *http.Request, err error) error {
	var known *wire.Error
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &known):
		return err
	case errors.As(err, &large):
		return a.tooLarge()
	case timedOut(err):
		return &wire.Error{Code: wire.Deadline,
			Message: fmt.Sprintf("the body did not arrive within %s", a.options.BodyTimeout), Hint: "send it in parts"}
	case r.Context().Err() != nil:
		return r.Context().Err()
	default:
		return &wire.Error{Code: wire.InvalidArgument, Message: "the body cannot be read: " + cut(err.Error())}
	}
}

// readAll reads to the end. Memory grows with what has arrived, not with what was announced, so that
// an announcement costs nothing.
func (a *API) readAll(r *http.Request, reader io.Reader) ([]byte, error) {
	size := int64(4 << 10)
	if n := r.ContentLength; n > 0 && n < 1<<20 {
		size = n + 1
	}
	c := callOf(r)
	var body []byte
	for {
		if len(body) == cap(body) {
			if size > a.options.BodyBytes+1 {
				size = a.options.BodyBytes + 1
			}
			// The old memory is held until it is copied, so both are counted.
			if !a.memory.take(size) {
				return nil, overloaded()
			}
			c.held += size
			grown := make([]byte, len(body), size)
			copy(grown, body)
			a.memory.give(int64(cap(body)))
			c.held -= int64(cap(body))
			body, size = grown, size*2
		}
		n, err := reader.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		if int64(len(body)) > a.options.BodyBytes {
			return nil, a.tooLarge()
		}
		if errors.Is(err, io.EOF) {
			return body, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// unpack opens the body by its Content-Encoding.
func (a *API) unpack(r *http.Request, packed io.ReadCloser) (io.ReadCloser, error) {
	encoding := strings.ToLower(strings.TrimSpace(strings.Join(r.Header.Values("Content-Encoding"), ",")))
	known := "gzip"
	switch {
	case encoding == "" || encoding == "identity":
		return packed, nil
	case encoding == "gzip" || encoding == "x-gzip":
		return gzip.NewReader(packed)
	case encoding == "zstd" && a.options.Unpack != nil:
		return a.options.Unpack(encoding, packed)
	case a.options.Unpack != nil:
		known += " or zstd"
	}
	return nil, &wire.Error{Code: wire.InvalidArgument,
		Message: fmt.Sprintf("a body packed as %s is not read", cut(encoding)), Hint: "pack it as " + known + ", or not"}
}

// parameters reads the parameters of a URL, each of which may be given once. Those that begin with one
// of the names that end in a dot are allowed too.
func parameters(r *http.Request, names ...string) (url.Values, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, &wire.Error{Code: wire.InvalidArgument, Message: "the parameters of the URL cannot be read"}
	}
	for name, given := range values {
		if !slices.ContainsFunc(names, func(known string) bool {
			return known == name || strings.HasSuffix(known, ".") && strings.HasPrefix(name, known)
		}) {
			return nil, unknownParameter(name, names)
		}
		if len(given) > 1 {
			return nil, &wire.Error{Code: wire.InvalidArgument, Field: cut(name),
				Message: fmt.Sprintf("the parameter %s is given more than once", cut(name))}
		}
	}
	return values, nil
}

// unknownParameter refuses a parameter, with the one that was probably meant.
func unknownParameter(name string, names []string) error {
	e := &wire.Error{Code: wire.InvalidArgument, Field: cut(name),
		Message: fmt.Sprintf("there is no parameter %q", cut(name)), Hint: "there is none"}
	if near := schema.Nearest(name, names); near != "" {
		e.Hint = fmt.Sprintf("did you mean %s?", near)
	} else if len(names) > 0 {
		e.Hint = "there is " + strings.Join(names, ", ")
	}
	return e
}
