package api_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/fettle-ml/fettle/internal/api"
	"github.com/fettle-ml/fettle/internal/ingest"
	"github.com/fettle-ml/fettle/internal/wire"
)

// start serves a node on a free port of the loopback and returns its address.
func start(t *testing.T, node api.Node, o api.Options, s api.ServerOptions) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := api.NewServer(api.New(node, o), s)
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return listener.Addr().String()
}

// do sends a request over the network and returns the status and the code of the error, if it is one.
func do(t *testing.T, address string, r *http.Request) (int, string, http.Header) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	r = r.WithContext(ctx)
	r.URL.Host, r.Host = address, ""
	transport := &http.Transport{DisableKeepAlives: true}
	answer, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	var failure wire.Failure
	if answer.StatusCode != 200 {
		if err := json.Unmarshal(text, &failure); err != nil {
			t.Fatalf("%d %s: %v", answer.StatusCode, text, err)
		}
		return answer.StatusCode, failure.Error.Code, answer.Header
	}
	return answer.StatusCode, "", answer.Header
}

// TestSlowClients has clients that send one byte and then nothing. Each loses its connection, or gets
// an answer, in a bounded time, and another client is served meanwhile.
func TestSlowClients(t *testing.T) {
	t.Parallel()
	o := options()
	o.BodyTimeout = 200 * time.Millisecond
	address := start(t, newNode(t), o, api.ServerOptions{HeaderTimeout: 200 * time.Millisecond,
		IdleTimeout: 200 * time.Millisecond})
	head := "POST /v1/events/payments HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + token +
		"\r\nContent-Type: application/json\r\n"
	cases := []struct{ name, text, want string }{
		{"nothing", "", ""},
		{"half a header", "GET /healthz HTTP/1.1\r\nHo", ""},
		{"half a body", head + "Content-Length: 100\r\n\r\n{\"events\":[", "504"},
		{"half a chunk", head + "Transfer-Encoding: chunked\r\n\r\n40\r\n{", "504"},
		{"an idle connection", "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", "200"},
	}
	var wait sync.WaitGroup
	for _, c := range cases {
		wait.Go(func() {
			connection, err := net.Dial("tcp", address)
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = connection.Close() }()
			if _, err := io.WriteString(connection, c.text); err != nil {
				t.Error(err)
			}
			if err := connection.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
				t.Error(err)
			}
			answer, err := io.ReadAll(connection)
			if err != nil && !errors.Is(err, net.ErrClosed) && !strings.Contains(err.Error(), "reset") {
				t.Errorf("%s: the connection was not closed: %v", c.name, err)
			}
			if c.want != "" && !bytes.HasPrefix(answer, []byte("HTTP/1.1 "+c.want)) {
				t.Errorf("%s: got %q", c.name, answer)
			}
		})
	}
	status, _, _ := do(t, address, request("POST", "/v1/events/payments", "application/json", `{"events":[{}]}`))
	if status != 200 {
		t.Errorf("another client got %d", status)
	}
	wait.Wait()
}

func gzipped(t *testing.T, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestBodies has bodies at and over the limit, announced or not, packed or not.
func TestBodies(t *testing.T) {
	t.Parallel()
	const limit = 1 << 20
	o := options()
	o.BodyBytes = limit
	o.Unpack = func(encoding string, packed io.Reader) (io.ReadCloser, error) {
		if encoding != "zstd" {
			return nil, fmt.Errorf("%s is asked for", encoding)
		}
		d, err := zstd.NewReader(packed)
		if err != nil {
			return nil, err
		}
		return d.IOReadCloser(), nil
	}
	node := newNode(t)
	taken := &events{}
	node.Events = taken
	address := start(t, node, o, api.ServerOptions{})
	whole := bytes.Repeat([]byte("{}\n"), limit/3)
	whole = append(whole, bytes.Repeat([]byte("\n"), limit-len(whole))...)
	over := append(bytes.Clone(whole), '\n')
	encoder, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name, encoding string
		body           []byte
		announced      bool
		status         int
	}{
		{"whole", "", whole, true, 200},
		{"whole, in chunks", "", whole, false, 200},
		{"over", "", over, true, 413},
		{"over, in chunks", "", over, false, 413},
		{"whole, gzip", "gzip", gzipped(t, whole), true, 200},
		{"over, gzip", "gzip", gzipped(t, over), true, 413},
		{"a bomb", "gzip", gzipped(t, make([]byte, 64*limit)), false, 413},
		{"whole, zstd", "zstd", encoder.EncodeAll(whole, nil), true, 200},
		{"over, zstd", "zstd", encoder.EncodeAll(over, nil), true, 413},
		{"cut gzip", "gzip", gzipped(t, whole)[:100], true, 400},
		{"cut zstd", "zstd", encoder.EncodeAll(whole, nil)[:20], true, 400},
	}
	for _, c := range cases {
		var reader io.Reader = bytes.NewReader(c.body)
		r := request("POST", "/v1/events/payments", "application/x-ndjson", "")
		r.Body, r.ContentLength = io.NopCloser(reader), -1
		if c.announced {
			r.ContentLength = int64(len(c.body))
		}
		if c.encoding != "" {
			r.Header.Set("Content-Encoding", c.encoding)
		}
		status, code, _ := do(t, address, r)
		if status != c.status || status == 413 && code != wire.TooLarge {
			t.Errorf("%s: %d %s, want %d", c.name, status, code, c.status)
		}
		if status == 200 && !bytes.Equal(taken.last.Body, whole) {
			t.Errorf("%s: another body arrived", c.name)
		}
	}
}

