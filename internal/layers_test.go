package internal_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/fettle-ml/fettle"

// mayImport is the map of the product: a package of the first column may import those of the
// second, besides its own sub-packages. A new arrow is a reviewed change to this table. Packages
// of the design that do not exist yet stand here too, so that they are born in their place.
var mayImport = map[string]string{
	// words
	"schema": "",
	"batch":  "schema",
	"plan":   "schema",
	// ground
	"clock":  "",
	"disk":   "",
	"format": "schema batch disk",
	// mechanisms: none imports another
	"log":      "schema batch disk clock",
	"lang":     "plan schema",
	"engine":   "plan batch schema",
	"store":    "schema batch disk clock format",
	"source":   "schema batch disk clock format",
	"function": "schema batch disk clock",
	"registry": "plan schema disk clock",
	"monitor":  "batch schema clock",
	"wire":     "plan batch schema",
	"web":      "",
	// flows
	"state":    "engine store plan batch schema clock",
	"ingest":   "source engine store plan batch schema clock log format state",
	"backfill": "engine store plan batch schema clock log format state",
	"train":    "engine store plan batch schema clock log format state",
	"serve":    "engine store plan batch schema clock log format state",
	"schedule": "ingest backfill train serve store plan schema clock",
	"pipeline": "ingest backfill train serve store plan schema clock",
	// edges
	"client": "wire schema",
	"rpc":    "ingest backfill train serve registry monitor lang wire schema batch plan clock",
	"api":    "ingest backfill train serve registry monitor lang wire schema batch plan clock",
	// the projects that init writes, and the generator of their data
	"template": "schema batch disk format",
	// assembly
	"app": "schema batch plan clock disk format log lang engine store source function registry " +
		"monitor web state ingest backfill train serve schedule pipeline rpc api wire template",
	// cli reads and writes the files that a user names.
	"cli": "app client lang wire plan schema disk",
}

// onlyIn names the imports that belong to few packages. A place is a path below internal; it
// holds for the packages below it too.
var onlyIn = []struct{ imported, places, reason string }{
	{"github.com/parquet-go/parquet-go", "format", "format holds the only codecs"},
	{"github.com/apache/arrow-go", "format", "format holds the only codecs"},
	{"github.com/cockroachdb/pebble", "store", "a backend is imported where it is wrapped"},
	{"github.com/prometheus/client_golang", "api", "metrics are an edge"},
	{"github.com/klauspost/compress", "format source", "files are unpacked where they are read"},
	{"github.com/goccy/go-yaml", "lang", "definitions are read in one place"},
	{"golang.org/x/text", "engine", "the tables of Unicode are part of what functions mean"},
	{"github.com/spf13/cobra", "cli", "commands are the outermost layer"},
	{"github.com/spf13/pflag", "cli", "commands are the outermost layer"},
	{"os/exec", "function", "only the pool of user code starts processes"},
	{"net/http", "api client web source store function", "the rest does not know it is served"},
	{"time/tzdata", "", "schema/zone embeds the zone database, so that versions can name it"},
	{"plugin", "", "no code is loaded from data"},
	{"encoding/gob", "", "no code-shaped data is decoded"},
	{"C", "", "the binary is static"},
}

// pure packages give the same result on every replay: they touch neither files nor chance.
var pure = []string{"schema", "batch", "plan", "lang", "engine"}

var impure = []string{"os", "net", "net/http", "math/rand", "math/rand/v2", "crypto/rand", "log"}

// longestChain is how many arrows lie between two packages at most. The longest is that of a command:
// cli > app > api > ingest > state > store > format > batch > schema.
const longestChain = 8

type listed struct {
	ImportPath string
	Imports    []string
}

func TestLayers(t *testing.T) {
	t.Parallel()
	packages := listPackages(t)
	for _, problem := range violations(packages) {
		t.Error(problem)
	}
}

