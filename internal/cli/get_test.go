package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/wire"
)

func TestGetResolve(t *testing.T) {
	t.Parallel()
	f := func(flags getFlags, args, want string) {
		t.Helper()
		request, err := flags.resolve(strings.Fields(args))
		got := ""
		if err != nil {
			got = err.Error()
		} else if text, err := json.Marshal(request); err != nil {
			t.Fatal(err)
		} else {
			got = string(text)
		}
		if got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", args, got, want)
		}
	}
	f(getFlags{}, "fraud@2 card=c1", `{"model":"fraud@2","entities":{"card":"c1"},"text":true}`)
	f(getFlags{asOf: "2024-05-01", timeout: "50ms", fields: []string{"amount=1=2"}}, "b=2 v.x v.y a=",
		`{"features":["v.x","v.y"],"entities":{"b":"2","a":""},"request":{"amount":"1=2"},`+
			`"as_of":"2024-05-01","timeout_ms":50,"text":true}`)
	f(getFlags{}, "card=c1", "which values? name a model, or features as VIEW.FEATURE, before the keys")
	f(getFlags{}, "m a=1 a=2", `the key is "a=2"; write KEY=V, each key once`)
	f(getFlags{timeout: "1us"}, "m a=1", `--timeout is "1us"; write a duration such as 50ms`)
}

func TestPrintGet(t *testing.T) {
	t.Parallel()
	answer := &wire.FeaturesAnswer{
		AsOf: "2024-05-02T10:00:00.000000Z", Model: "buyer@1",
		Values: wire.Object{{Name: "v.total", Value: json.RawMessage("4")}, {Name: "v.last", Value: json.RawMessage(`"x"`)},
			{Name: "v.none", Value: json.RawMessage("null")}},
		Status: map[string]json.RawMessage{"v.none": json.RawMessage(`"missing"`)},
	}
	f := func(want string) {
		t.Helper()
		var out strings.Builder
		s := &session{streams: Streams{Out: &out}, output: outputText}
		if err := s.printGet(answer); err != nil {
			t.Fatal(err)
		}
		if out.String() != want {
			t.Errorf("got\n%s\nwant\n%s", out.String(), want)
		}
	}
	f("model  buyer@1\nas of  2024-05-02T10:00:00.000000Z\n\nfeature  value  status\nv.total  4      fresh\n" +
		"v.last   x      fresh\nv.none   null   missing\n")
	answer.Meta = map[string]json.RawMessage{
		"v.total": json.RawMessage(`{"version":"12ab","event_time":"2024-05-02T09:00:00.000000Z","age_ms":3600000,` +
			`"status":"fresh"}`),
		"v.last": json.RawMessage(`{"version":"34cd","event_time":null,"age_ms":null,"status":"fresh"}`),
		"v.none": json.RawMessage(`{"version":"56ef","event_time":null,"age_ms":null,"status":"missing",` +
			`"reason":"no_events"}`),
	}
	f("model  buyer@1\nas of  2024-05-02T10:00:00.000000Z\n\n" +
		"feature  value  status   event time                   age     version  reason\n" +
		"v.total  4      fresh    2024-05-02T09:00:00.000000Z  1h0m0s  12ab\n" +
		"v.last   x      fresh                                         34cd\n" +
		"v.none   null   missing                                       56ef     no_events\n")
}
