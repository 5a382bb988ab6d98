package registry

import (
	"bytes"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
)

const sampleFile = "testdata/v1.json"

// sample is a small revision that uses every part of the format.
func sample() *Revision {
	return &Revision{
		Number: 3, Base: strings.Repeat("0123456789abcdef", 4), Engine: 1, By: "ann", At: 1767225600000000,
		Name: "shop", Zone: "Europe/Paris",
		Texts: Texts{
			Project: File{Path: "fettle.yaml", Text: "project: shop\ntimezone: Europe/Paris\n"},
			Files:   []File{{Path: "features/a.yaml", Text: "# <é> & \"quoted\"\n"}},
			Lock:    "fettle lock 1\n",
		},
		Sources: []Source{
			{ID: 1, Name: "visits", Columns: []Column{{"user", "string"}, {"amount", "decimal(2)"}}, Revision: 1},
			{ID: 2, Name: "visits", Columns: []Column{{"user", "string"}}, Revision: 3},
		},
		Definitions: []Definition{{
			Kind: FeatureKind, Name: "spend.total", Version: "00112233445566778899aabbccddeeff",
			Facts: []Fact{{"expression", "sum(amount)"}, {"window", "7d"}},
		}},
		Models: []Model{{
			Name: "buyer", Version: 1, Roles: []Role{{Name: "user", Entity: "user", Key: []string{"user"}}},
			Features: []ModelFeature{{
				Name: "total", Role: "user", Feature: "spend.total",
				Version: "00112233445566778899aabbccddeeff",
			}},
			Revision: 2,
		}},
		Views: []View{{
			Name: "spend", Entity: "user", Source: "visits", Freshness: "realtime",
			Key: `string (column "user" string)`, Since: 1767225600000000,
		}},
	}
}

// TestSample reads a file of version 1, which every later release must read, and writes it again.
func TestSample(t *testing.T) {
	t.Parallel()
	want := sample()
	text, err := encode(want)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(sampleFile, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(sampleFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(data, text) {
		t.Errorf("this release writes the sample as\n%s", text)
	}
	got, err := decode(data)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("the sample reads as %+v, %v", got, err)
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	good, err := encode(sample())
	if err != nil {
		t.Fatal(err)
	}
	body := string(good[:len(good)-len(fileChecksum)-checksumDigits-len(fileEnd)])
	f := func(name, old, next, want string) {
		t.Helper()
		if !strings.Contains(body, old) {
			t.Fatalf("%s: the sample has no %q", name, old)
		}
		_, err := decode(seal([]byte(strings.Replace(body, old, next, 1))))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	f("another file", "fettle registry", "fettle history", "not a revision")
	f("a later version", `"version": 1,`, `"version": 2,`, `version "2"`)
	f("no revision", `"revision": {`, `"revisions": {`, "version")
	f("an unknown field", `"by"`, `"bye"`, "unknown field")
	f("a wrong type", `"number": 3`, `"number": "3"`, "cannot be read")
	f("two revisions", ",\n", ",\n{},\n", "")
	f("no number", `"number": 3`, `"number": 0`, "number is 0")
	f("a base of the first", `"number": 3`, `"number": 1`, "base")
	f("a source in another place", `"id": 2`, `"id": 3`, "place 2")
	f("a type that is none", "decimal(2)", "decimals", "amount")
	f("a model twice", `"models": [`, `"models": [ {"name": "buyer", "version": 1, "roles": [],`+
		` "features": [], "revision": 1},`, "twice")
	f("a definition twice", `"definitions": [`, `"definitions": [ {"kind": "feature", "name":`+
		` "spend.total", "facts": []},`, "twice")
}

// FuzzDecode gives the decoder any bytes, as a file and as the text under a checksum that fits.
func FuzzDecode(f *testing.F) {
	good, err := encode(sample())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:len(good)-len(fileChecksum)-checksumDigits-len(fileEnd)])
	f.Add([]byte(fileHead + fileVersion + fileMiddle + "{\"number\": 1},\n"))
	f.Add([]byte(fileHead + fileVersion + fileMiddle + "[],\n"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, input := range [][]byte{data, seal(data)} {
			r, err := decode(input)
			if err != nil {
				continue
			}
			again, err := encode(r)
			if err != nil {
				t.Fatalf("what was read cannot be written: %v", err)
			}
			copied, err := decode(again)
			if err != nil {
				t.Fatalf("what was written cannot be read: %v", err)
			}
			copied.checksum = r.checksum
			if fmt.Sprintf("%+v", copied) != fmt.Sprintf("%+v", r) {
				t.Errorf("written and read:\n%+v\nwas\n%+v", copied, r)
			}
		}
	})
}