func TestLayersAreEnforced(t *testing.T) {
	t.Parallel()
	path := func(name string) string { return module + "/internal/" + name }
	cases := []struct {
		from, to, want string
	}{
		{path("lang/parse"), path("plan/builtin"), ""},
		{path("engine/expr"), path("engine"), ""},
		{path("engine"), path("lang/ast"), "engine may not import lang"},
		{path("plan"), path("batch"), "plan may not import batch"},
		{path("cli"), path("engine"), "cli may not import engine"},
		{path("engine/window"), "os", "engine/window is replayed and may not import os"},
		{path("app"), "github.com/spf13/cobra", "commands are the outermost layer"},
		{path("cli"), "github.com/spf13/cobra", ""},
		{path("util"), "strings", "util is not in the table"},
		{module + "/cmd/fettle", path("app"), "cmd/fettle may import only cli"},
	}
	for _, c := range cases {
		got := strings.Join(violations([]listed{{c.from, []string{c.to}}}), "\n")
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s imports %s: got %q, want %q", c.from, c.to, got, c.want)
		}
	}
	loop := []listed{{path("app"), []string{path("template")}}, {path("template"), []string{path("app")}}}
	if len(violations(loop)) == 0 {
		t.Error("a cycle passed")
	}
}

// listPackages asks the go tool for the packages of the module and their imports without tests.
func listPackages(t *testing.T) []listed {
	t.Helper()
	command := exec.Command("go", "list", "-json=ImportPath,Imports", "./...")
	command.Dir = ".."
	out, err := command.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("go list: %v\n%s", err, exit.Stderr)
		}
		t.Fatalf("go list: %v", err)
	}
	var packages []listed
	decoder := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}

func violations(packages []listed) []string {
	var problems []string
	arrows := map[string][]string{}
	for _, p := range packages {
		from, inside := strings.CutPrefix(p.ImportPath, module+"/internal/")
		if !inside {
			problems = append(problems, outside(p)...)
			continue
		}
		unit, _, _ := strings.Cut(from, "/")
		allowed, known := mayImport[unit]
		if !known {
			problems = append(problems, fmt.Sprintf("%s is not in the table of layers_test.go", unit))
		}
		for _, imported := range p.Imports {
			problems = append(problems, forbidden(from, imported)...)
			to, ours := strings.CutPrefix(imported, module+"/internal/")
			to, _, _ = strings.Cut(to, "/")
			if !ours || to == unit {
				continue
			}
			if !slices.Contains(arrows[unit], to) {
				arrows[unit] = append(arrows[unit], to)
			}
			if !slices.Contains(strings.Fields(allowed), to) {
				problems = append(problems, fmt.Sprintf("%s may not import %s (%s imports %s)",
					unit, to, from, strings.TrimPrefix(imported, module+"/internal/")))
			}
		}
	}
	return append(problems, tooLong(arrows)...)
}

// outside checks what is not below internal: the command, the examples, the tests and the public
// package.
func outside(p listed) []string {
	if p.ImportPath != module+"/cmd/fettle" {
		return nil
	}
	for _, imported := range p.Imports {
		if strings.HasPrefix(imported, module) && imported != module+"/internal/cli" {
			return []string{"cmd/fettle may import only cli, not " + imported}
		}
	}
	return nil
}

func forbidden(from, imported string) []string {
	var problems []string
	unit, _, _ := strings.Cut(from, "/")
	if slices.Contains(pure, unit) && slices.Contains(impure, imported) {
		problems = append(problems, fmt.Sprintf("%s is replayed and may not import %s", from, imported))
	}
	for _, rule := range onlyIn {
		if imported != rule.imported && !strings.HasPrefix(imported, rule.imported+"/") {
			continue
		}
		if !slices.Contains(strings.Fields(rule.places), unit) {
			problem := fmt.Sprintf("%s may not import %s: %s", from, imported, rule.reason)
			problems = append(problems, problem)
		}
	}
	return problems
}

// tooLong finds a chain of more arrows than longestChain; a cycle is one.
func tooLong(arrows map[string][]string) []string {
	var walk func(unit string, chain []string) []string
	walk = func(unit string, chain []string) []string {
		chain = append(slices.Clone(chain), unit)
		if len(chain) > longestChain+1 {
			return []string{"a chain of imports is too long: " + strings.Join(chain, " > ")}
		}
		for _, next := range arrows[unit] {
			if problems := walk(next, chain); problems != nil {
				return problems
			}
		}
		return nil
	}
	for unit := range arrows {
		if problems := walk(unit, nil); problems != nil {
			return problems
		}
	}
	return nil
}
