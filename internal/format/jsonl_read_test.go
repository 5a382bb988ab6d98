package format_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/format"
	"github.com/fettle-ml/fettle/internal/schema"
)

// everyField is every type that a cell of a text can have.
var everyField = append([]schema.Field{{Name: "span", Type: schema.Of(schema.Duration)}}, everyType...)

func openLines(t testing.TB, text string, options format.Options) (format.Input, error) {
	t.Helper()
	fsys := disk.NewMemory()
	fsys.Add("a.jsonl", []byte(text))
	return format.Open(fsys, "a.jsonl", options)
}

// describeLines lists columns, rows and bad cells of JSON lines, a line each.
func describeLines(t testing.TB, text string, options format.Options) string {
	t.Helper()
	input, err := openLines(t, text, options)
	if err != nil {
		return err.Error() + "\n"
	}
	defer input.Close()
	return describeColumns(input)
}

func describeColumns(input format.Input) string {
	var out strings.Builder
	var wanted []format.Wanted
	for i, c := range input.Columns() {
		mark := ""
		if c.Local {
			mark = "*"
		}
		fmt.Fprintf(&out, "%s:%s%s ", c.Name, c.Type, mark)
		wanted = append(wanted, format.Wanted{Column: i, Type: c.Type})
	}
	out.WriteString("\n")
	rows, bad, err := readRows(input, wanted)
	for i, row := range rows {
		fmt.Fprintf(&out, "%d %q\n", i+1, row)
	}
	for _, b := range bad {
		fmt.Fprintf(&out, "row %d line %d %s %s: %s\n", b.Row, b.Line, b.Field, b.Code, b.Message)
	}
	if err != nil {
		fmt.Fprintf(&out, "error %v\n", err)
	}
	return out.String()
}

// TestJSONLGolden reads testdata/*.jsonl, the fields of which stand in the first line of the
// expected file.
func TestJSONLGolden(t *testing.T) {
	t.Parallel()
	for name, fields := range map[string][]schema.Field{"bad_lines": {
		{Name: "a", Type: schema.Of(schema.Int64)}, {Name: "b", Type: schema.Of(schema.String)},
	}, "bad_cells": everyField, "good_cells": everyField} {
		text, err := os.ReadFile(filepath.Join("testdata", name+".jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		got := describeLines(t, string(text), format.Options{Fields: fields, RefuseUnknown: true})
		golden := filepath.Join("testdata", name+".jsonl.golden")
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s gives\n%s, want\n%s", name, got, want)
		}
	}
}

func TestJSONL(t *testing.T) {
	t.Parallel()
	ab := []schema.Field{{Name: "a", Type: schema.Of(schema.Int64)}, {Name: "b", Type: schema.Of(schema.String)}}
	f := func(text, want string) {
		t.Helper()
		if got := describeLines(t, text, format.Options{Fields: ab}); got != "a:int64 b:string \n"+want {
			t.Errorf("%q gives\n%s, want\n%s", text, got, want)
		}
	}
	f("", "")
	f("\n \r\n\t\n", "")
	f("{}", "1 [\"null\" \"null\"]\n")
	// Any order, fields that nobody declared, a mark of UTF-8, no line end at the end.
	f("\xEF\xBB\xBF{\"b\":\"x\",\"z\":{\"q\":[1,{}]},\"a\":1}\r\n\n { \"a\" : null , \"b\" : \"\" } ",
		"1 [\"1\" \"x\"]\n2 [\"null\" \"\"]\n")
	// A key may be written with escapes.
	f(`{"\u0061":1,"b":"\ud83d\ude00\n\"\\\/"}`, "1 [\"1\" \"😀\\n\\\"\\\\/\"]\n")
	got := describeLines(t, "\xFF\xFEa\x00", format.Options{Fields: ab})
	if want := "a.jsonl: it is UTF-16; save it as UTF-8\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	deep := func(n int) string {
		return `{"z":` + strings.Repeat("[", n) + strings.Repeat("]", n) + "}\n"
	}
	f(deep(999)+deep(1000)+`{"z":`+strings.Repeat(`{"a":`, 1e6),
		"1 [\"null\" \"null\"]\n2 [\"null\" \"null\"]\n3 [\"null\" \"null\"]\n"+
			"row 2 line 2  bad_record: column 1005: values are nested more than 1000 deep\n"+
			"row 3 line 3  bad_record: column 5001: values are nested more than 1000 deep\n")
}

