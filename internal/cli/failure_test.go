package cli

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/app"
	"github.com/fettle-ml/fettle/internal/client"
	"github.com/fettle-ml/fettle/internal/wire"
)

func TestExitOf(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]int{
		wire.InvalidArgument: 2, wire.NotFound: 2, wire.Rejected: 3, wire.TooLarge: 3, wire.Unauthenticated: 4,
		wire.Denied: 4, wire.Conflict: 4, wire.Overloaded: 5, wire.Unavailable: 5, wire.Deadline: 5,
		wire.DiskFull: 5, wire.Internal: 5, wire.Cancelled: 5, wire.MethodNotAllowed: 5, "new": 5,
	} {
		if got := exitOf(code); got != want {
			t.Errorf("%s exits with %d, want %d", code, got, want)
		}
	}
}

// TestFailAnswered prints errors of the API like those of this process, and keeps code and request.
func TestFailAnswered(t *testing.T) {
	t.Parallel()
	answered := &client.Error{Wire: wire.Error{
		Code: wire.Denied, Message: "it would break m@1", Hint: "raise its version", RequestID: "r1",
		Details: []wire.Detail{{File: "a.csv", Row: 3, Code: "bad_type", Message: "odd"}},
	}}
	f := func(output string, err error, code int, want string) {
		t.Helper()
		var out strings.Builder
		s := &session{streams: Streams{Err: &out}, output: output}
		if got := s.fail(err); got != code || out.String() != want {
			t.Errorf("%v: exit code %d, want %d\ngot  %swant %s", err, got, code, out.String(), want)
		}
	}
	f(outputText, fmt.Errorf("apply: %w", answered), app.ExitRefused,
		"a.csv row 3: odd [bad_type]\nerror: it would break m@1; raise its version\n")
	f(outputJSON, answered, app.ExitRefused, `{"error":{"code":"denied","details":[{"file":"a.csv","row":3,`+
		`"code":"bad_type","severity":"error","message":"odd"}],"hint":"raise its version",`+
		`"message":"it would break m@1","request_id":"r1"}}`+"\n")
	f(outputText, &wire.Error{Code: wire.InvalidArgument, Row: 2, Message: "no"}, app.ExitUsage,
		"error: row 2: no\n")
	f(outputText, errors.Join(answered, errors.New("close: gone")), app.ExitRefused,
		"a.csv row 3: odd [bad_type]\nerror: it would break m@1; raise its version\n")
}
