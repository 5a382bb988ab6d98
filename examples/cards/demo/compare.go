package main

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/fettle-ml/fettle/examples/auc"
)

// dataset is a training set read back: columns by name.
type dataset struct {
	names   []string
	columns map[string][]string
	rows    int
}

func (d *demo) read(name string) (*dataset, error) {
	file, err := os.Open(filepath.Join(d.folder, name))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	records, err := csv.NewReader(file).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	set := &dataset{names: records[0], columns: map[string][]string{}, rows: len(records) - 1}
	for i, column := range set.names {
		for _, record := range records[1:] {
			set.columns[column] = append(set.columns[column], record[i])
		}
	}
	return set, nil
}

// compare shows what a join by event time alone would have put into the training set.
func (d *demo) compare() error {
	correct, err := d.read("fraud.csv")
	if err != nil {
		return err
	}
	naive, err := d.read("naive.csv")
	if err != nil {
		return err
	}
	d.say("", "5. What a naive join would have leaked. The same features, declared as if every payment",
		"   were known at once, and counting the payment that is asked about:", "")
	fmt.Fprintf(d.out, "     %-14s %12s %15s %13s\n", "feature", "cells differ", "AUC, naive join", "AUC, honest")
	fraud := correct.columns["is_fraud"]
	cells, differing := 0, 0
	for _, name := range naive.names {
		short, found := strings.CutPrefix(name, "card_spend_naive.")
		if !found {
			continue
		}
		a, b := correct.columns["card_spend."+short], naive.columns[name]
		n := 0
		for i := range a {
			if a[i] != b[i] {
				n++
			}
		}
		cells, differing = cells+len(a), differing+n
		fmt.Fprintf(d.out, "     %-14s %12d %15.3f %13.3f\n", short, n,
			measure(b, fraud), measure(a, fraud))
	}
	d.say("", fmt.Sprintf("   %d of %d cells hold something that was not known yet. The naive AUC is a promise",
		differing, cells), "   that breaks on the day the model goes live.")
	return d.example(correct, naive)
}

// example shows the row whose purchases of the last hour differ most, and why.
func (d *demo) example(correct, naive *dataset) error {
	const feature = "purchases_1h"
	a, b := correct.columns["card_spend."+feature], naive.columns["card_spend_naive."+feature]
	best, most := 0, 0
	for i := range a {
		x, _ := strconv.Atoi(a[i]) // an empty cell counts as none
		y, _ := strconv.Atoi(b[i])
		if y-x > most {
			best, most = i, y-x
		}
	}
	card, at := correct.columns["card_id"][best], correct.columns["time"][best]
	d.say("", fmt.Sprintf("   For example card %s at %s: %s was %s, the naive join says %s. Why?",
		card, at, feature, a[best], b[best]))
	_, err := d.fettle(true, "why", "card_spend."+feature, "card_id="+card, "--at", at)
	return err
}

// measure is the AUC of a column that holds numbers or nothing.
func measure(values, labels []string) float64 {
	rows := make([]auc.Row, len(values))
	for i := range values {
		value, err := strconv.ParseFloat(values[i], 64)
		rows[i] = auc.Row{Value: value, Missing: err != nil, Positive: labels[i] == "true"}
	}
	return auc.Of(rows)
}
