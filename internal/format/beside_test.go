package format_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/format"
	"github.com/fettle-ml/fettle/internal/schema"
)

var feature = []schema.Field{{Name: "v.n", Type: schema.Of(schema.Int64)}}

// numbers returns a batch of the feature: from, from+1, ..; every third is null.
func numbers(from, rows int) *batch.Batch {
	b := batch.NewBuilder(feature[0].Type)
	for i := from; i < from+rows; i++ {
		v := schema.IntValue(int64(i))
		if i%3 == 0 {
			v = schema.NullOf(feature[0].Type)
		}
		b.Append(v)
	}
	return batch.New(feature, []*batch.Column{b.Column()})
}

// beside writes a feature beside labels, in batches of odd sizes.
func beside(t testing.TB, kind format.Format, labels format.Input, rows int) ([]byte, error) {
	t.Helper()
	var out bytes.Buffer
	output, err := format.CreateBeside(&out, kind, labels, feature)
	if err != nil {
		return nil, err
	}
	for from := 0; from < rows; {
		n := min(rows-from, 1+from%5000)
		if err := output.Write(numbers(from, n)); err != nil {
			return nil, err
		}
		from += n
	}
	err = output.Close()
	return out.Bytes(), err
}

func openBytes(t testing.TB, name string, data []byte) format.Input {
	t.Helper()
	fsys := disk.NewMemory()
	fsys.Add(name, data)
	input, err := format.Open(fsys, name, format.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return input
}

// TestBesideEveryWay writes labels of both formats into all formats and reads them back.
func TestBesideEveryWay(t *testing.T) {
	t.Parallel()
	table := randomTable(11, 20000, 0.1)
	var want [][]string
	for i, row := range cells(table) {
		n := fmt.Sprint(i)
		if i%3 == 0 {
			n = "null"
		}
		want = append(want, append(row, n))
	}
	all := append(append([]schema.Field{}, table.Fields...), feature...)
	for _, from := range []format.Format{format.Parquet, format.CSV} {
		for _, to := range []format.Format{format.Parquet, format.CSV, format.JSONL} {
			labels := openBytes(t, "labels."+string(from), write(t, from, table))
			data, err := beside(t, to, labels, table.Rows)
			if err != nil {
				t.Fatalf("%s to %s: %v", from, to, err)
			}
			fields := all
			if from == format.CSV && to != format.CSV {
				fields = inferred(labels, all)
			}
			got, _ := readFields(t, "out."+string(to), data, fields)
			if from == format.CSV && to != format.CSV {
				continue // values are those of the inferred types, which differ as text
			}
			compareRows(t, got, want)
		}
	}
}

// inferred returns fields with the types that a CSV is read as.
func inferred(labels format.Input, fields []schema.Field) []schema.Field {
	fields = append([]schema.Field{}, fields...)
	for i, c := range labels.Columns() {
		fields[i].Type = c.Type
	}
	return fields
}

// TestBesideCopiesParquet compares each column of files from elsewhere, nested ones too, before and
// after.
func TestBesideCopiesParquet(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"types", "types_v2", "int96", "required", "delta", "decimal_int"} {
		input, err := format.Open(disk.OS{}, "testdata/"+name+".parquet", format.Options{})
		if err != nil {
			t.Fatal(err)
		}
		data, err := beside(t, format.Parquet, input, int(input.Rows()))
		if err != nil {
			t.Fatal(name, err)
		}
		copied := describeInput(t, openBytes(t, "out.parquet", data))
		before := describeInput(t, input)
		if !strings.HasPrefix(copied, before) {
			t.Errorf("%s: copied\n%s, before\n%s", name, copied, before)
		}
	}
}

func TestBesideCopiesCSV(t *testing.T) {
	t.Parallel()
	text := "\"id\",note\r\n007,\"a \"\"b\"\"\nc\"\r\n\r\n, 1.50 \n\"\",x"
	labels := openBytes(t, "l.csv", []byte(text))
	data, err := beside(t, format.CSV, labels, 3)
	if err != nil {
		t.Fatal(err)
	}
	want := "\"id\",note,v.n\n007,\"a \"\"b\"\"\nc\",\n, 1.50 ,1\n\"\",x,2\n"
	if string(data) != want {
		t.Errorf("got %q, want %q", data, want)
	}
}

func TestBesideRefuses(t *testing.T) {
	t.Parallel()
	three := []byte("a,b\n1,x\n2,y\n3,z\n")
	parquet := write(t, format.Parquet, randomTable(1, 3, 0))
	f := func(labels format.Input, kind format.Format, rows int, want string) {
		t.Helper()
		_, err := beside(t, kind, labels, rows)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%d rows as %s: %v, want %q", rows, kind, err, want)
		}
	}
	for _, kind := range []format.Format{format.CSV, format.Parquet} {
		f(openBytes(t, "l.csv", three), kind, 2, "2 rows were written beside 3 labels")
		f(openBytes(t, "l.csv", three), kind, 4, "4 rows were written beside 3 labels")
		f(openBytes(t, "l.parquet", parquet), kind, 2, "2 rows were written beside 3 labels")
		f(openBytes(t, "l.parquet", parquet), kind, 4, "4 rows were written beside 3 labels")
		f(openBytes(t, "l.csv", []byte("v.n\n1\n")), kind, 1, "have a column v.n already")
	}
	nested, err := format.Open(disk.OS{}, "testdata/types.parquet", format.Options{})
	if err != nil {
		t.Fatal(err)
	}
	f(nested, format.CSV, 4, "column struct cannot be read: it is a group of fields")
	misfit := "a\n" + strings.Repeat("1\n", 10000) + "x\n"
	f(openBytes(t, "l.csv", []byte(misfit)), format.Parquet, 10001, `label row 10001, a: "x" is not an int64`)
}