// TestJSONLTimes tells times with a zone from those without one by the first of them.
func TestJSONLTimes(t *testing.T) {
	t.Parallel()
	f := func(values, want string) {
		t.Helper()
		text := `{"t":` + strings.ReplaceAll(values, " | ", "}\n{\"t\":") + "}\n"
		fields := []schema.Field{{Name: "t", Type: schema.Of(schema.Timestamp)}}
		got := strings.Split(describeLines(t, text, format.Options{Fields: fields}), "\n")
		if last := got[0] + got[len(got)-2]; last != want {
			t.Errorf("%s gives %q, want %q", values, last, want)
		}
	}
	f(`"2024-05-01T12:30:00Z"`, `t:timestamp 1 ["2024-05-01T12:30:00.000000Z"]`)
	f(`null | "2024-05-01T12:30:00.1234567+02:00"`, `t:timestamp 2 ["2024-05-01T10:30:00.123456Z"]`)
	f(`null | "2024-05-01 12:30:00"`, `t:timestamp* 2 ["2024-05-01T12:30:00.000000Z"]`)
	f(`"x" | "2024-05-01"`, `t:timestamp* row 1 line 1 t bad_type: "x" is not a time; write it as 2024-05-01T12:30:00Z`)
	f(`"2024-05-01" | "2024-05-01T12:30:00Z"`,
		`t:timestamp row 1 line 1 t bad_type: "2024-05-01" has no zone, and the column is read as times with one`)
	f(`1714521600`, `t:timestamp row 1 line 1 t bad_type: 1714521600 is not a time; write "2024-05-01T12:30:00Z"`)
}

// TestJSONLInfer reads without fields.
func TestJSONLInfer(t *testing.T) {
	t.Parallel()
	f := func(values, want string) {
		t.Helper()
		text := `{"v":` + strings.ReplaceAll(values, " | ", "}\n{\"v\":") + "}\n"
		got := strings.Fields(describeLines(t, text, format.Options{}))[0]
		if got != "v:"+want {
			t.Errorf("%s is read as %s, want %s", values, got, want)
		}
	}
	f(`1 | -9223372036854775808 | null`, "int64")
	f(`1 | 1.0`, "float64")
	f(`1e999`, "json")
	f(`9223372036854775808`, "json")
	f(`1.5 | 9223372036854775808`, "json")
	f(`true | false`, "bool")
	f(`null`, "null")
	f(`"1" | "2"`, "string")
	f(`"2024-05-01"`, "date*")
	f(`"2024-05-01" | "2024-05-01T01:00:00"`, "timestamp*")
	f(`"2024-05-01T01:00:00Z" | "2024-05-01T01:00:00+01"`, "timestamp")
	f(`"2024-05-01T01:00:00Z" | "2024-05-01"`, "string")
	f(`"2024-05-01T01:00:00Z" | "x"`, "string")
	f(`1 | "1"`, "json")
	f(`{} | []`, "json")
	got := describeLines(t, "{\"a\":1}\n[\n{\"b\":\"x\",\"a\":2}\n", format.Options{})
	want := "a:int64 b:string \n1 [\"1\" \"null\"]\n2 [\"null\" \"null\"]\n3 [\"2\" \"x\"]\n" +
		"row 2 line 2  bad_record: it is not a JSON object; write one object per line: {\"field\": value}\n"
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	var wide strings.Builder
	for i := range 10001 {
		fmt.Fprintf(&wide, "{\"k%d\":1}\n", i)
	}
	input, err := openLines(t, wide.String(), format.Options{})
	if err != nil || len(input.Columns()) != 10000 {
		t.Errorf("not the first 10000 rows were looked at: %v", err)
	}
	got = describeLines(t, strings.ReplaceAll(wide.String(), "}\n{", ","), format.Options{})
	if !strings.HasPrefix(got, "a.jsonl: more than 10000 different fields") {
		t.Errorf("got %.100s", got)
	}
}

