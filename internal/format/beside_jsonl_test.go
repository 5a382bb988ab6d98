package format_test

import (
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/format"
	"github.com/fettle-ml/fettle/internal/schema"
)

func openFields(t testing.TB, name string, data []byte, fields []schema.Field) format.Input {
	t.Helper()
	fsys := disk.NewMemory()
	fsys.Add(name, data)
	input, err := format.Open(fsys, name, format.Options{Fields: fields})
	if err != nil {
		t.Fatal(err)
	}
	return input
}

func TestBesideJSONL(t *testing.T) {
	t.Parallel()
	f := func(labels format.Input, kind format.Format, rows int, want string) {
		t.Helper()
		data, err := beside(t, kind, labels, rows)
		got := string(data)
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	lines := "\xEF\xBB\xBF{\"id\": 007, \"a\":1}"
	lines = strings.ReplaceAll(lines, "007", `"007"`) + "\r\n\n { } \n{\"z\":{},\"id\":\"\\u0061}\"}"
	open := func(text string) format.Input { return openBytes(t, "l.jsonl", []byte(text)) }
	f(open(lines), format.JSONL, 3, "{\"id\": \"007\", \"a\":1,\"v.n\":null}\n{\"v.n\":1}\n"+
		"{\"z\":{},\"id\":\"\\u0061}\",\"v.n\":2}\n")
	f(open(lines), format.CSV, 3, "id,a,z,v.n\n007,1,,\n,,,1\na},,{},2\n")
	f(open(lines), format.JSONL, 2, "2 rows were written beside 3 labels")
	f(open(lines), format.JSONL, 4, "4 rows were written beside 3 labels")
	f(openBytes(t, "l.csv", []byte("a,t,b\n1,2024-05-01T00:00:00,\n,,\"x\"\n")), format.JSONL, 2,
		"{\"a\":1,\"t\":\"2024-05-01T00:00:00.000000\",\"b\":null,\"v.n\":null}\n"+
			"{\"a\":null,\"t\":null,\"b\":\"x\",\"v.n\":1}\n")
	f(openBytes(t, "l.csv", []byte("a,a\n1,2\n")), format.JSONL, 1,
		"two columns are named a, and an object has a key but once; rename one")
	f(open("{\"v.n\":1}"), format.JSONL, 1, "the labels have a column v.n already; rename it there or here")
	f(open("{}\n{\"a\" 1}\n"), format.JSONL, 2, "label row 2 (line 2): column 6: a colon is expected, not '1'")
	// What the first rows do not tell.
	many := strings.Repeat("{}\n", 10000)
	f(open(many+"{\"v.n\":1}"), format.JSONL, 10001,
		"label row 10001 (line 10001): it has a field v.n already; rename it there or here")
	f(open(many+"{\"late\":1}"), format.CSV, 10001, "label row 10001, late: there is no such field; "+
		"write the output in the format of the labels to keep it")
}
