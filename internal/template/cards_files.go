package template

import (
	"errors"
	"fmt"
	"io"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/format"
)

// files are the generated files of the example. All random numbers are drawn here; what the files
// write depends on nothing but their rows, so they may be written in any order.
func (s Cards) files() ([]file, error) {
	r := &random{state: s.Seed}
	w, err := s.newWorld(r)
	if err != nil {
		return nil, fmt.Errorf("generate the cards: %w", err)
	}
	rows := s.purchases(r, w)
	labels := s.labelled(r, w, rows)
	files := []file{
		{"data/card_profiles.parquet", parquetFile(func() *batch.Batch { return profilesTable(w.cards) })},
		{"data/labels.csv", func(out io.Writer) error {
			_, err := out.Write(labelLines(labels))
			return err
		}},
	}
	names, parts := months(rows)
	for i, name := range names {
		files = append(files, file{
			"data/transactions/" + name + ".parquet",
			parquetFile(func() *batch.Batch { return transactions(parts[i]) }, "ts"),
		})
	}
	return files, nil
}

// parquetFile writes a batch that is built when its turn comes. The columns named local are wall
// clocks. Building late keeps one table in memory at a time.
func parquetFile(build func() *batch.Batch, local ...string) func(io.Writer) error {
	return func(out io.Writer) (err error) {
		b := build()
		output, err := format.CreateLocal(out, b.Fields, local...)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, output.Close()) }()
		return output.Write(b)
	}
}
