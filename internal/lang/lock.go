package lang

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/fettle-ml/fettle/internal/lang/ast"
	"github.com/fettle-ml/fettle/internal/lang/diag"
	"github.com/fettle-ml/fettle/internal/lang/lower"
	"github.com/fettle-ml/fettle/internal/schema"
)

// The lines of fettle.lock; docs/formats/lock.md describes them.
const (
	lockHeader   = "fettle lock 1"
	lockSource   = "source"
	lockPath     = "path"
	lockFormat   = "format"
	lockColumn   = "column"
	lockLocal    = "local"
	lockChecksum = "sha256"
)

const pinHint = "run fettle lint --pin to write it again"

// FormatLock returns the text of fettle.lock for the schemas of sources.
func FormatLock(sources []PinnedSource) []byte {
	var b strings.Builder
	b.WriteString(lockHeader + "\n")
	for _, s := range sources {
		b.WriteString(lockSource + " " + s.Name + "\n")
		for _, path := range s.Files.Paths {
			b.WriteString("  " + lockPath + " " + strconv.Quote(path) + "\n")
		}
		if s.Files.Format != "" {
			b.WriteString("  " + lockFormat + " " + s.Files.Format + "\n")
		}
		for _, column := range s.Columns {
			b.WriteString("  " + lockColumn + " " + strconv.Quote(column.Name) + " " + column.Type.String())
			if column.Local {
				b.WriteString(" " + lockLocal)
			}
			b.WriteByte('\n')
		}
	}
	return []byte(b.String() + checksumLine(b.String()))
}

// checksumLine is the last line of a lock: it guards against edits by hand and bad merges, not
// against malice.
func checksumLine(body string) string {
	sum := sha256.Sum256([]byte(body))
	return lockChecksum + " " + hex.EncodeToString(sum[:]) + "\n"
}

// ParseLock reads fettle.lock. A file that was damaged or edited by hand is refused.
func ParseLock(f File) ([]PinnedSource, []diag.Diagnostic) {
	report := &diag.List{}
	sources := parseLock(f, report)
	return sources, report.Sorted()
}

// parseLock reads a lock, or reports the first thing wrong with it and returns nothing: half of a
// schema is worse than none. The checksum is tried before any line is read.
func parseLock(f File, report *diag.List) []PinnedSource {
	text := strings.ReplaceAll(string(f.Text), "\r\n", "\n")
	fail := func(line int, message string) []PinnedSource {
		report.Report(diag.Position{File: f.Path, Line: line, Column: 1}, diag.BadLock, message, pinHint)
		return nil
	}
	if !strings.HasPrefix(text, lockHeader+"\n") {
		return fail(1, "this is not a lock file that this version of fettle reads: its first line is not "+
			strconv.Quote(lockHeader))
	}
	end := strings.LastIndex(strings.TrimSuffix(text, "\n"), "\n") + 1
	body, last := text[:end], text[end:]
	lines := strings.Split(strings.TrimSuffix(body, "\n"), "\n")
	if last != checksumLine(body) {
		return fail(len(lines)+1,
			"the lock file was damaged or edited by hand: its checksum does not fit")
	}
	var sources []PinnedSource
	seen := map[string]bool{}
	for i, line := range lines[1:] {
		name, isSource := strings.CutPrefix(line, lockSource+" ")
		if isSource {
			if seen[name] || schema.CheckName(name) != nil {
				return fail(i+2, "the source "+strconv.Quote(name)+" is not valid here")
			}
			seen[name] = true
			sources = append(sources, PinnedSource{Name: name, Files: SourceFiles{Name: name}})
			continue
		}
		if len(sources) == 0 {
			return fail(i+2, "a line before the first source")
		}
		if err := parseLockLine(&sources[len(sources)-1], line); err != nil {
			return fail(i+2, err.Error())
		}
	}
	return sources
}

// parseLockLine reads one line of a source.
func parseLockLine(s *PinnedSource, line string) error {
	word, rest, _ := strings.Cut(strings.TrimPrefix(line, "  "), " ")
	if !strings.HasPrefix(line, "  ") {
		return fmt.Errorf("unknown line %q", line)
	}
	switch word {
	case lockPath:
		path, err := strconv.Unquote(rest)
		if err != nil {
			return fmt.Errorf("the path %s is not quoted text", rest)
		}
		s.Files.Paths = append(s.Files.Paths, path)
		return nil
	case lockFormat:
		s.Files.Format = rest
		return nil
	case lockColumn:
		return parseLockColumn(s, rest)
	}
	return fmt.Errorf("unknown line %q", line)
}

// parseLockColumn reads a quoted name, a type, and the mark of zone-less times.
func parseLockColumn(s *PinnedSource, rest string) error {
	quoted, err := strconv.QuotedPrefix(rest)
	if err != nil {
		return fmt.Errorf("the column %s has no quoted name", rest)
	}
	name, _ := strconv.Unquote(quoted)
	text := strings.TrimPrefix(rest[len(quoted):], " ")
	text, local := strings.CutSuffix(text, " "+lockLocal)
	t, err := schema.ParseType(text)
	if err != nil {
		return fmt.Errorf("the column %s: %w", quoted, err)
	}
	s.Columns = append(s.Columns, Column{Name: name, Type: t, Local: local})
	return nil
}

// lockedColumns answers from the lock, and asks otherwise for sources that are not in it.
func lockedColumns(f File, otherwise lower.Columns, all *ast.Definitions,
	report *diag.List) lower.Columns {
	pinned := map[string]PinnedSource{}
	for _, s := range parseLock(f, report) {
		pinned[s.Name] = s
	}
	places := map[string]diag.Position{}
	for _, s := range all.Sources {
		places[s.Name.Text] = s.Name.At
	}
	return func(files SourceFiles) ([]Column, error) {
		s, found := pinned[files.Name]
		if !found {
			if otherwise == nil {
				return nil, nil
			}
			return otherwise(files)
		}
		if files.Format != s.Files.Format || strings.Join(files.Paths,
			"\n") != strings.Join(s.Files.Paths, "\n") {
			report.Warn(places[files.Name], diag.StaleLock,
				"fettle.lock holds the columns of other files of the source "+
					files.Name, "run fettle lint --pin")
		}
		return s.Columns, nil
	}
}
