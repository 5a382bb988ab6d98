// Command leak trains on the flights of the example and prints how well one feature, the origin's mean
// delay over the last hour, tells late flights from others when it is declared in four ways.
package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"github.com/fettle-ml/fettle/examples/auc"
	"github.com/fettle-ml/fettle/internal/format"
	"github.com/fettle-ml/fettle/internal/schema"
)

// declarations are the columns that model leak computes, and what each one means.
var declarations = []struct{ column, meaning string }{
	{"origin.and_itself.mean_60m", "left within the hour, this flight included"},
	{"origin.seen_at_once.mean_60m", "left within the hour, landed or not"},
	{"origin.known.mean_60m", "left within the hour and landed"},
	{"origin.learned.mean_60m", "landed within the hour"},
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: leak BINARY FLIGHTS.parquet")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "leak:", err)
		os.Exit(1)
	}
}

func run(binary, flights string, out io.Writer) error {
	folder, err := os.MkdirTemp("", "fettle-leak")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	if err := prepare(flights, folder); err != nil {
		return fmt.Errorf("add the landing times: %w", err)
	}
	training := filepath.Join(folder, "leak.parquet")
	command := exec.Command(binary, "-C", folder, "train", "--model", "leak", "--output", training)
	command.Stderr = os.Stderr
	if output, err := command.Output(); err != nil {
		return fmt.Errorf("train: %w\n%s", err, output)
	}
	table, err := read(training)
	if err != nil {
		return err
	}
	report(out, table)
	return nil
}

// read returns the columns of the training set that are compared, and the label.
func read(name string) (map[string][]auc.Row, error) {
	fields := []schema.Field{{Name: "label", Type: schema.Of(schema.Bool)}}
	for _, d := range declarations {
		fields = append(fields, schema.Field{Name: d.column, Type: schema.Of(schema.Float64)})
	}
	table := map[string][]auc.Row{}
	err := scan(name, fields, func(part *format.Part) error {
		late := part.Batch.Columns[0]
		for i, field := range fields[1:] {
			column := part.Batch.Columns[i+1]
			for row := range column.Length {
				r := auc.Row{Missing: column.IsNull(row), Positive: !late.IsNull(row) && late.Bools[row]}
				if !r.Missing {
					r.Value = column.Floats[row]
				}
				table[field.Name] = append(table[field.Name], r)
			}
		}
		return nil
	})
	return table, err
}

func report(out io.Writer, table map[string][]auc.Row) {
	all := table[declarations[0].column]
	late := 0
	for _, row := range all {
		if row.Positive {
			late++
		}
	}
	fmt.Fprintf(out, "%d flights, %.1f %% of them more than 15 minutes late.\n", len(all),
		100*float64(late)/float64(len(all)))
	fmt.Fprintln(out, "How well the mean delay at the origin tells them, by which flights are averaged:")
	fmt.Fprintf(out, "\n  %-44s %6s %15s %18s\n", "", "AUC", "rows with value", "AUC of those rows")
	for _, d := range declarations {
		rows := table[d.column]
		known := slices.DeleteFunc(slices.Clone(rows), func(row auc.Row) bool { return row.Missing })
		fmt.Fprintf(out, "  %-44s %6.3f %13.1f %% %18.3f\n", d.meaning, auc.Of(rows),
			100*float64(len(known))/float64(len(rows)), auc.Of(known))
	}
	fmt.Fprintln(out, "\nThe first two cannot be had on the day: they average delays that nobody knows yet.")
}