// TestRefusedBodyIsHeardOut has a client that reads the answer only after it has sent a body that is
// refused by its length, slower than a server waits on its own before it resets the connection.
func TestRefusedBodyIsHeardOut(t *testing.T) {
	t.Parallel()
	const limit = 1 << 20
	o := options()
	o.BodyBytes = limit
	address := start(t, newNode(t), o, api.ServerOptions{})
	connection, err := net.DialTimeout("tcp", address, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	if err := connection.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(connection, "POST /v1/events/payments HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n"+
		"Content-Type: application/x-ndjson\r\nContent-Length: %d\r\n\r\n", address, o.Token, 2*limit)
	for range 8 {
		time.Sleep(100 * time.Millisecond)
		if _, err := connection.Write(make([]byte, limit/4)); err != nil {
			t.Fatalf("the server hung up while the body was sent: %v", err)
		}
	}
	answer, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil {
		t.Fatalf("the answer is lost: %v", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("status %d", answer.StatusCode)
	}
}

// TestOverload fills the slots with requests that wait: those beyond are refused soon, and those
// that were let in are answered.
func TestOverload(t *testing.T) {
	t.Parallel()
	o := options()
	o.Writers, o.SlotQueue, o.SlotWait = 2, 2, 50*time.Millisecond
	block := &events{block: make(chan struct{})}
	node := newNode(t)
	node.Events = block
	address := start(t, node, o, api.ServerOptions{})
	var accepted, refused atomic.Int64
	var wait sync.WaitGroup
	release := time.AfterFunc(10*time.Second, func() { t.Error("nobody was refused") })
	for range 12 {
		wait.Go(func() {
			status, code, header := do(t, address, request("POST", "/v1/events/payments", "application/json", `{"events":[{}]}`))
			switch {
			case status == 200:
				accepted.Add(1)
			case status == 429 && code == wire.Overloaded && header.Get("Retry-After") == "1":
				if refused.Add(1) == 10 {
					release.Stop()
					close(block.block)
				}
			default:
				t.Errorf("%d %s", status, code)
			}
		})
	}
	wait.Wait()
	if accepted.Load() != 2 || refused.Load() != 10 {
		t.Errorf("%d accepted, %d refused", accepted.Load(), refused.Load())
	}
}

// TestMemory has bodies whose sum is over the bound: they are refused, and what was taken is given
// back.
func TestMemory(t *testing.T) {
	t.Parallel()
	o := options()
	o.BodyBytes, o.MemoryBytes = 1<<20, 1<<20
	address := start(t, newNode(t), o, api.ServerOptions{})
	big := strings.Repeat("{}\n", 250_000)
	for range 3 {
		status, code, _ := do(t, address, request("POST", "/v1/events/payments", "application/x-ndjson", big))
		if status != 200 && status != 429 {
			t.Errorf("%d %s", status, code)
		}
		status, code, _ = do(t, address, request("POST", "/v1/events/payments", "application/x-ndjson", "{}\n"))
		if status != 200 {
			t.Errorf("after it: %d %s", status, code)
		}
	}
}

// TestGone has a client that goes away while its request waits: the flow sees its context end.
func TestGone(t *testing.T) {
	t.Parallel()
	block := &events{block: make(chan struct{})}
	node := newNode(t)
	node.Events = block
	o := options()
	address := start(t, node, o, api.ServerOptions{})
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	r := request("POST", "/v1/events/payments", "application/json", `{"events":[{}]}`).WithContext(ctx)
	r.URL.Host, r.Host = address, ""
	if answer, err := (&http.Transport{}).RoundTrip(r); err == nil {
		answer.Body.Close()
		t.Error("there was an answer")
	}
	// The slot is free again: a full set of requests gets in.
	close(block.block)
	status, _, _ := do(t, address, request("POST", "/v1/events/payments", "application/json", `{"events":[{}]}`))
	if status != 200 {
		t.Errorf("after it: %d", status)
	}
}

// TestBrokenAnswer has a training set that cannot be read to its end: the client must notice.
func TestBrokenAnswer(t *testing.T) {
	t.Parallel()
	address := start(t, newNode(t), options(), api.ServerOptions{})
	r := request("GET", "/v1/jobs/breaks/result", "", "")
	r.URL.Host, r.Host = address, ""
	answer, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if n, err := io.Copy(io.Discard, answer.Body); err == nil {
		t.Errorf("%d bytes came, and no error", n)
	}
}

// TestPanicked shows that the reason of a panic reaches the observer, under the id that the client
// got, and that the server goes on.
func TestPanicked(t *testing.T) {
	t.Parallel()
	var seen atomic.Pointer[string]
	o := options()
	o.Observer.Panicked = func(id string, value any, stack []byte) {
		text := fmt.Sprint(id, " ", value, " ", len(stack) > 100)
		seen.Store(&text)
	}
	address := start(t, newNode(t), o, api.ServerOptions{})
	status, code, header := do(t, address, request("POST", "/v1/events/broken", "application/json", `{"events":[{}]}`))
	want := header.Get("X-Request-Id") + " a bug with a secret in it true"
	if got := seen.Load(); status != 500 || code != wire.Internal || got == nil || *got != want {
		t.Errorf("%d %s: %v, want %s", status, code, got, want)
	}
	if status, _, _ := do(t, address, request("GET", "/v1/status", "", "")); status != 200 {
		t.Errorf("after it: %d", status)
	}
}

// TestLargeAnswer has an answer of many pieces, which must be the same JSON as a small one.
func TestLargeAnswer(t *testing.T) {
	t.Parallel()
	address := start(t, newNode(t), options(), api.ServerOptions{})
	const rows = 30_000
	keys := make([]string, rows)
	for i := range keys {
		keys[i] = []string{"c1", "nobody"}[i%2]
	}
	list, err := json.Marshal(keys)
	if err != nil {
		t.Fatal(err)
	}
	r := request("POST", "/v1/features", "application/json",
		`{"features":["spend.total","spend.mean"],"entities":{"card_id":`+string(list)+`},"timeout_ms":20000}`)
	r.URL.Host, r.Host = address, ""
	answer, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var got wire.FeaturesAnswer
	if err := json.NewDecoder(answer.Body).Decode(&got); err != nil {
		t.Fatal(err)
	}
	var totals []*string
	if err := json.Unmarshal(got.Columns.Get("spend.total"), &totals); err != nil {
		t.Fatal(err)
	}
	var missing map[string]string
	if err := json.Unmarshal(got.Status["spend.total"], &missing); err != nil {
		t.Fatal(err)
	}
	if len(totals) != rows || *got.Rows != rows || len(missing) != rows/2 || missing["1"] != "missing" ||
		*totals[rows-2] != "13.49" {
		t.Errorf("%d totals, %d missing", len(totals), len(missing))
	}
}

// TestNoToken has a server that was given no token: nobody is let in.
func TestNoToken(t *testing.T) {
	t.Parallel()
	o := options()
	o.Token = ""
	address := start(t, newNode(t), o, api.ServerOptions{})
	for _, authorization := range []string{"", "Bearer", "Bearer ", "Bearer x"} {
		r := request("GET", "/v1/status", "", "")
		r.Header.Set("Authorization", authorization)
		if status, _, _ := do(t, address, r); status != 401 {
			t.Errorf("%q: %d", authorization, status)
		}
	}
}

// TestMetrics counts requests by route and status, and shows what observers report.
func TestMetrics(t *testing.T) {
	t.Parallel()
	o := options()
	o.Metrics = api.NewMetrics()
	address := start(t, newNode(t), o, api.ServerOptions{})
	do(t, address, request("POST", "/v1/events/payments", "application/json", `{"events":[{}]}`))
	do(t, address, request("POST", "/v1/events/none", "application/json", `{"events":[{}]}`))
	do(t, address, request("GET", "/v1/nothing/at/all", "", ""))
	o.Metrics.Events("payments", 5, 2, 1)
	observer := o.Metrics.Ingest()
	observer.Pushed(ingest.Pushed{Source: "pushed", Accepted: 7, Late: [9]int64{0, 0, 3, 0, 0, 0, 0, 0, 4}})
	observer.Applied(ingest.Applied{Delay: 3000})
	observer.Failed(nil)
	o.Metrics.Serve().Answered("fraud@3", 9, 2)
	o.Metrics.Position("applied", 42)
	o.Metrics.Sampled("dropped")
	o.Metrics.Failure("history")
	r := request("GET", "/metrics", "", "")
	r.URL.Host, r.Host = address, ""
	answer, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		`fettle_requests_total{code="200",route="/v1/events/{source}"} 1`,
		`fettle_requests_total{code="404",route="/v1/events/{source}"} 1`,
		`fettle_requests_total{code="404",route="none"} 1`,
		`fettle_requests_in_flight 1`,
		`fettle_events_total{result="accepted",source="payments"} 5`,
		`fettle_events_late_total{source="pushed",within="60"} 3`,
		`fettle_events_late_total{source="pushed",within="+Inf"} 4`,
		`fettle_failures_total{part="ingest"} 1`,
		`fettle_rows_served_total{model="fraud@3"} 9`,
		`fettle_event_visible_seconds_count 1`,
		`fettle_position{part="applied"} 42`,
		`fettle_samples_total{result="dropped"} 1`,
		`fettle_failures_total{part="history"} 1`,
		`go_goroutines`,
	} {
		if !strings.Contains(string(text), line) {
			t.Errorf("there is no %s", line)
		}
	}
}
