package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/lang"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/wire"
)

// TestOptions says which tests run.
type TestOptions struct {
	Dir   string
	Names []string // empty: all
	// Update rewrites what the tests expect to what the engine gives.
	Update bool
}

// TestResult is what became of tests. Lists are never nil.
type TestResult struct {
	Passed  int        `json:"passed"`
	Failed  int        `json:"failed"`
	Tests   []TestCase `json:"tests"`
	Updated []string   `json:"updated,omitempty"` // files that were rewritten
}

// TestCase is what became of one test.
type TestCase struct {
	Name   string      `json:"test"`
	View   string      `json:"view"`
	File   string      `json:"file"`
	Line   int         `json:"line"`
	Passed bool        `json:"passed"`
	Values []TestValue `json:"values"`
}

// TestValue is one value that a test expects. Parts are what it was computed from, and only there
// if it is another one.
type TestValue struct {
	Feature  string          `json:"feature"`
	Type     string          `json:"type"`
	Expected json.RawMessage `json:"expected"`
	Got      json.RawMessage `json:"got"`
	Status   string          `json:"status"`
	Passed   bool            `json:"passed"`
	Parts    []wire.WhyPart  `json:"parts,omitempty"`

	got schema.Value
}

// testedEvents is how many events of each part of a failed value are listed.
const testedEvents = 100

// Test runs the tests of a project: the engine over the events of each test, and nothing else. It
// reads the definitions only, no data.
func Test(ctx context.Context, options TestOptions) (*TestResult, error) {
	project, err := OpenProject(options.Dir)
	if err != nil {
		return nil, err
	}
	compiled := project.Compile(Heads)
	if compiled.Plan == nil {
		errs, _ := compiled.count()
		return nil, Invalid(fmt.Sprintf("the definitions are not valid, %d of what is listed are errors",
			errs), compiled.Problems...)
	}
	tests, err := chosenTests(compiled.Plan, options.Names)
	if err != nil {
		return nil, err
	}
	// A pointer to each text, since an update changes it for the next test of the file.
	texts := []*lang.File{&project.input.Project}
	for i := range project.input.Files {
		texts = append(texts, &project.input.Files[i])
	}
	places := lang.TestPlaces(texts)
	result := &TestResult{Tests: []TestCase{}}
	for _, t := range tests {
		place := places[t.Name]
		c, err := runTest(ctx, compiled.Plan, t)
		if err != nil {
			return nil, testError(t.Name, err)
		}
		c.File, c.Line = texts[place.File].Path, place.Line
		if options.Update && !c.Passed {
			if err := project.updateTest(texts[place.File], c); err != nil {
				return nil, testError(t.Name, err)
			}
			if name := c.File; !slices.Contains(result.Updated, name) {
				result.Updated = append(result.Updated, name)
			}
		}
		if c.Passed {
			result.Passed++
		} else {
			result.Failed++
		}
		result.Tests = append(result.Tests, *c)
	}
	return result, nil
}

// testError says which test could not be run.
func testError(name string, err error) error {
	var known *Error
	if !errors.As(asError(err), &known) {
		return err
	}
	named := *known
	named.Message = "the test " + name + ": " + known.Message
	return &named
}

// chosenTests returns the tests of the names, in the order of the plan.
func chosenTests(p *plan.Plan, names []string) ([]*plan.Test, error) {
	var known []string
	for _, t := range p.Tests {
		known = append(known, t.Name)
	}
	for _, name := range names {
		if slices.Contains(known, name) {
			continue
		}
		hint := "there are no tests"
		if near := schema.Nearest(name, known); near != "" {
			hint = "did you mean " + near + "?"
		} else if len(known) > 0 {
			hint = "the first test is " + known[0]
		}
		return nil, usageError("there is no test "+name, hint)
	}
	if len(names) == 0 {
		return p.Tests, nil
	}
	return slices.DeleteFunc(slices.Clone(p.Tests), func(t *plan.Test) bool {
		return !slices.Contains(names, t.Name)
	}), nil
}

// runTest computes what a test expects and compares. Why it got something else is found by
// computing that value once more with a trace.
func runTest(ctx context.Context, p *plan.Plan, t *plan.Test) (*TestCase, error) {
	c := &TestCase{Name: t.Name, View: t.View.Name, Passed: true, Values: []TestValue{}}
	if t.View.Source != nil {
		if err := testable(t.View.Source); err != nil {
			return nil, err // what is expected could not even be compiled
		}
	}
	events := newTestEvents(t)
	for _, e := range t.Expect {
		f := t.View.Features[e.Feature]
		v := TestValue{Feature: t.View.Name + "." + f.Name, Type: f.Type.String()}
		value, err := testedValue(ctx, p, t, f.Name, events, nil)
		if err != nil {
			return nil, err
		}
		v.got, v.Status = value.Column.Value(0), value.Status[0].String()
		v.Expected, v.Got = wire.AppendValue(nil, e.Value), wire.AppendCell(nil, value.Column, 0)
		v.Passed = sameValue(f.Type, v.Expected, v.Got)
		if !v.Passed {
			c.Passed = false
			if v.Parts, err = tracedParts(ctx, p, t, f.Name, events); err != nil {
				return nil, err
			}
		}
		c.Values = append(c.Values, v)
	}
	return c, nil
}

