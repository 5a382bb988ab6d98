package wire

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
)

func TestDecode(t *testing.T) {
	t.Parallel()
	cases := []struct{ text, field, message string }{
		{`{"model":"fraud","entities":{"card_id":"c1"},"as_of":null,"timeout_ms":50,"detail":false}`, "", ""},
		{`{"model":null}`, "", ""},
		{`{"features":["a.b","a.*"]}`, "", ""},
		{``, "", "the body is empty; send a JSON object"},
		{"  \n", "", "the body is empty; send a JSON object"},
		{`[1]`, "", "the body cannot be [1]; write an object"},
		{`"x"`, "", `the body cannot be "x"; write an object`},
		{`{"modell":"fraud"}`, "modell", `there is no field "modell"; did you mean model?`},
		{`{"Model":"fraud"}`, "Model", `there is no field "Model"; did you mean model?`},
		{`{"":1}`, "", `there is no field ""; there is model, features,`},
		{`{"model":1}`, "model", "model cannot be 1; write a string"},
		{`{"model":["a"]}`, "model", `model cannot be ["a"]; write a string`},
		{`{"features":"a"}`, "features", `features cannot be "a"; write an array`},
		{`{"features":["a",1]}`, "features[1]", "features[1] cannot be 1; write a string"},
		{`{"detail":"true"}`, "detail", `detail cannot be "true"; write true or false`},
		{`{"timeout_ms":"50"}`, "timeout_ms", `timeout_ms cannot be "50"; write a whole number`},
		{`{"timeout_ms":50.5}`, "timeout_ms", "timeout_ms cannot be number 50.5; write a whole number"},
		{`{"timeout_ms":1e99}`, "timeout_ms", "timeout_ms cannot be number 1e99; write a whole number"},
		{`{"entities":["c1"]}`, "entities", `entities cannot be ["c1"]; write an object`},
		{`{"entities":{"a":1,"a":2}}`, "", `line 1, column 20: the key "a" stands twice in one object`},
		{`{"model":"a","model":"b"}`, "", `line 1, column 14: the key "model" stands twice in one object`},
		{`{"model":"a"} x`, "", "line 1, column 15: there is text behind the end of the message"},
		{`{"model":"a"`, "", "line 1, column 13: the text ends where a comma or } should be"},
		{`{"model":` + strings.Repeat("9", 500) + `}`, "model", strings.Repeat("9", 80) + "...; write a string"},
	}
	for _, c := range cases {
		var request FeaturesRequest
		err := Decode([]byte(c.text), &request)
		if c.message == "" {
			if err != nil {
				t.Errorf("%s: %v", c.text, err)
			}
			continue
		}
		var input *InputError
		if !errors.As(err, &input) {
			t.Errorf("%s: no input error: %v", shorten(c.text), err)
		} else if input.Field != c.field || !strings.Contains(input.Error(), c.message) {
			t.Errorf("%s: got field %q: %v\nwant field %q: %s", shorten(c.text), input.Field, input, c.field, c.message)
		}
	}
}

