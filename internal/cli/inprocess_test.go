package cli

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// call sends a request to a handler in this process.
func call(ctx context.Context, t *testing.T, handler http.HandlerFunc) (*http.Response, error) {
	t.Helper()
	local := &inProcess{handler: handler}
	t.Cleanup(local.wait)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://localhost/a?b=c", strings.NewReader("sent"))
	if err != nil {
		t.Fatal(err)
	}
	return (&http.Client{Transport: local}).Do(r)
}

func TestInProcess(t *testing.T) {
	t.Parallel()
	answer, err := call(t.Context(), t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("X-Seen", r.Host+" "+r.RequestURI+" "+string(body))
		w.WriteHeader(http.StatusTeapot)
		w.Header().Set("X-Late", "not sent")
		_, _ = io.WriteString(w, "answered")
	})
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(answer.Body)
	if err != nil || string(text) != "answered" || answer.StatusCode != http.StatusTeapot {
		t.Errorf("got %d %q %v", answer.StatusCode, text, err)
	}
	if got := answer.Header.Get("X-Seen"); got != "localhost /a?b=c sent" || answer.Header.Get("X-Late") != "" {
		t.Errorf("headers %v", answer.Header)
	}
}

// TestInProcessStreams reads the first half of an answer while the handler still works on the second.
func TestInProcessStreams(t *testing.T) {
	t.Parallel()
	read := make(chan struct{})
	answer, err := call(t.Context(), t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "first")
		<-read
		_, _ = io.WriteString(w, "second")
	})
	if err != nil {
		t.Fatal(err)
	}
	half := make([]byte, 5)
	if _, err := io.ReadFull(answer.Body, half); err != nil || string(half) != "first" {
		t.Fatalf("%q %v", half, err)
	}
	close(read)
	if rest, err := io.ReadAll(answer.Body); err != nil || string(rest) != "second" {
		t.Errorf("%q %v", rest, err)
	}
}

// TestInProcessBreaksOff demands that an answer that broke off cannot be taken for a whole one.
func TestInProcessBreaksOff(t *testing.T) {
	t.Parallel()
	answer, err := call(t.Context(), t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "half")
		panic(http.ErrAbortHandler)
	})
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(answer.Body); err == nil || string(text) != "half" {
		t.Errorf("%q %v", text, err)
	}
	if _, err := call(t.Context(), t, func(http.ResponseWriter, *http.Request) { panic("early") }); err == nil {
		t.Error("a handler that panicked at once gave an answer")
	}
}

// TestInProcessEnds demands that a handler is told when nobody waits for it any more.
func TestInProcessEnds(t *testing.T) {
	t.Parallel()
	told := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	_, err := call(ctx, t, func(_ http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		close(told)
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	<-told
	endless := func(w http.ResponseWriter, _ *http.Request) {
		for {
			if _, err := w.Write(make([]byte, 1000)); err != nil {
				return
			}
		}
	}
	answer, err := call(t.Context(), t, endless)
	if err != nil {
		t.Fatal(err)
	}
	if err := answer.Body.Close(); err != nil { // the cleanup waits for the handler
		t.Error(err)
	}
}
