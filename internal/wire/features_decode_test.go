package wire

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"
)

func sameFeatures(t *testing.T, text []byte) (taken bool) {
	t.Helper()
	var slow FeaturesRequest
	fast, err := DecodeFeatures(text)
	reference := Decode(text, &slow)
	if (err == nil) != (reference == nil) || err != nil && err.Error() != reference.Error() {
		t.Fatalf("%q: %v, but %v", text, err, reference)
	}
	if err != nil {
		var input *InputError
		if !errors.As(err, &input) {
			t.Fatalf("%q: the error is a %T", text, err)
		}
		return false
	}
	a, errA := json.Marshal(fast)
	b, errB := json.Marshal(slow)
	if errA != nil || errB != nil || string(a) != string(b) {
		t.Fatalf("%q: %s, but %s (%v, %v)", text, a, b, errA, errB)
	}
	if (fast.AsOf == nil) != (slow.AsOf == nil) || (fast.Features == nil) != (slow.Features == nil) ||
		(fast.Entities == nil) != (slow.Entities == nil) || !reflect.DeepEqual(fast.Features, slow.Features) {
		t.Fatalf("%q: %+v, but %+v", text, fast, slow)
	}
	return true
}

var featuresSeeds = []string{
	`{"model":"fraud@2","entities":{"card_id":"c1"},"request":{"amount":12.5},"as_of":null}`,
	`{"mode":"ideal","max_age":"1h","min_position":"p:1-2","timeout_ms":50,"detail":false,"text":true}`,
	`{"features":["a.b","c.*"],"entities":{"k":[1,null,"x"]},"as_of":"2024-05-08"}`,
	`{}`, `{"features":[]}`, `{"entities":{}}`, `{"entities":null,"features":null,"detail":null,"timeout_ms":null}`,
	`{"model":"\u0066raud\n"}`, ` { "model" : "a" } `, `{"timeout_ms":1e2}`, `{"timeout_ms":-0}`,
	`{"timeout_ms":9223372036854775808}`,
	`{"model":1}`, `{"Model":"a"}`, `{"model":"a","model":"b"}`, `{"entities":[1]}`, `{"detail":"true"}`, `{"detail":1}`,
	`{"features":[1]}`, `{"features":[null]}`, `{"as_of":""}`, `{"model":"`, ``, `[]`, `{"model":"a"}x`,
	`{"x":1}`, `{"0":null}`, `{"as_of":nul}`, `{"mode`,
	`{"features":["a",]}`, `{"entities":{"a":{"b":1,"b":2}}}`,
}

func TestDecodeFeatures(t *testing.T) {
	t.Parallel()
	taken := 0
	for _, text := range featuresSeeds {
		if sameFeatures(t, []byte(text)) {
			taken++
		}
	}
	if taken < 8 {
		t.Errorf("only %d were taken", taken)
	}
}

// FuzzDecodeFeatures compares the one pass with the general reader, errors included.
func FuzzDecodeFeatures(f *testing.F) {
	for _, seed := range featuresSeeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) { sameFeatures(t, text) })
}

func BenchmarkDecodeFeatures(b *testing.B) {
	text := []byte(`{"model":"fraud","entities":{"card_id":"c1234567","merchant_id":42},` +
		`"request":{"amount":12.5,"country":"FR"}}`)
	b.Run("one pass", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := DecodeFeatures(text); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("general", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var r FeaturesRequest
			if err := Decode(text, &r); err != nil {
				b.Fatal(err)
			}
		}
	})
}
