// Command demo tells the story of the cards example: it begins the project in a temporary folder,
// checks it, shows what was compiled, trains, and compares with what a plain join would have given.
// Two runs print the same.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: demo BINARY")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// demo is one run: the binary, the folder it works in, and where the story goes.
type demo struct {
	binary string
	folder string
	out    io.Writer
}

func run(binary string, out io.Writer) error {
	binary, err := filepath.Abs(binary)
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "fettle-demo")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	d := &demo{binary: binary, folder: folder, out: out}
	for _, step := range []func() error{d.begin, d.lint, d.layers, d.train, d.compare, d.live, d.prove} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (d *demo) say(lines ...string) {
	for _, line := range lines {
		fmt.Fprintln(d.out, line)
	}
}

// fettle runs a command in the project and returns its output; show prints both.
func (d *demo) fettle(show bool, args ...string) ([]byte, error) {
	if show {
		d.say("", "  $ fettle "+strings.Join(args, " "))
	}
	command := exec.Command(d.binary, args...)
	command.Dir = d.folder
	var complaints bytes.Buffer
	command.Stderr = &complaints
	output, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("fettle %s: %w\n%s%s", strings.Join(args, " "), err, output, complaints.Bytes())
	}
	if show {
		for line := range strings.Lines(string(output)) {
			fmt.Fprint(d.out, "  ", line)
		}
	}
	return output, nil
}

func (d *demo) begin() error {
	d.say("1. A project with generated data: 2,000 cards, 90 days, 200,000 payments, 600 thefts.")
	if _, err := d.fettle(true, "init", "--template", "cards", "."); err != nil {
		return err
	}
	definition, err := os.ReadFile(filepath.Join(d.folder, "features", "sources.yaml"))
	if err != nil {
		return err
	}
	first, _, _ := strings.Cut(string(definition), "---")
	d.say("", "   A source says when an event happened, and when it could be known:", "")
	for line := range strings.Lines(first) {
		fmt.Fprint(d.out, "  | ", line)
	}
	return nil
}

func (d *demo) lint() error {
	d.say("", "2. The definitions are checked without reading data.")
	_, err := d.fettle(true, "lint")
	return err
}

// layers prints the compiled features by layer, which is inferred.
func (d *demo) layers() error {
	output, err := d.fettle(false, "lint", "--format", "json")
	if err != nil {
		return err
	}
	var result struct {
		Features []struct {
			Name, Layer, Freshness, Type, Expression string
		}
	}
	if err := json.Unmarshal(output, &result); err != nil {
		return fmt.Errorf("read what lint says: %w", err)
	}
	d.say("", "3. What was compiled. Nobody declared the layers; they follow from what a feature reads.")
	for _, layer := range []string{"raw", "derived", "aggregate", "cross-entity", "request"} {
		d.say("", "   "+layer)
		found := false
		for _, f := range result.Features {
			if f.Layer == layer && !strings.Contains(f.Name, "naive") {
				found = true
				fmt.Fprintf(d.out, "     %-32s %-9s %-8s %s\n", f.Name, f.Freshness, f.Type, f.Expression)
			}
		}
		if !found {
			return errors.New("no feature of layer " + layer)
		}
	}
	return nil
}

func (d *demo) train() error {
	d.say("", "4. A training set: 10,000 payments, each with its features as of its own moment.")
	if _, err := d.fettle(true, "train", "--model", "fraud", "--labels", "data/labels.csv",
		"--time", "time", "--target", "is_fraud", "--output", "fraud.csv"); err != nil {
		return err
	}
	_, err := d.fettle(false, "train", "--model", "fraud_naive", "--labels", "data/labels.csv",
		"--time", "time", "--output", "naive.csv")
	return err
}
