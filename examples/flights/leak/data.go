package main

import (
	"bufio"
	"embed"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/format"
	"github.com/fettle-ml/fettle/internal/schema"
)

//go:embed project
var definitions embed.FS

// prepare writes the project into a folder, with the flights and their landing times.
func prepare(flights, folder string) error {
	project, err := fs.Sub(definitions, "project")
	if err != nil {
		return err
	}
	if err := os.CopyFS(folder, project); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(folder, "data"), 0o755); err != nil {
		return err
	}
	file, err := os.Create(filepath.Join(folder, "data", "flights.parquet"))
	if err != nil {
		return err
	}
	buffered := bufio.NewWriter(file)
	return errors.Join(addLandings(flights, buffered), buffered.Flush(), file.Close())
}

// addLandings copies the flights and adds the column landed: the departure, the distance at 450
// miles an hour, 30 minutes of taxiing, and the delay if it is one.
func addLandings(flights string, out io.Writer) (err error) {
	stamp, whole := schema.Of(schema.Timestamp), schema.Of(schema.Int64)
	fields := []schema.Field{
		{Name: "date", Type: stamp}, {Name: "delay", Type: whole}, {Name: "distance", Type: whole},
		{Name: "origin", Type: schema.Of(schema.String)}, {Name: "landed", Type: stamp},
	}
	output, err := format.CreateLocal(out, fields, "date", "landed")
	if err != nil {
		return err
	}
	err = scan(flights, fields[:4], func(part *format.Part) error {
		columns := part.Batch.Columns
		landed := &batch.Column{Type: stamp, Length: part.Batch.Rows, Ints: make([]int64, part.Batch.Rows)}
		for i := range landed.Ints {
			miles, delay := columns[2].Ints[i], columns[1].Ints[i]
			flight := miles * 60 * schema.Minute / 450
			landed.Ints[i] = columns[0].Ints[i] + flight + (30+max(delay, 0))*schema.Minute
		}
		return output.Write(batch.New(fields, append(columns[:4:4], landed)))
	})
	return errors.Join(err, output.Close())
}

// scan reads columns of a Parquet file, in the order of fields.
func scan(name string, fields []schema.Field, emit func(*format.Part) error) (err error) {
	input, err := format.Open(disk.OS{}, name, format.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, input.Close()) }()
	wanted := make([]format.Wanted, len(fields))
	for i, field := range fields {
		wanted[i] = format.Wanted{Column: -1, Type: field.Type}
		for j, column := range input.Columns() {
			if column.Name == field.Name {
				wanted[i].Column = j
			}
		}
		if wanted[i].Column < 0 {
			return errors.New(name + " has no column " + field.Name)
		}
	}
	rows, err := input.Scan(wanted)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for {
		unit, err := rows.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := unit.Read(emit); err != nil {
			return err
		}
	}
}
