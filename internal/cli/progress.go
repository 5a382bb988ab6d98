package cli

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// How often a bar is redrawn, and how long a stage runs before a plain line says where it is.
const (
	barEvery  = 100 * time.Millisecond
	lineEvery = 10 * time.Second
	barWidth  = 30
)

// progress shows how far a command is: one bar that is redrawn on a terminal, a line at the start
// of each stage and now and then elsewhere. It may be called from several goroutines. The time
// comes from now, so that tests need not wait. stage and last are of what was shown last.
type progress struct {
	out io.Writer
	bar bool
	now func() time.Time

	mutex sync.Mutex
	stage string
	last  time.Time
	drawn bool
}

// newProgress returns the function that commands report to, and one that leaves the terminal
// clean. Quiet, neither does anything. stop may be called more than once, and must be called before
// anything else is printed.
func (s *session) newProgress() (report func(stage string, done, total int64), stop func()) {
	if s.quiet {
		return func(string, int64, int64) {}, func() {}
	}
	p := &progress{out: s.streams.Err, bar: isTerminal(s.streams.Err), now: time.Now}
	return p.report, p.stop
}

// report is called often: it does nothing more than look at the clock, unless it is time to show
// something. The start of a stage is always shown.
func (p *progress) report(stage string, done, total int64) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	every := lineEvery
	if p.bar {
		every = barEvery
	}
	now := p.now()
	if stage == p.stage && now.Sub(p.last) < every {
		return
	}
	begins := stage != p.stage
	p.stage, p.last = stage, now
	switch {
	case p.bar:
		p.drawn = true
		fmt.Fprintf(p.out, "\r\x1b[K%s", barText(stage, done, total))
	case begins:
		fmt.Fprintf(p.out, "%s\n", stage)
	case total > 0:
		fmt.Fprintf(p.out, "%s: %d of %d\n", stage, done, total)
	default:
		fmt.Fprintf(p.out, "%s: %d\n", stage, done)
	}
}

// stop removes the bar.
func (p *progress) stop() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.drawn {
		fmt.Fprint(p.out, "\r\x1b[K")
		p.drawn = false
	}
}

// barText draws the bar, or only the count when the total is not known.
func barText(stage string, done, total int64) string {
	if total <= 0 {
		return fmt.Sprintf("%-24s %d", stage, done)
	}
	full := int(min(done, total) * barWidth / total)
	return fmt.Sprintf("%-24s [%s%s] %3d %%", stage, strings.Repeat("=", full),
		strings.Repeat(" ", barWidth-full), min(done, total)*100/total)
}
