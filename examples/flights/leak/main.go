// Command leak trains on the flights example and prints how well one feature, the origin's mean delay
// over the last hour, tells late flights from others when it is declared in three ways.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/fettle-ml/fettle/examples/auc"
	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/format"
	"github.com/fettle-ml/fettle/internal/schema"
)

const project = "examples/flights"

// declarations are the columns that model leak computes, and what each one means.
var declarations = []struct{ column, meaning string }{
	{"origin.and_itself.mean_60m", "includes the flight itself"},
	{"origin.seen_at_once.mean_60m", "by departure, landed or not"},
	{"origin.known.mean_60m", "only what was known"},
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: leak BINARY, from the root of the repository")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "leak:", err)
		os.Exit(1)
	}
}

func run(binary string) error {
	folder, err := os.MkdirTemp("", "fettle-leak")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	output := filepath.Join(folder, "leak.parquet")
	if err := execute("sh", project+"/get-data.sh"); err != nil {
		return err
	}
	if err := execute(binary, "-C", project, "train", "--model", "leak", "--output", output); err != nil {
		return err
	}
	table, err := read(output)
	if err != nil {
		return err
	}
	late := table["label"]
	fmt.Printf("%d flights, %.1f %% of them more than 15 minutes late\n\n", len(late), share(late))
	fmt.Println("AUC of the origin's mean delay over the last hour")
	for _, d := range declarations {
		rows, found := table[d.column]
		if !found {
			return fmt.Errorf("the training set has no column %s", d.column)
		}
		for i := range rows {
			rows[i].Positive = late[i].Value != 0
		}
		fmt.Printf("  %-30s %.3f\n", d.meaning, auc.Of(rows))
	}
	return nil
}

// execute runs a command with its output on stderr.
func execute(name string, args ...string) error {
	command := exec.Command(name, args...)
	command.Stdout, command.Stderr = os.Stderr, os.Stderr
	if err := command.Run(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func share(labels []auc.Row) float64 {
	n := 0
	for _, row := range labels {
		if row.Value != 0 {
			n++
		}
	}
	return 100 * float64(n) / float64(len(labels))
}

// read returns the numbers and truths of a Parquet file by column.
func read(name string) (table map[string][]auc.Row, err error) {
	input, err := format.Open(disk.OS{}, name, format.Options{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, input.Close()) }()
	var wanted []format.Wanted
	for i, column := range input.Columns() {
		if column.Type.Kind == schema.Float64 || column.Type.Kind == schema.Bool {
			wanted = append(wanted, format.Wanted{Column: i, Type: column.Type})
		}
	}
	scan, err := input.Scan(wanted)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, scan.Close()) }()
	table = map[string][]auc.Row{}
	for {
		unit, err := scan.Next()
		if errors.Is(err, io.EOF) {
			return table, nil
		}
		if err != nil {
			return nil, err
		}
		if err := unit.Read(func(part *format.Part) error { return collect(table, part) }); err != nil {
			return nil, err
		}
	}
}

func collect(table map[string][]auc.Row, part *format.Part) error {
	for i, field := range part.Batch.Fields {
		column := part.Batch.Columns[i]
		for row := range column.Length {
			r := auc.Row{Missing: column.IsNull(row)}
			switch {
			case r.Missing:
			case column.Bools != nil:
				if column.Bools[row] {
					r.Value = 1
				}
			default:
				r.Value = column.Floats[row]
			}
			table[field.Name] = append(table[field.Name], r)
		}
	}
	return nil
}
