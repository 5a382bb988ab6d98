package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"syscall"

	"github.com/fettle-ml/fettle/internal/wire"
)

// mostAnswer bounds an answer that is read into memory. Training sets are not: they are streamed.
const mostAnswer = 1 << 30

// Client calls one server. Its methods may be called from many goroutines. How long a call may take
// is the context's to say.
type Client struct {
	base  string
	token string
	http  *http.Client
}

// Error is what the server answered instead. It unwraps to its *wire.Error.
type Error struct {
	Wire       wire.Error
	Status     int    // of HTTP
	RetryAfter string // the header of that name: seconds
}

// Error writes the code and the message.
func (e *Error) Error() string { return e.Wire.Code + ": " + e.Wire.Error() }

// Unwrap returns what the server said.
func (e *Error) Unwrap() error { return &e.Wire }

// New returns a client of the server at a base URL, such as http://127.0.0.1:7070. Requests go through
// transport, which may lead to a handler in this process; nil is the network, without the proxies of
// the environment, since the token is for nobody in between.
func New(base, token string, transport http.RoundTripper) (*Client, error) {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" {
		return nil, fmt.Errorf("%q is not the address of a server; write it as http://127.0.0.1:7070", base)
	}
	if transport == nil {
		network, ok := http.DefaultTransport.(*http.Transport)
		if !ok {
			return nil, errors.New("BUG: the default transport is of an unknown kind")
		}
		network = network.Clone()
		network.Proxy = nil
		network.MaxIdleConnsPerHost = 64
		transport = network
	}
	refuse := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{
		base: strings.TrimSuffix(base, "/"), token: token,
		http: &http.Client{Transport: transport, CheckRedirect: refuse},
	}, nil
}

// Close closes connections that are not in use.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// request is one call.
type request struct {
	method, path string
	query        url.Values
	header       http.Header
	body         []byte
}

// send makes a call and returns the answer, whose body the caller closes. Answers that are errors come
// back as *Error.
func (c *Client) send(ctx context.Context, r request) (*http.Response, error) {
	address := c.base + r.path
	if len(r.query) > 0 {
		address += "?" + r.query.Encode()
	}
	sent, err := http.NewRequestWithContext(ctx, r.method, address, bytes.NewReader(r.body))
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", r.method, r.path, err)
	}
	for name, values := range r.header {
		sent.Header[name] = values
	}
	if c.token != "" {
		sent.Header.Set("Authorization", "Bearer "+c.token)
	}
	answer, err := c.http.Do(sent)
	if err != nil && r.method == http.MethodGet && ctx.Err() == nil && !refused(err) {
		// An idle connection that the server closed just now. A GET changes nothing, so once more.
		answer, err = c.http.Do(sent)
	}
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", r.method, r.path, err)
	}
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		defer answer.Body.Close()
		return nil, failure(r, answer)
	}
	return answer, nil
}

// refused reports whether nobody listens: asking again at once would be in vain.
func refused(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }

// failure reads an answer that is an error. One that is none of ours comes from something in between,
// or from another server.
func failure(r request, answer *http.Response) error {
	e := &Error{Status: answer.StatusCode, RetryAfter: answer.Header.Get("Retry-After")}
	text, err := io.ReadAll(io.LimitReader(answer.Body, 4<<20))
	var body wire.Failure
	if err == nil {
		err = json.Unmarshal(text, &body)
	}
	if err != nil || body.Error == nil || body.Error.Code == "" {
		e.Wire.Code = wire.Unavailable
		e.Wire.Message = fmt.Sprintf("%s %s was answered with %s, and not by a fettle server", r.method, r.path,
			answer.Status)
		return e
	}
	e.Wire = *body.Error
	return e
}

// call makes a call with a message as its body, or none, and reads the answer into another.
func (c *Client) call(ctx context.Context, r request, message, answer any) error {
	if message != nil {
		text, err := json.Marshal(message)
		if err != nil {
			return fmt.Errorf("%s %s: write the request: %w", r.method, r.path, err)
		}
		r.body = text
		r.header = http.Header{"Content-Type": {"application/json"}}
	}
	response, err := c.send(ctx, r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, mostAnswer+1))
	if err != nil {
		return fmt.Errorf("%s %s: read the answer: %w", r.method, r.path, err)
	}
	if len(text) > mostAnswer {
		return fmt.Errorf("%s %s: the answer has more than %d bytes", r.method, r.path, mostAnswer)
	}
	// Unknown fields are passed over: a newer server may say more.
	if err := json.Unmarshal(text, answer); err != nil {
		return fmt.Errorf("%s %s: the answer cannot be read: %w", r.method, r.path, err)
	}
	return nil
}

// get is a GET without a body.
func (c *Client) get(ctx context.Context, path string, query url.Values, answer any) error {
	return c.call(ctx, request{method: http.MethodGet, path: path, query: query}, nil, answer)
}

// post is a POST of a message.
func (c *Client) post(ctx context.Context, path string, message, answer any) error {
	return c.call(ctx, request{method: http.MethodPost, path: path}, message, answer)
}
