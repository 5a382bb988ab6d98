package format_test

import (
	"bytes"
	"testing"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/format"
	"github.com/fettle-ml/fettle/internal/schema"
)

func TestCreateLocal(t *testing.T) {
	t.Parallel()
	at := schema.Of(schema.Timestamp)
	fields := []schema.Field{{Name: "wall", Type: at}, {Name: "utc", Type: at}}
	column := &batch.Column{Type: at, Length: 1, Ints: []int64{1_700_000_000_000_000}}
	var out bytes.Buffer
	output, err := format.CreateLocal(&out, fields, "wall")
	if err != nil {
		t.Fatal(err)
	}
	if err := output.Write(batch.New(fields, []*batch.Column{column, column})); err != nil {
		t.Fatal(err)
	}
	if err := output.Close(); err != nil {
		t.Fatal(err)
	}
	fsys := disk.NewMemory()
	fsys.Add("a.parquet", out.Bytes())
	input, err := format.Open(fsys, "a.parquet", format.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer input.Close()
	if columns := input.Columns(); !columns[0].Local || columns[1].Local {
		t.Errorf("%+v", columns)
	}
	if _, err := format.CreateLocal(&out, fields, "other"); err == nil {
		t.Error("a column that is not there passed")
	}
}
