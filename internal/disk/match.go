package disk

import (
	"path"
	"strings"
)

// Match reports whether Glob with the pattern would find a file of that name, if it were there. Both
// are slash-separated; a malformed pattern matches nothing.
func Match(pattern, name string) bool {
	return matchParts(strings.Split(path.Clean(pattern), "/"), strings.Split(path.Clean(name), "/"))
}

func matchParts(pattern, name []string) bool {
	if len(pattern) == 0 || len(name) == 0 {
		return len(pattern) == len(name)
	}
	if pattern[0] == "**" {
		if matchParts(pattern[1:], name) {
			return true
		}
		return len(name) > 1 && !hidden(name[0]) && matchParts(pattern, name[1:])
	}
	if hidden(name[0]) && !hidden(pattern[0]) {
		return false
	}
	found, err := path.Match(pattern[0], name[0])
	return err == nil && found && matchParts(pattern[1:], name[1:])
}