// testable refuses sources whose columns nothing tells but their data.
func testable(sources ...*plan.Source) error {
	for _, source := range sources {
		if source.Unchecked {
			return &Error{
				Code: ExitInvalid, Message: "the columns of the source " + source.Name + " are not known",
				Hint: "declare fields:, or run fettle lint --pin where its files are",
			}
		}
	}
	return nil
}

// sameValue compares values as they are written. JSON may be spaced in any way.
func sameValue(t schema.Type, a, b []byte) bool {
	if t.Kind != schema.JSON {
		return bytes.Equal(a, b)
	}
	var x, y bytes.Buffer
	return json.Compact(&x, a) == nil && json.Compact(&y, b) == nil && bytes.Equal(x.Bytes(), y.Bytes())
}

// testedValue computes one feature of a test's view.
func testedValue(ctx context.Context, p *plan.Plan, t *plan.Test, feature string, events engine.Events,
	trace *engine.Trace) (*engine.Value, error) {
	s, err := plan.ForFeatures(p, []string{t.View.Name + "." + feature})
	if err != nil {
		return nil, err
	}
	if err := testable(s.Sources()...); err != nil {
		return nil, err
	}
	keys := engine.Keys{Entity: t.View.Entity}
	for _, v := range t.Key {
		keys.Columns = append(keys.Columns, batch.Repeat(v, 1))
	}
	rows := engine.Rows{
		Count: 1, Times: []int64{t.Now}, Roles: []engine.Keys{keys}, Request: map[string]*batch.Column{},
	}
	fields, _, err := s.Requests()
	if err != nil {
		return nil, err
	}
	for _, field := range fields {
		value, given := t.Request[field.Name]
		if !given {
			value = schema.NullOf(field.Type)
		}
		rows.Request[field.Name] = batch.Repeat(value, 1)
	}
	f := s.Features[0]
	values, _, err := engine.Evaluate(ctx, events, rows,
		[]engine.Wanted{{Role: f.Role, View: f.View, Feature: f.Feature}}, engine.Options{Workers: 1, Trace: trace})
	if err != nil {
		return nil, err
	}
	return values[0], nil
}

// tracedParts lists the events of a test behind a value. An event is named by its number in the
// test, of its source, from 1.
func tracedParts(ctx context.Context, p *plan.Plan, t *plan.Test, feature string, events *testEvents) (
	[]wire.WhyPart, error) {
	trace := &engine.Trace{}
	if _, err := testedValue(ctx, p, t, feature, events, trace); err != nil {
		return nil, err
	}
	var parts []wire.WhyPart
	for _, read := range trace.Reads {
		parts = append(parts, partOf(read, testedEvents, func(e engine.TraceEvent) string {
			return fmt.Sprintf("event %d", events.number(read.View.Source, e.ChunkRow))
		}))
	}
	return parts, nil
}

// updateTest writes what a test got as what it expects, and keeps the text for further tests of the
// file.
func (p *Project) updateTest(f *lang.File, c *TestCase) error {
	var values []lang.NamedValue
	for i := range c.Values {
		if v := &c.Values[i]; !v.Passed {
			name := v.Feature[len(c.View)+1:]
			values = append(values, lang.NamedValue{Name: name, Value: v.got})
			v.Expected, v.Passed, v.Parts = v.Got, true, nil
		}
	}
	text, err := lang.UpdateTest(*f, c.Name, values)
	if err != nil {
		return &Error{
			Code: ExitInvalid, Message: "rewrite " + f.Path, Err: err,
			Hint: "write each field of the test on a line of its own",
		}
	}
	if err := p.writeFile(f.Path, text); err != nil {
		return err
	}
	f.Text, c.Passed = text, true
	return nil
}

// WriteTest writes a recorded test into a file of its own, below the first folder of definitions or
// where output says, and returns its path. A file that exists is left alone.
func WriteTest(dir, output string, recorded *wire.Recorded) (string, error) {
	project, err := OpenProject(dir)
	if err != nil {
		return "", err
	}
	name := output
	if name == "" {
		folder := "features"
		if len(project.Settings.Definitions) > 0 {
			folder = project.Settings.Definitions[0]
		}
		name = filepath.Join(project.Root, filepath.FromSlash(folder), "tests", recorded.Test+".yaml")
		if err := project.disk.MkdirAll(filepath.Dir(name)); err != nil {
			return "", &Error{Code: ExitUnavailable, Message: "write the test", Err: err}
		}
	}
	if _, err := project.disk.Stat(name); !errors.Is(err, fs.ErrNotExist) {
		return "", &Error{
			Code: ExitRefused, Message: name + " exists already", Err: err, Hint: "give another --name or --output",
		}
	}
	err = disk.WriteFile(project.disk, name, func(w io.Writer) error {
		_, err := io.WriteString(w, recorded.Text)
		return err
	})
	if err != nil {
		return "", &Error{Code: ExitUnavailable, Message: "write the test", Err: err}
	}
	return name, nil
}
