package format_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/format"
	"github.com/fettle-ml/fettle/internal/schema"
)

func openText(t testing.TB, name, text string) (format.Input, error) {
	t.Helper()
	fsys := disk.NewMemory()
	fsys.Add(name, []byte(text))
	return format.Open(fsys, name, format.Options{})
}

// describeText lists columns, rows and bad cells of a CSV text, a line each.
func describeText(t testing.TB, text string) string {
	t.Helper()
	input, err := openText(t, "a.csv", text)
	if err != nil {
		return err.Error() + "\n"
	}
	defer input.Close()
	var out strings.Builder
	var wanted []format.Wanted
	for i, c := range input.Columns() {
		fmt.Fprintf(&out, "%s:%s", c.Name, c.Type)
		if c.Local {
			out.WriteString("*")
		}
		out.WriteString(" ")
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

const afterQuote = "a comma or the end of the line must follow the closing quote, " +
	"not 'y'; a quote inside quotes is doubled\n"

func TestCSV(t *testing.T) {
	t.Parallel()
	f := func(text, want string) {
		t.Helper()
		if got := describeText(t, text); got != strings.TrimLeft(want, "\n") {
			t.Errorf("%q gives\n%s, want\n%s", text, got, want)
		}
	}
	f("a,b\n1,x\n2,\n", `
a:int64 b:string 
1 ["1" "x"]
2 ["2" "null"]
`)
	// An empty field is null, a quoted empty one is a text.
	f("a,b\n\"\",\n,\"\"\n", `
a:string b:string 
1 ["" "null"]
2 ["null" ""]
`)
	// No line end at the end; carriage returns; a mark of UTF-8; empty lines are no rows.
	f("\xEF\xBB\xBFa,b\r\n1,\"x\"\r\n\r\n2,y", `
a:int64 b:string 
1 ["1" "x"]
2 ["2" "y"]
`)
	// Commas, quotes and line ends in quotes; a quote inside an unquoted field is itself.
	f("a,b\n\"x,\"\"y\"\"\nz\",5\" pipe\n1,2\n", `
a:string b:string 
1 ["x,\"y\"\nz" "5\" pipe"]
2 ["1" "2"]
`)
	// With one column an empty line is a null.
	f("a\n1\n\n3\n", `
a:int64 
1 ["1"]
2 ["null"]
3 ["3"]
`)
	f("a,b\n1,2\n1\n1,2,3\n\"x\"y,2\n3,4\n", `
a:int64 b:int64 
1 ["1" "2"]
2 ["null" "null"]
3 ["null" "null"]
4 ["null" "null"]
5 ["3" "4"]
row 2 line 3  bad_record: 1 fields, the header has 2
row 3 line 4  bad_record: 3 fields, the header has 2
row 4 line 5  bad_record: `+afterQuote)
	f("a,b\n1,\"open\n2,3\n", `
a:null b:null 
1 ["null" "null"]
row 1 line 2  bad_record: a quote is not closed
`)
	f("", "a.csv: it is empty; the first line must be a header with the names of columns\n")
	f("a,b\n", "a:null b:null \n")
	f("\xFF\xFEa\x00", "a.csv: it is UTF-16; save it as UTF-8\n")
}

func TestCSVTypes(t *testing.T) {
	t.Parallel()
	f := func(fields, want string) {
		t.Helper()
		text := "a\n" + strings.ReplaceAll(fields, " | ", "\n") + "\n"
		got := strings.Fields(describeText(t, text))[0]
		if got != "a:"+want {
			t.Errorf("%s is read as %s, want %s", fields, got, want)
		}
	}
	f("1 | -2 | +3", "int64")
	f("9223372036854775807 | -9223372036854775808", "int64")
	f("1 | 2.5", "float64")
	f("1e3 | nan | -inf | Infinity", "float64")
	f("0.5 | -0.0 | 0", "float64")
	f("1e999", "string")
	f("0x10", "string")
	f("007", "string")
	f("12345678901234567890", "string")
	f("12345678901234567890 | 1.5", "string")
	f("true | False | TRUE", "bool")
	f("true | 1", "string")
	f("2024-02-29 | 1969-12-31", "date*")
	f("2023-02-29", "string")
	f("2024-05-01T12:30:00Z | 2024-05-01 12:30:00.5+02 | 2024-05-01T12:30:00-0330", "timestamp")
	f("2024-05-01T12:30:00 | 2024-05-01", "timestamp*")
	f("2024-05-01T12:30:00 | 2024-05-01T12:30:00Z", "string")
	f("x | 1", "string")
	f("NA | 1", "string")
	f("\"\" | 1", "string")
	f("\"1\" | 2", "int64")
}

// TestCSVMisfit reads cells behind those that the types are inferred from.
func TestCSVMisfit(t *testing.T) {
	t.Parallel()
	row := "1,1.5,true,2024-01-01,2024-01-01T00:00:00Z,2024-01-01T00:00:00,x\n"
	head := "i,f,b,d,z,w,s\n" + strings.Repeat(row, 10000)
	got := describeText(t, head+"x,y,z,2024-13-01,2024-01-01T00:00:00,2024-01-01T00:00:00Z,\xFF\n"+
		"1.5,nan,1,2024-01-01T00:00:00Z,nope,nope,y\n"+",,,,,,\n")
	lines := strings.Split(got, "\n")
	got = strings.Join(append(lines[:1], lines[10001:]...), "\n")
	want := strings.TrimLeft(`
i:int64 f:float64 b:bool d:date* z:timestamp w:timestamp* s:string 
10001 ["null" "null" "null" "null" "null" "null" "null"]
10002 ["null" "null" "null" "null" "null" "null" "y"]
10003 ["null" "null" "null" "null" "null" "null" "null"]
row 10001 line 10002 i bad_type: "x" is not an int64
row 10001 line 10002 f bad_type: "y" is not a float64
row 10001 line 10002 b bad_type: "z" is not true or false
row 10001 line 10002 d bad_type: "2024-13-01" is not a date; write YYYY-MM-DD
row 10001 line 10002 z bad_type: "2024-01-01T00:00:00" has no zone, and the column is read as times with one
row 10001 line 10002 w bad_type: "2024-01-01T00:00:00Z" has a zone, but the first times of the column have none
row 10001 line 10002 s bad_type: "\xff" is not valid UTF-8
row 10002 line 10003 i bad_type: "1.5" is not an int64
row 10002 line 10003 b bad_type: "1" is not true or false
row 10002 line 10003 d bad_type: "2024-01-01T00:00:00Z" is not a date; write YYYY-MM-DD
row 10002 line 10003 z bad_type: "nope" is not a time; write it as 2024-05-01T12:30:00Z
row 10002 line 10003 w bad_type: "nope" is not a time; write it as 2024-05-01T12:30:00Z
`, "\n")
	if got != want {
		t.Errorf("got\n%s, want\n%s", got, want)
	}
}

func TestCSVRoundTrip(t *testing.T) {
	t.Parallel()
	for _, rows := range []int{0, 1, 5000, 20000} {
		table := randomTable(uint64(rows)+1, rows, 0.1)
		data := write(t, format.CSV, table)
		got, bad := read(t, "t.csv", data, table.Fields)
		if len(bad) > 0 {
			t.Fatalf("bad cells: %v", bad[0])
		}
		compareRows(t, got, cells(table))
		if cut := write(t, format.CSV, table, rows/3, rows/2); !bytes.Equal(data, cut) {
			t.Fatal("other batches gave another file")
		}
	}
}

// TestCSVBlocks reads records that lie across the ends of blocks, of many lengths.
func TestCSVBlocks(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	text.WriteString("n,s\n")
	var want [][]string
	for i := range 300 {
		s := strings.Repeat("ab\"c,\n", i*i%3500)
		want = append(want, []string{fmt.Sprint(i), s})
		fmt.Fprintf(&text, "%d,\"%s\"\n\n", i, strings.ReplaceAll(s, `"`, `""`))
	}
	fields := []schema.Field{{Name: "n", Type: schema.Of(schema.Int64)}, {Name: "s", Type: schema.Of(schema.String)}}
	got, bad := read(t, "a.csv", []byte(text.String()), fields)
	if len(bad) > 0 {
		t.Fatal(bad[0])
	}
	compareRows(t, got, want)
}

func TestCSVCompressed(t *testing.T) {
	t.Parallel()
	table := randomTable(5, 3000, 0.1)
	plain := write(t, format.CSV, table)
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	_, _ = w.Write(plain)
	_ = w.Close()
	encoder, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	packed := encoder.EncodeAll(plain, nil)
	for name, data := range map[string][]byte{"t.csv.gz": zipped.Bytes(), "t.csv.zst": packed} {
		got, _ := read(t, name, data, table.Fields)
		compareRows(t, got, cells(table))
		for _, damaged := range [][]byte{data[:len(data)/2], plain, {}} {
			_, err := openText(t, name, string(damaged))
			if err == nil {
				err = readError(t, name, damaged)
			}
			if err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("damaged %s: %v", name, err)
			}
		}
	}
}

func readError(t *testing.T, name string, data []byte) error {
	input, err := openText(t, name, string(data))
	if err != nil {
		return err
	}
	_, _, err = readRows(input, []format.Wanted{{Column: 0, Type: schema.Of(schema.String)}})
	return err
}

func TestHeaderOnly(t *testing.T) {
	t.Parallel()
	fsys := disk.NewMemory()
	fsys.Add("a.csv", []byte("x,\"y \"\"z\"\"\"\n1,2\n"))
	input, err := format.Open(fsys, "a.csv", format.Options{HeaderOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	columns := input.Columns()
	if len(columns) != 2 || columns[1].Name != `y "z"` || columns[0].Type.Kind != schema.Null {
		t.Errorf("columns %+v", columns)
	}
}

func FuzzCSV(f *testing.F) {
	f.Add("a,b\n1,\"x\n\"\"\"\r\n,\n")
	f.Add("a\n\"\n")
	f.Add("\"a\"\"\",b\n\r\n1\r")
	f.Fuzz(func(t *testing.T, text string) {
		input, err := openText(t, "a.csv", text)
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
		for _, b := range bad {
			if b.Row < 1 || b.Row > int64(len(rows)) || b.Line < 2 {
				t.Fatalf("%d rows, bad %+v", len(rows), b)
			}
		}
	})
}