// TestDecodeNested has an unknown field inside of a message.
func TestDecodeNested(t *testing.T) {
	t.Parallel()
	var request PlanRequest
	err := Decode([]byte(`{"files":[{"path":"a","text":""},{"path":"b","txt":""}]}`), &request)
	want := `there is no field "txt" in files[1]; did you mean text?`
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestObjectKeepsText shows that nothing is lost on the way through an Object.
func TestObjectKeepsText(t *testing.T) {
	t.Parallel()
	const text = `{"z":9223372036854775807,"a":0.1000000000000000055511151231257827,"m":{"b":[1, 2]},"s":"\u00e9"}`
	var object Object
	if err := json.Unmarshal([]byte(text), &object); err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"z":9223372036854775807,"a":0.1000000000000000055511151231257827,"m":{"b":[1,2]},"s":"\u00e9"}`
	if string(again) != want {
		t.Errorf("got %s", again)
	}
	if got := string(object.Get("m")); got != `{"b":[1, 2]}` {
		t.Errorf("m is %s", got)
	}
	if object.Get("none") != nil {
		t.Error("a member that is not there has a value")
	}
	if _, err := json.Marshal(Object{{Name: "a"}}); err == nil {
		t.Error("a member without a value is written")
	}
}

func TestAppendString(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "a", "é<>&", "\"\\/\n\r\t\b\f\x00\x1f\x7f", "\u2028", "a\xffb\xc0", "😀"} {
		var back string
		if err := json.Unmarshal(AppendString(nil, text), &back); err != nil {
			t.Errorf("%q: %v", text, err)
		}
		if want := strings.ToValidUTF8(text, "\ufffd"); back != want && strings.Count(text, "\xff") < 1 {
			t.Errorf("%q came back as %q", text, back)
		}
	}
	if got := string(AppendString(nil, "a\xff\xfeb")); got != "\"a\ufffd\ufffdb\"" {
		t.Errorf("bytes that are not UTF-8: %s", got)
	}
}

func TestSplitEvents(t *testing.T) {
	t.Parallel()
	cases := []struct {
		text, lines string
		count       int
		message     string
	}{
		{`{"events":[]}`, "", 0, ""},
		{"{\"events\":[{\"a\":1},\n {\"a\":\n\r\n2,\"b\":\"x\\n\"} ]}", "{\"a\":1}\n{\"a\":   2,\"b\":\"x\\n\"}\n", 2, ""},
		{`{"events":[{"a":1,"a":2},3,null]}`, "{\"a\":1,\"a\":2}\n3\nnull\n", 3, ""},
		{`{}`, "", 0, `there is no field events; send {"events":[{..}]}`},
		{`{"event":[]}`, "", 0, `there is no field "event"; did you mean events?`},
		{`{"events":{}}`, "", 0, "events cannot be {}; write an array"},
		{`{"events":[],"events":[]}`, "", 0, "stands twice"},
		{`{"events":[{]}`, "", 0, `']' stands where a key in quotes should be`},
		{`{"events":[{}]} x`, "", 0, "text behind the end"},
		{`[{"a":1}]`, "", 0, "stands where an object should be"},
		{`{"events":[` + strings.Repeat("[", 1005) + strings.Repeat("]", 1005) + `]}`,
			strings.Repeat("[", 1005) + strings.Repeat("]", 1005) + "\n", 1, ""},
		{`{"events":[` + strings.Repeat("[", 2000) + strings.Repeat("]", 2000) + `]}`, "", 0, "nested more than"},
	}
	for _, c := range cases {
		lines, count, err := SplitEvents([]byte(c.text))
		if c.message != "" {
			if err == nil || !strings.Contains(err.Error(), c.message) {
				t.Errorf("%s: got %v, want %q", shorten(c.text), err, c.message)
			}
			continue
		}
		if err != nil || count != c.count || string(lines) != c.lines {
			t.Errorf("%s: got %d %q, %v", shorten(c.text), count, lines, err)
		}
	}
}

// FuzzSplitEvents compares with the standard decoder.
func FuzzSplitEvents(f *testing.F) {
	for _, seed := range []string{`{"events":[{"a":1},{"b":[{}]}]}`, `{"events":[]}`, "{\"events\":[{\n}]}",
		`{"events":[1]}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		lines, count, err := SplitEvents(text)
		if err != nil {
			return
		}
		var standard EventsRequest
		if err := json.Unmarshal(text, &standard); err != nil {
			t.Fatalf("%q is taken: %v", text, err)
		}
		split := strings.Split(string(lines), "\n")
		if count != len(standard.Events) || len(split) != count+1 || split[count] != "" {
			t.Fatalf("%q: %d events in %q", text, count, lines)
		}
		for i, event := range standard.Events {
			var a, b any
			_ = json.Unmarshal(event, &a)
			if err := json.Unmarshal([]byte(split[i]), &b); err != nil || !reflect.DeepEqual(a, b) {
				t.Fatalf("event %d of %q is %q", i, text, split[i])
			}
		}
	})
}

// FuzzDecode checks that no message harms the reader, and that what it takes the standard one takes.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{`{"model":"a","entities":{"k":[1,2]},"as_of":null}`, `{"labels":{"columns":{"a":[1]}}}`,
		`{"files":[{"path":"a","text":"b"}]}`, `{"timeout_ms":1e2}`, `{"keys":{}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, message := range []any{&FeaturesRequest{}, &TrainingRequest{}, &WhyRequest{}, &VerifyRequest{},
			&PlanRequest{}, &ApplyRequest{}} {
			err := Decode(text, message)
			var input *InputError
			if err != nil && !errors.As(err, &input) {
				t.Fatalf("%q: the error is a %T", text, err)
			}
			if err != nil {
				continue
			}
			again, err := json.Marshal(message)
			if err != nil {
				t.Fatalf("%q cannot be written again: %v", text, err)
			}
			if err := Decode(again, reflect.New(reflect.TypeOf(message).Elem()).Interface()); err != nil {
				t.Fatalf("%q became %q: %v", text, again, err)
			}
		}
	})
}

func TestPosition(t *testing.T) {
	t.Parallel()
	for _, p := range []struct {
		epoch    uint32
		sequence uint64
		text     string
	}{{3, 1042, "p:3-1042"}, {4294967295, 18446744073709551615, "p:4294967295-18446744073709551615"}, {0, 1, "p:0-1"}} {
		if got := FormatPosition(p.epoch, p.sequence); got != p.text {
			t.Errorf("got %s, want %s", got, p.text)
		}
		epoch, sequence, err := ParsePosition(p.text)
		if err != nil || epoch != p.epoch || sequence != p.sequence {
			t.Errorf("%s: %d %d %v", p.text, epoch, sequence, err)
		}
	}
	if FormatPosition(0, 0) != "" {
		t.Error("no position has a text")
	}
	for _, text := range []string{"", "p:", "p:1", "1-2", "p:01-2", "p:1-+2", "p:1-2 ", "p:-1-2",
		"p:4294967296-1", "p:p:1-2"} {
		if _, _, err := ParsePosition(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

func TestErrorText(t *testing.T) {
	t.Parallel()
	e := &Error{Code: InvalidArgument, Message: "amount is \"x\"", Hint: "send a number", Row: 3,
		Details: make([]Detail, 2)}
	const want = `row 3: amount is "x" (2 details); send a number`
	if e.Error() != want {
		t.Errorf("got %s", e.Error())
	}
}
