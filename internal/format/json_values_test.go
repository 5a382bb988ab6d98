package format_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/format"
	"github.com/fettle-ml/fettle/internal/schema"
)

// jsonTexts are texts of columns of JSON, and what is read of them: "" for what is refused.
var jsonTexts = []struct{ text, want string }{
	{`{"a":1}`, `{"a":1}`},
	{" \t[1, 2.50]\r\n", `[1, 2.50]`},
	{"  null ", "null"},
	{`{"a":1,"a":2}`, ""},
	{`[{"b":{"a":1,"\u0061":2}}]`, ""},
	{`"\ud800"`, ""},
	{`"\udc00\ud800"`, ""},
	{`"\ud83d\ude00"`, `"\ud83d\ude00"`},
	{strings.Repeat("[", 998) + strings.Repeat("]", 998), strings.Repeat("[", 998) + strings.Repeat("]", 998)},
	{strings.Repeat("[", 1001) + strings.Repeat("]", 1001), ""},
	{"   ", ""},
	{"[1] x", ""},
	{"\"\xff\"", ""},
	{"-0", "-0"},
	{"01", ""},
}

// TestJSONValues reads the same texts from every format: they mean the same in each. Parquet stores
// them with a dictionary or plain, alone or in lists.
func TestJSONValues(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"csv", "jsonl", "parquet", "arrow"} {
		for _, repeats := range []int{1, 3} { // more than once, Parquet has a dictionary
			for _, nested := range []bool{false, true} {
				read, refused := 0, 0
				for _, c := range jsonTexts {
					if strings.TrimSpace(c.text) == "" && (nested && kind == "csv" || kind == "jsonl") {
						continue // a list of nothing, or a key without a value
					}
					got, bad := readJSONTexts(t, kind, c.text, repeats, nested)
					if bad != (c.want == "") || !bad && got != c.want {
						t.Errorf("%s, %d rows, nested %v: %.60q is read as %.60q, bad %v", kind, repeats, nested, c.text, got, bad)
					}
					if bad {
						refused++
					} else {
						read++
					}
				}
				if read < 5 || refused < 7 {
					t.Errorf("%s: %d read and %d refused are too few", kind, read, refused)
				}
			}
		}
	}
}

// readJSONTexts reads a file of nothing but rows of one text, and one with another one at the end, so
// that texts move.
func readJSONTexts(t *testing.T, kind, text string, repeats int, nested bool) (got string, bad bool) {
	t.Helper()
	declared, element := schema.Of(schema.JSON), schema.Of(schema.JSON)
	if nested {
		declared = schema.ListOf(element)
	}
	file := jsonTextFile(t, kind, text, repeats, nested)
	fsys := disk.NewMemory()
	fsys.Add("t."+kind, file)
	input, err := format.Open(fsys, "t."+kind, format.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer input.Close()
	rows, problems, err := readRows(input, []format.Wanted{{Column: 0, Type: declared}})
	if err != nil || len(rows) != repeats+1 {
		t.Fatalf("%s: %d rows, %v", kind, len(rows), err)
	}
	if last := strings.Trim(rows[repeats][0], "[]"); last != "7" {
		t.Errorf("%s: the text behind %.60q is %q", kind, text, last)
	}
	if len(problems) != 0 && len(problems) != repeats {
		t.Errorf("%s: %d bad cells in %d rows", kind, len(problems), repeats)
	}
	got = rows[0][0]
	if nested && len(problems) == 0 {
		got = got[1 : len(got)-1]
	}
	return got, len(problems) > 0
}

func jsonTextFile(t *testing.T, kind, text string, repeats int, nested bool) []byte {
	t.Helper()
	switch kind {
	case "csv":
		return []byte("j\n" + strings.Repeat(csvField(text, nested)+"\n", repeats) + csvField("7", nested) + "\n")
	case "jsonl":
		if nested {
			text = "[" + text + "]"
		}
		text = strings.NewReplacer("\r", " ", "\n", " ").Replace(text)
		last := "7"
		if nested {
			last = "[7]"
		}
		return []byte(strings.Repeat(`{"j":`+text+"}\n", repeats) + `{"j":` + last + "}\n")
	}
	b := batch.NewBuilder(schema.Of(schema.JSON))
	value := schema.Value{Type: schema.Of(schema.JSON), Text: text}
	seven := schema.Value{Type: schema.Of(schema.JSON), Text: " 7 "}
	if nested {
		b = batch.NewBuilder(schema.ListOf(schema.Of(schema.JSON)))
		value = schema.Value{Type: schema.ListOf(schema.Of(schema.JSON)), Items: []schema.Value{value}}
		seven = schema.Value{Type: value.Type, Items: []schema.Value{seven}}
	}
	for range repeats {
		b.Append(value)
	}
	b.Append(seven)
	var out bytes.Buffer
	fields := []schema.Field{{Name: "j", Type: value.Type}}
	form, _, err := format.Detect("t." + kind)
	if err != nil {
		t.Fatal(err)
	}
	o, err := format.Create(&out, form, fields)
	if err == nil {
		err = errors.Join(o.Write(batch.New(fields, []*batch.Column{b.Column()})), o.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func csvField(text string, nested bool) string {
	if nested {
		text = "[" + text + "]"
	}
	return `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
}
