package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fettle-ml/fettle/internal/client"
	"github.com/fettle-ml/fettle/internal/wire"
)

// echo answers with what was asked, so that a test sees what each method sends.
func echo(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(err)
	}
	if strings.HasSuffix(r.URL.Path, "/result") || strings.HasSuffix(r.URL.Path, "/manifest") {
		fmt.Fprint(w, "content of "+r.URL.Path)
		return
	}
	line := fmt.Sprintf("%s %s %s %s %q %s", r.Method, r.URL.RequestURI(), r.Header.Get("Content-Type"),
		r.Header.Get("Authorization"), r.Header.Get("Idempotency-Key"), body)
	failure := wire.Failure{Error: &wire.Error{Code: wire.Rejected, Message: line}}
	w.WriteHeader(422)
	if err := json.NewEncoder(w).Encode(failure); err != nil {
		panic(err)
	}
}

// roads runs a test over the network and in process.
func roads(t *testing.T, handler http.Handler, test func(t *testing.T, c *client.Client)) {
	t.Helper()
	for _, road := range []string{"network", "in process"} {
		t.Run(road, func(t *testing.T) {
			t.Parallel()
			base, transport := "http://localhost", http.RoundTripper(client.NewInProcess(handler))
			if road == "network" {
				server := httptest.NewServer(handler)
				t.Cleanup(server.Close)
				base, transport = server.URL+"/", nil
			}
			c, err := client.New(base, "tok", transport)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(c.Close)
			test(t, c)
		})
	}
}

func TestRequests(t *testing.T) {
	t.Parallel()
	labels := &wire.Labels{Upload: &wire.Upload{Format: "csv", Body: []byte("a,b\n")}}
	cases := []struct {
		want string
		call func(ctx context.Context, c *client.Client) error
	}{
		{`POST /v1/events/a%2Fb?atomic=true text/csv Bearer tok "k1" x,y`,
			func(ctx context.Context, c *client.Client) error {
				_, err := c.Push(ctx, client.Events{Source: "a/b", ContentType: "text/csv", Body: []byte("x,y"), Atomic: true,
					IdempotencyKey: "k1"})
				return err
			}},
		{`POST /v1/features application/json Bearer tok "" {"model":"m","entities":{"k":"v\"1"},"text":true}`,
			func(ctx context.Context, c *client.Client) error {
				_, err := c.Features(ctx, &wire.FeaturesRequest{Model: "m", Text: true,
					Entities: wire.Object{wire.StringMember("k", `v"1`)}})
				return err
			}},
		{`POST /v1/why application/json Bearer tok "" {"feature":"v.f","keys":{}}`,
			func(ctx context.Context, c *client.Client) error {
				_, err := c.Why(ctx, &wire.WhyRequest{Feature: "v.f", Keys: wire.Object{}})
				return err
			}},
		{`POST /v1/verify application/json Bearer tok "" {"sample":5}`,
			func(ctx context.Context, c *client.Client) error {
				_, err := c.Verify(ctx, &wire.VerifyRequest{Sample: 5})
				return err
			}},
		{`POST /v1/verify?features=a.b%2Cc.d&limit=7&time=ts text/csv Bearer tok "" a,b`,
			func(ctx context.Context, c *client.Client) error {
				_, err := c.Verify(ctx, &wire.VerifyRequest{Features: []string{"a.b", "c.d"}, Time: "ts", Limit: 7, Labels: labels})
				return err
			}},
		{`POST /v1/training?wait=true application/json Bearer tok "" {"model":"m","gap_ms":5}`,
			func(ctx context.Context, c *client.Client) error {
				_, err := c.Train(ctx, &wire.TrainingRequest{Model: "m", GapMS: 5}, true)
				return err
			}},
		{`POST /v1/training?gap_ms=5&model=m&strict=true text/csv Bearer tok "" a,b`,
			func(ctx context.Context, c *client.Client) error {
				_, err := c.Train(ctx, &wire.TrainingRequest{Model: "m", GapMS: 5, Strict: true, Labels: labels}, false)
				return err
			}},
		{`GET /v1/jobs/j%3F1?wait=true  Bearer tok`,
			func(ctx context.Context, c *client.Client) error {
				_, err := c.Job(ctx, "j?1", true)
				return err
			}},
		{`DELETE /v1/jobs/j1  Bearer tok`,
			func(ctx context.Context, c *client.Client) error {
				_, err := c.CancelJob(ctx, "j1")
				return err
			}},
		{`POST /v1/plan application/json Bearer tok "" {}`,
			func(ctx context.Context, c *client.Client) error {
				_, err := c.Plan(ctx, &wire.PlanRequest{})
				return err
			}},
		{`POST /v1/apply application/json Bearer tok "" {"plan":"p"}`,
			func(ctx context.Context, c *client.Client) error {
				_, err := c.Apply(ctx, &wire.ApplyRequest{Plan: "p"})
				return err
			}},
		{`GET /v1/status  Bearer tok`,
			func(ctx context.Context, c *client.Client) error {
				_, err := c.Status(ctx)
				return err
			}},
		{`GET /v1/quarantine/s?limit=3  Bearer tok`,
			func(ctx context.Context, c *client.Client) error {
				_, err := c.Quarantine(ctx, "s", 3)
				return err
			}},
		{`POST /v1/quarantine/s/retry  Bearer tok`,
			func(ctx context.Context, c *client.Client) error {
				_, err := c.Retry(ctx, "s")
				return err
			}},
		{`GET /v1/history/v?from=a&key.k=1+2  Bearer tok`,
			func(ctx context.Context, c *client.Client) error {
				_, err := c.History(ctx, &wire.HistoryRequest{View: "v", From: "a", Keys: map[string]string{"k": "1 2"}})
				return err
			}},
		{`GET /v1/registry/models?cursor=n  Bearer tok`,
			func(ctx context.Context, c *client.Client) error {
				_, err := c.Definitions(ctx, "models", "n")
				return err
			}},
		{`GET /v1/registry/models/fraud@3  Bearer tok`,
			func(ctx context.Context, c *client.Client) error {
				_, err := c.Definition(ctx, "models", "fraud@3")
				return err
			}},
		{`GET /readyz  Bearer tok`, func(ctx context.Context, c *client.Client) error { return c.Ready(ctx) }},
		{`GET /healthz  Bearer tok`, func(ctx context.Context, c *client.Client) error { return c.Healthy(ctx) }},
	}
	roads(t, http.HandlerFunc(echo), func(t *testing.T, c *client.Client) {
		for _, request := range cases {
			err := request.call(t.Context(), c)
			var failed *client.Error
			var said *wire.Error
			if !errors.As(err, &failed) || !errors.As(err, &said) || failed.Status != 422 || said.Code != wire.Rejected {
				t.Errorf("%s: %v", request.want, err)
			} else if !strings.HasPrefix(said.Message, request.want) {
				t.Errorf("got  %s\nwant %s", said.Message, request.want)
			}
		}
		var b bytes.Buffer
		if err := c.Result(t.Context(), "j1", &b); err != nil || b.String() != "content of /v1/jobs/j1/result" {
			t.Errorf("result: %q, %v", b.String(), err)
		}
		b.Reset()
		if err := c.Manifest(t.Context(), "j1", &b); err != nil || b.String() != "content of /v1/jobs/j1/manifest" {
			t.Errorf("manifest: %q, %v", b.String(), err)
		}
	})
}

