package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/app"
)

func TestFail(t *testing.T) {
	t.Parallel()
	bad := app.Invalid("2 bad rows", app.Problem{
		File: "a.csv", Row: 3, Field: "amount", Code: "bad_type", Severity: app.SeverityError,
		Message: `"x" is not a float64`,
	}, app.Problem{File: "b.yaml", Line: 2, Column: 1, Code: "c", Severity: app.SeverityWarning,
		Message: "odd", Hint: "look again"})
	f := func(output string, err error, code int, want string) {
		t.Helper()
		var out bytes.Buffer
		s := &session{streams: Streams{Err: &out}, output: output}
		if got := s.fail(err); got != code {
			t.Errorf("%v: exit code %d, want %d", err, got, code)
		}
		if out.String() != want {
			t.Errorf("%v:\ngot  %s\nwant %s", err, out.String(), want)
		}
	}
	f(outputText, bad, app.ExitInvalid, "a.csv row 3 field amount: \"x\" is not a float64 [bad_type]\n"+
		"b.yaml:2:1: warning: odd; look again [c]\nerror: 2 bad rows\n")
	f(outputText, fmt.Errorf("train: %w", bad), app.ExitInvalid,
		"a.csv row 3 field amount: \"x\" is not a float64 [bad_type]\n"+
			"b.yaml:2:1: warning: odd; look again [c]\nerror: 2 bad rows\n")
	f(outputText, errors.New("disk gone"), app.ExitUnavailable, "error: disk gone\n")
	f(outputText, &app.Error{Code: app.ExitRefused, Message: "no", Hint: "do so", Err: errors.New("why")},
		app.ExitRefused, "error: no: why; do so\n")
	f(outputJSON, &app.Error{Code: app.ExitRefused, Message: "no", Hint: "do so"}, app.ExitRefused,
		`{"error":{"code":"conflict","hint":"do so","message":"no"}}`+"\n")
}

func TestRunInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, complaints bytes.Buffer
	code := Run(ctx, []string{"-q", "init", "--template", "cards", t.TempDir()},
		Streams{Out: &out, Err: &complaints})
	if code != app.ExitInterrupted || out.Len() > 0 ||
		!strings.Contains(complaints.String(), "interrupted") {
		t.Errorf("code %d, out %q, err %q", code, out.String(), complaints.String())
	}
}
