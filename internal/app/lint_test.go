package app

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestLintPaths(t *testing.T) {
	t.Parallel()
	dir := writeProject(t, map[string]string{
		"fettle.yaml": "project: shop\n", "features/a.yaml": "entity: a\nkey: {a: strin}\n",
		"features/deep/b.yaml": "entity: b\nkey: {b: strin}\n",
	})
	f := func(errs int, paths ...string) {
		t.Helper()
		for i := range paths {
			paths[i] = filepath.Join(dir, paths[i])
		}
		result, err := Lint(t.Context(), LintOptions{Dir: dir, Paths: paths})
		if err != nil {
			t.Fatal(err)
		}
		if result.Errors != errs || result.Compiled {
			t.Errorf("%v: %d errors, want %d: %v", paths, result.Errors, errs, result.Problems)
		}
	}
	f(2)
	f(2, ".")
	f(1, "features/deep")
	f(1, "features/a.yaml")
	f(2, "features/a.yaml", "features/deep")
	f(0, "fettle.yaml")

	other := writeProject(t, map[string]string{"fettle.yaml": "project: other\n"})
	var known *Error
	_, err := Lint(t.Context(), LintOptions{Paths: []string{dir, other}})
	if !errors.As(err, &known) || known.Code != ExitUsage {
		t.Errorf("two projects: %v", err)
	}
}

func TestLintPin(t *testing.T) {
	t.Parallel()
	dir := writeProject(t, map[string]string{
		"fettle.yaml": "project: shop\n", "features/a.yaml": visits,
		"data/a.csv": "user,amount,at\nann,1.5,2024-05-01T10:00:00Z\n",
	})
	result, err := Lint(t.Context(), LintOptions{Dir: dir, Pin: true})
	if err != nil || len(result.Pinned) != 1 || result.Warnings != 0 {
		t.Fatalf("%+v %v", result, err)
	}
	first, err := os.ReadFile(filepath.Join(dir, "fettle.lock"))
	if err != nil {
		t.Fatal(err)
	}
	// A second pin looks at the files again: here they have another type.
	text := "user,amount,at\nann,much,2024-05-01T10:00:00Z\n"
	if err := os.WriteFile(filepath.Join(dir, "data/a.csv"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	result, err = Lint(t.Context(), LintOptions{Dir: dir, Pin: true})
	if err != nil || result.Errors != 1 || len(result.Pinned) != 0 {
		t.Errorf("sum of text: %+v %v", result, err)
	}
	if again, _ := os.ReadFile(filepath.Join(dir, "fettle.lock")); string(again) != string(first) {
		t.Error("definitions that are not valid changed the lock")
	}
	if result, err = Lint(t.Context(), LintOptions{Dir: dir}); err != nil || result.Errors != 0 {
		t.Errorf("with the lock: %+v %v", result, err)
	}
}
