package disk

import (
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Glob lists the files under root that match a pattern, as slash-separated paths relative to root,
// sorted bytewise. In each part of the pattern * stands for any characters but a slash, ? for one,
// [a-z] for a range; the part ** stands for any number of directories. Names that begin with a dot
// match only a part that does too, and unfinished files never match. An absolute pattern gives
// absolute paths. A pattern without wildcards gives itself, if it is a file.
func Glob(fsys Reader, root, pattern string) ([]string, error) {
	if _, err := path.Match(pattern, ""); err != nil {
		return nil, fmt.Errorf("pattern %q: %w; escape a bracket with a backslash", pattern, err)
	}
	base := ""
	if path.IsAbs(pattern) {
		root, base, pattern = "/", "/", strings.TrimLeft(pattern, "/")
	}
	g := &globber{fsys: fsys, root: root}
	if err := g.walk(base, strings.Split(path.Clean(pattern), "/")); err != nil {
		return nil, err
	}
	slices.Sort(g.found)
	return slices.Compact(g.found), nil
}

type globber struct {
	fsys  Reader
	root  string
	found []string
}

func (g *globber) real(name string) string {
	if path.IsAbs(name) {
		return name
	}
	return filepath.Join(g.root, filepath.FromSlash(name))
}

func (g *globber) walk(dir string, parts []string) error {
	part, last := parts[0], len(parts) == 1
	if part == "**" {
		return g.walkDeep(dir, parts)
	}
	if !strings.ContainsAny(part, `*?[\`) {
		return g.step(path.Join(dir, part), parts, last)
	}
	entries, err := g.list(dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		name := entry.Name()
		if hidden(name) && !strings.HasPrefix(part, ".") {
			continue
		}
		if ok, _ := path.Match(part, name); ok {
			if err := g.step(path.Join(dir, name), parts, last); err != nil {
				return err
			}
		}
	}
	return nil
}

// step goes into one name that matched the first part.
func (g *globber) step(name string, parts []string, last bool) error {
	info, err := g.fsys.Stat(g.real(name))
	switch {
	case missing(err):
		return nil
	case err != nil:
		return err
	case last && !info.IsDir() && !strings.HasSuffix(name, partialSuffix):
		g.found = append(g.found, name)
		return nil
	case !last && info.IsDir():
		return g.walk(name, parts[1:])
	default:
		return nil
	}
}

func (g *globber) walkDeep(dir string, parts []string) error {
	rest := parts[1:]
	if len(rest) == 0 {
		rest = []string{"*"}
	}
	if err := g.walk(dir, rest); err != nil {
		return err
	}
	entries, err := g.list(dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		// A link to a directory is not followed here: it could lead back up.
		if entry.IsDir() && !hidden(entry.Name()) {
			if err := g.walkDeep(path.Join(dir, entry.Name()), parts); err != nil {
				return err
			}
		}
	}
	return nil
}

func (g *globber) list(dir string) ([]fs.DirEntry, error) {
	entries, err := g.fsys.ReadDir(g.real(dir))
	if missing(err) {
		return nil, nil
	}
	return entries, err
}

func hidden(name string) bool { return strings.HasPrefix(name, ".") }