// TestOddAnswers has answers that are none of a fettle server, and answers that break off.
func TestOddAnswers(t *testing.T) {
	t.Parallel()
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/v1/plan":
			http.Error(w, "<html>bad gateway</html>", http.StatusBadGateway)
		case "/v1/apply":
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		case "/v1/status":
			fmt.Fprint(w, "no JSON")
		case "/v1/why":
			panic(http.ErrAbortHandler)
		default:
			_, _ = w.Write(make([]byte, 1<<20))
			panic(http.ErrAbortHandler)
		}
	})
	roads(t, handler, func(t *testing.T, c *client.Client) {
		var failed *client.Error
		_, err := c.Plan(t.Context(), &wire.PlanRequest{})
		if !errors.As(err, &failed) || failed.Wire.Code != wire.Unavailable || failed.Status != 502 {
			t.Errorf("plan: %v", err)
		}
		_, err = c.Apply(t.Context(), &wire.ApplyRequest{})
		if !errors.As(err, &failed) || failed.Status != 307 {
			t.Errorf("apply: %v", err)
		}
		if _, err := c.Status(t.Context()); err == nil || !strings.Contains(err.Error(), "cannot be read") {
			t.Errorf("status: %v", err)
		}
		if _, err := c.Why(t.Context(), &wire.WhyRequest{}); err == nil || errors.As(err, &failed) && failed.Status == 200 {
			t.Errorf("why: %v", err)
		}
		if err := c.Result(t.Context(), "j1", io.Discard); err == nil {
			t.Error("result: no error")
		}
	})
}

// TestSentOnce has a server that closes connections without an answer: a GET is sent twice at most,
// and everything else once.
func TestSentOnce(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	var calls atomic.Int64
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			calls.Add(1)
			_ = connection.SetReadDeadline(time.Now().Add(time.Second))
			_, _ = connection.Read(make([]byte, 1<<16))
			_ = connection.Close()
		}
	}()
	c, err := client.New("http://"+listener.Addr().String(), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	pushed := client.Events{Source: "s", ContentType: "text/csv", Body: []byte("a\n")}
	if _, err := c.Push(t.Context(), pushed); err == nil {
		t.Error("push: no error")
	}
	if n := calls.Swap(0); n != 1 {
		t.Errorf("a push was sent %d times", n)
	}
	if _, err := c.Status(t.Context()); err == nil {
		t.Error("status: no error")
	}
	if n := calls.Load(); n != 2 {
		t.Errorf("a GET was sent %d times", n)
	}
}

// TestCancelled ends calls by their context, on both roads.
func TestCancelled(t *testing.T) {
	t.Parallel()
	ended := make(chan struct{}, 2)
	handler := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
		ended <- struct{}{}
	})
	roads(t, handler, func(t *testing.T, c *client.Client) {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if _, err := c.Plan(ctx, &wire.PlanRequest{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("plan: %v", err)
		}
		select {
		case <-ended:
		case <-time.After(5 * time.Second):
			t.Error("the handler goes on")
		}
	})
}

func TestNew(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"", "127.0.0.1:7070", "ftp://a", "http://", "http://a?b=c", "http://a b"} {
		if _, err := client.New(base, "", nil); err == nil {
			t.Errorf("%q is taken", base)
		}
	}
}
