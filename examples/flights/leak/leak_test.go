package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/examples/auc"
	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/cli"
	"github.com/fettle-ml/fettle/internal/format"
	"github.com/fettle-ml/fettle/internal/schema"
)

// writeFlights writes flights from ATL of 450 miles: departure in minutes and delay.
func writeFlights(t *testing.T, name string, flights [][2]int64) {
	t.Helper()
	stamp, whole, text := schema.Of(schema.Timestamp), schema.Of(schema.Int64), schema.Of(schema.String)
	fields := []schema.Field{{Name: "date", Type: stamp}, {Name: "delay", Type: whole},
		{Name: "distance", Type: whole}, {Name: "origin", Type: text}, {Name: "destination", Type: text}}
	builders := make([]*batch.Builder, len(fields))
	for i, field := range fields {
		builders[i] = batch.NewBuilder(field.Type)
	}
	for _, flight := range flights {
		at := 980_000_000*schema.Second + flight[0]*schema.Minute
		for i, v := range []schema.Value{{Type: stamp, Int: at}, schema.IntValue(flight[1]),
			schema.IntValue(450), schema.StringValue("ATL"), schema.StringValue("JFK")} {
			builders[i].Append(v)
		}
	}
	columns := make([]*batch.Column, len(fields))
	for i, b := range builders {
		columns[i] = b.Column()
	}
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	output, err := format.CreateLocal(file, fields, "date")
	if err != nil {
		t.Fatal(err)
	}
	if err := output.Write(batch.New(fields, columns)); err != nil {
		t.Fatal(err)
	}
	if err := output.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestDeclarations follows three flights: the second leaves while the first is in the air, the third
// when the first has landed more than an hour ago and the second, 40 minutes late, has just.
func TestDeclarations(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	flights := filepath.Join(folder, "flights.parquet")
	writeFlights(t, flights, [][2]int64{{0, -5}, {30, 40}, {165, 20}})
	project := filepath.Join(folder, "project")
	if err := prepare(flights, project); err != nil {
		t.Fatal(err)
	}
	var complaints strings.Builder
	training := filepath.Join(folder, "leak.parquet")
	code := cli.Run(t.Context(), []string{"-C", project, "train", "--model", "leak", "--output", training},
		cli.Streams{Out: &complaints, Err: &complaints})
	if code != 0 {
		t.Fatal(complaints.String())
	}
	table, err := read(training)
	if err != nil {
		t.Fatal(err)
	}
	none := auc.Row{Missing: true}
	value := func(x float64) auc.Row { return auc.Row{Value: x} }
	want := map[string][]auc.Row{
		"origin.and_itself.mean_60m":   {value(-5), value(17.5), value(20)},
		"origin.seen_at_once.mean_60m": {none, value(-5), none},
		"origin.known.mean_60m":        {none, none, none},
		"origin.learned.mean_60m":      {none, none, value(40)},
	}
	late := []bool{false, true, true}
	for name, rows := range want {
		for i, row := range rows {
			row.Positive = late[i]
			if got := table[name][i]; got != row {
				t.Errorf("%s, flight %d: %+v, want %+v", name, i, got, row)
			}
		}
	}
	var out strings.Builder
	report(&out, table)
	if !strings.HasPrefix(out.String(), "3 flights, 66.7 % of them") {
		t.Error(out.String())
	}
}
