package history_test

import (
	"os"
	"slices"
	"testing"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/store/history"
)

// samplePart is what testdata/v1 holds; docs/formats/history.md lists it.
func samplePart() history.Part {
	card, amount := batch.NewBuilder(schema.Of(schema.String)), batch.NewBuilder(schema.DecimalOf(2))
	card.Append(schema.StringValue("c1"))
	card.Append(schema.NullOf(schema.Of(schema.String)))
	amount.Append(schema.Value{Type: schema.DecimalOf(2), Dec: schema.Int128{Lo: 1250}})
	amount.Append(schema.Value{Type: schema.DecimalOf(2), Dec: schema.Int128{Lo: 99}})
	const at = int64(1_767_225_600_000_000)
	return history.Part{From: 7, To: 42,
		Fields: []schema.Field{{Name: "card", Type: schema.Of(schema.String)},
			{Name: "amount", Type: schema.DecimalOf(2)}},
		Rows: []*history.Rows{{
			Orders:    []uint64{history.Order(9, 0), history.Order(41, 3)},
			EventTime: []int64{at, at - 1}, ReceivedAt: []int64{at + 5, at + 6},
			Available: []int64{at + 5, history.Never}, VisibleAt: []int64{at + 7, at + 8},
			Ops: []uint8{1, 3}, Columns: []*batch.Column{card.Column(), amount.Column()},
		}}}
}

// Every release reads what version 1 wrote.
func TestSample(t *testing.T) {
	t.Parallel()
	const dir = "testdata/v1/clicks"
	fsys := disk.NewFragile()
	if err := fsys.MkdirAll("history/clicks"); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 2 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		data, err := os.ReadFile(dir + "/" + file.Name())
		if err != nil {
			t.Fatal(err)
		}
		overwrite(t, fsys, "history/clicks/"+file.Name(), data)
	}
	v := open(t, fsys).View("clicks")
	part := samplePart()
	got := scanned(t, v, history.Request{Fields: part.Fields})
	if want := texts(part.Rows[0], 2); !slices.Equal(got, want) || v.First() != 7 || v.Position() != 42 {
		t.Fatalf("%d to %d:\n%q\nwant\n%q", v.First(), v.Position(), got, want)
	}
}
