package cli

import (
	"strings"
	"testing"
	"time"
)

func TestProgress(t *testing.T) {
	t.Parallel()
	type step struct {
		after time.Duration
		stage string
		done  int64
		total int64
	}
	steps := []step{
		{0, "read", 0, 100},
		{50 * time.Millisecond, "read", 10, 100},
		{100 * time.Millisecond, "read", 50, 100},
		{10 * time.Second, "read", 100, 100},
		{0, "write", 0, 0},
		{11 * time.Second, "write", 7, 0},
	}
	f := func(bar bool, want string) {
		t.Helper()
		var out strings.Builder
		now := time.Unix(0, 0)
		p := &progress{out: &out, bar: bar, now: func() time.Time { return now }}
		for _, s := range steps {
			now = now.Add(s.after)
			p.report(s.stage, s.done, s.total)
		}
		p.stop()
		if got := strings.ReplaceAll(out.String(), "\r\x1b[K", "|"); got != want {
			t.Errorf("bar %v:\ngot  %q\nwant %q", bar, got, want)
		}
	}
	f(false, "read\nread: 100 of 100\nwrite\nwrite: 7\n")
	empty, half, full := strings.Repeat(" ", 30), strings.Repeat("=", 15)+strings.Repeat(" ", 15),
		strings.Repeat("=", 30)
	read := "read" + strings.Repeat(" ", 21)
	f(true, "|"+read+"["+empty+"]   0 %|"+read+"["+half+"]  50 %|"+read+"["+full+"] 100 %"+
		"|write"+strings.Repeat(" ", 20)+"0|write"+strings.Repeat(" ", 20)+"7|")
}