func TestJSONLOptions(t *testing.T) {
	t.Parallel()
	a := schema.Field{Name: "a", Type: schema.Of(schema.Timestamp)}
	input, err := openLines(t, "[", format.Options{Fields: []schema.Field{a}, HeaderOnly: true})
	if err != nil || len(input.Columns()) != 1 || input.Rows() != -1 {
		t.Errorf("%v, %v", input, err)
	}
	got := describeLines(t, "", format.Options{Fields: []schema.Field{a, a}})
	if want := "a.jsonl: the field a is declared twice\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	list := []schema.Field{{Name: "l", Type: schema.ListOf(schema.Of(schema.Int64))}}
	got = describeLines(t, "", format.Options{Fields: list})
	if want := "l:list<int64> \n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestJSONLBlocks reads lines that lie across the ends of blocks, of many lengths, and more rows in
// a block than a part may have.
func TestJSONLBlocks(t *testing.T) {
	t.Parallel()
	fields := []schema.Field{{Name: "n", Type: schema.Of(schema.Int64)}, {Name: "s", Type: schema.Of(schema.String)}}
	var text strings.Builder
	var want [][]string
	for i := range 400 {
		s := strings.Repeat("ab\"c\\n", i*i%3500)
		want = append(want, []string{fmt.Sprint(i), s})
		fmt.Fprintf(&text, "{\"s\":%q,\"n\":%d}\n\n", s, i)
	}
	for range 1 << 18 {
		text.WriteString("{}\n")
		want = append(want, []string{"null", "null"})
	}
	input, err := openLines(t, text.String(), format.Options{Fields: fields})
	if err != nil {
		t.Fatal(err)
	}
	rows, bad, err := readRows(input,
		[]format.Wanted{{Column: 0, Type: fields[0].Type}, {Column: 1, Type: fields[1].Type}})
	if err != nil || len(bad) > 0 {
		t.Fatal(bad, err)
	}
	compareRows(t, rows, want)
}

// TestJSONLLongLine reads a line of many blocks, and refuses one that is longer than any.
func TestJSONLLongLine(t *testing.T) {
	t.Parallel()
	fields := []schema.Field{{Name: "s", Type: schema.Of(schema.String)}}
	wanted := []format.Wanted{{Column: 0, Type: fields[0].Type}}
	f := func(length int) (rows [][]string, err error) {
		t.Helper()
		text := "{}\n{\"s\":\"" + strings.Repeat("x", length) + "\"}"
		input, err := openLines(t, text, format.Options{Fields: fields})
		if err != nil {
			t.Fatal(err)
		}
		rows, _, err = readRows(input, wanted)
		return rows, err
	}
	rows, err := f(3 << 20)
	if err != nil || len(rows) != 2 || len(rows[1][0]) != 3<<20 {
		t.Errorf("%d rows, %v", len(rows), err)
	}
	want := "a.jsonl: line 2: a record of more than 64 MiB; write one object per line"
	if _, err := f(1<<26 + 4<<20); err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestJSONLCompressed(t *testing.T) {
	t.Parallel()
	table := randomTable(5, 3000, 0.1)
	plain := write(t, format.JSONL, table)
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	_, _ = w.Write(plain)
	_ = w.Close()
	encoder, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	packed := encoder.EncodeAll(plain, nil)
	for name, data := range map[string][]byte{"t.jsonl.gz": zipped.Bytes(), "t.ndjson.zst": packed} {
		got, bad := readFields(t, name, data, table.Fields)
		if len(bad) > 0 {
			t.Fatal(bad[0])
		}
		compareRows(t, got, cells(table))
		for _, damaged := range [][]byte{data[:len(data)/2], plain} {
			fsys := disk.NewMemory()
			fsys.Add(name, damaged)
			input, err := format.Open(fsys, name, format.Options{Fields: table.Fields})
			if err == nil {
				_, _, err = readRows(input, nil)
			}
			if err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("damaged %s: %v", name, err)
			}
		}
	}
}

// readFields reads a file whose columns are the fields.
func readFields(t testing.TB, name string, data []byte, fields []schema.Field) ([][]string, []format.Bad) {
	t.Helper()
	fsys := disk.NewMemory()
	fsys.Add(name, data)
	input, err := format.Open(fsys, name, format.Options{Fields: fields})
	if err != nil {
		t.Fatal(err)
	}
	var wanted []format.Wanted
	for i, field := range fields {
		wanted = append(wanted, format.Wanted{Column: i, Type: field.Type})
	}
	rows, bad, err := readRows(input, wanted)
	if err != nil {
		t.Fatal(err)
	}
	return rows, bad
}

func FuzzJSONL(f *testing.F) {
	f.Add("{\"a\":1,\"b\":\"x\\u00e9\"}\n{\"a\":1e2}\n")
	f.Add("{\"a\":{\"b\":[1,2,{}],\"b\":0}}\n\n[")
	f.Add("{\"x\":-0.0E+1,\"d\":\"1.5\",\"t\":\"2024-05-01\"}")
	f.Fuzz(func(t *testing.T, text string) {
		for _, fields := range [][]schema.Field{nil, everyField} {
			checkLines(t, text, fields)
		}
	})
}

// checkLines reads a text, and compares which lines are objects with what encoding/json says.
func checkLines(t *testing.T, text string, fields []schema.Field) {
	input, err := openLines(t, text, format.Options{Fields: fields})
	if err != nil {
		return
	}
	var wanted []format.Wanted
	for i, c := range input.Columns() {
		wanted = append(wanted, format.Wanted{Column: i, Type: c.Type})
	}
	rows, bad, err := readRows(input, wanted)
	if err != nil {
		t.Fatal(err)
	}
	broken := map[int64]string{}
	for _, b := range bad {
		if b.Row < 1 || b.Row > int64(len(rows)) || b.Line < b.Row {
			t.Fatalf("%d rows, bad %+v", len(rows), b)
		}
		if b.Code == format.BadRecord {
			broken[b.Row] = b.Message
		}
	}
	row := int64(0)
	for _, line := range strings.Split(strings.TrimPrefix(text, "\xEF\xBB\xBF"), "\n") {
		if strings.Trim(line, " \t\r") == "" {
			continue
		}
		row++
		if good := isObject(line); !good && broken[row] == "" || good && !stricter(line, broken[row]) {
			t.Fatalf("row %d, %q: %q", row, line, broken[row])
		}
	}
	if row != int64(len(rows)) {
		t.Fatalf("%d rows, want %d", len(rows), row)
	}
}

// stricter reports whether a line was read, or refused for what encoding/json lets pass.
func stricter(line, problem string) bool {
	if problem == "" || !utf8.ValidString(line) {
		return true
	}
	for _, what := range []string{"is there twice", "surrogate", "nested more than"} {
		if strings.Contains(problem, what) {
			return true
		}
	}
	return false
}
