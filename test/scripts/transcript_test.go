package scripts

import (
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// entry is one command of a script and what came of it.
type entry struct {
	args           []string
	code           int
	stdout, stderr string
}

func (e entry) String() string {
	return fmt.Sprintf("fettle %s\nexit code %d\n[stdout]\n%s[stderr]\n%s", strings.Join(e.args, " "), e.code,
		e.stdout, e.stderr)
}

// What differs between any two runs, and what stands for it.
var (
	address   = regexp.MustCompile(`127\.0\.0\.1:[0-9]+`)
	position  = regexp.MustCompile(`p:[0-9]+-[0-9]+`)
	requestID = regexp.MustCompile(`"request_id":"[0-9a-f-]+"`)
	instant   = regexp.MustCompile(`[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(\.[0-9]+)?Z`)
	process   = regexp.MustCompile(`process [0-9]+ serves`)
	dataset   = regexp.MustCompile(`(dataset +|"dataset_id":")[0-9a-f]{32}`)
	logBytes  = regexp.MustCompile(`"bytes":[0-9]+|P, [0-9.]+ (bytes?|KiB)`)
)

// nearNow is how far from now a time may be to stand for now, or for a day or two before it. Those in
// the data of the scripts are years away.
const nearNow = 49 * time.Hour

// plain replaces what differs between any two runs. The identity of a training set is part of it
// where events were pushed: it tells when they came.
func (s *script) plain(text string) string {
	text = strings.ReplaceAll(text, s.work, "$WORK")
	text = strings.ReplaceAll(text, filepath.Dir(s.work), "$ABOVE")
	text = address.ReplaceAllString(text, "ADDRESS")
	text = position.ReplaceAllString(text, "P")
	text = requestID.ReplaceAllString(text, `"request_id":"ID"`)
	text = process.ReplaceAllString(text, "process PID serves")
	if s.pushed {
		text = dataset.ReplaceAllString(text, "${1}ID")
	}
	text = logBytes.ReplaceAllString(text, "P, BYTES")
	return instant.ReplaceAllStringFunc(text, func(found string) string {
		at, err := time.Parse(time.RFC3339Nano, found)
		if err != nil || time.Since(at).Abs() > nearNow {
			return found
		}
		return "NOW"
	})
}

// leastServed is how many commands must have found a server in the mode that has one; fewer would
// mean that the scripts hardly test it.
const leastServed = 60

// compare demands that every command printed the same with and without a server.
func compare(t *testing.T, down, up *mode) {
	t.Helper()
	commands := 0
	for _, name := range slices.Sorted(maps.Keys(down.transcripts)) {
		a, b := down.transcripts[name], up.transcripts[name]
		for i := range min(len(a), len(b)) {
			commands++
			if a[i].String() != b[i].String() {
				t.Errorf("%s, command %d: without a server\n%s\nwith a server\n%s", name, i+1, a[i], b[i])
			}
		}
		if len(a) != len(b) {
			t.Errorf("%s: %d commands without a server, %d with one", name, len(a), len(b))
		}
	}
	t.Logf("%d scripts, %d commands alike, %d of them with a server", len(down.transcripts), commands, up.served)
	if up.served < leastServed {
		t.Errorf("only %d commands ran with a server, want %d", up.served, leastServed)
	}
}
