package jsontext

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Path is a singular query: the steps from a document to one of its parts.
type Path []step

// step is an index, or a name if named.
type step struct {
	named bool
	name  string
	index int64 // negative from the end
}

// MaxSteps bounds the steps of a path; no document is nested deeper.
const MaxSteps = MaxDepth

// maxIndex is the greatest index of RFC 9535: what every reader can count to.
const maxIndex = 1<<53 - 1

// ParsePath reads a path such as $.a['b c'][0]. The error says what to write.
func ParsePath(text string) (Path, error) {
	rest, found := strings.CutPrefix(text, "$")
	if !found {
		return nil, fmt.Errorf("the path %q must begin with $, as $.name or $[0]", text)
	}
	var path Path
	for rest != "" {
		var s step
		var problem string
		at := len(text) - len(rest)
		if s, rest, problem = parseStep(rest); problem != "" {
			return nil, fmt.Errorf("the path %q, byte %d: %s", text, at+1, problem)
		}
		if path = append(path, s); len(path) > MaxSteps {
			return nil, fmt.Errorf("the path has more than %d steps", MaxSteps)
		}
	}
	return path, nil
}

func parseStep(text string) (s step, rest, problem string) {
	switch {
	case strings.HasPrefix(text, "..") || strings.Contains(text[:min(2, len(text))], "*"):
		return s, "", "a path names one part: neither .. nor * is allowed"
	case text[0] == '.':
		end := 1
		for end < len(text) && (letter(text[end]) || end > 1 && digit(text[end])) {
			end++
		}
		if end == 1 {
			return s, "", "a name follows the point; write other names as ['a name']"
		}
		return step{named: true, name: text[1:end]}, text[end:], ""
	case text[0] != '[':
		return s, "", "write .name, ['name'] or [0]"
	case strings.HasPrefix(text, "['") || strings.HasPrefix(text, `["`):
		return parseQuoted(text)
	default:
		return parseIndex(text)
	}
}

// letter reports whether a byte may stand in a bare name; all bytes beyond ASCII may.
func letter(c byte) bool {
	return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= utf8.RuneSelf
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// parseQuoted reads ['name'] or ["name"]. The other quote stands for itself, the own one needs a
// backslash.
func parseQuoted(text string) (s step, rest, problem string) {
	const open = "a quoted name is not closed; write ['name']"
	quote := text[1]
	var name []byte
	for at := 2; at < len(text); {
		switch c := text[at]; {
		case c == quote:
			if rest, closed := strings.CutPrefix(text[at+1:], "]"); closed {
				return step{named: true, name: string(name)}, rest, ""
			}
			return s, "", open
		case c < ' ':
			return s, "", "a control character in a name; write an escape such as \\t"
		case c != '\\':
			name = append(name, c)
			at++
		case quote == '\'' && strings.HasPrefix(text[at:], `\'`):
			name = append(name, '\'')
			at += 2
		default:
			r, size := escape(text[at:])
			if size == 0 || quote == '\'' && r == '"' && size == 2 {
				return s, "", "there is no such escape; a backslash itself is doubled"
			}
			name = utf8.AppendRune(name, r)
			at += size
		}
	}
	return s, "", open
}

// parseIndex reads [n] or [-n], without leading zeros.
func parseIndex(text string) (s step, rest, problem string) {
	const wrong = "write an index such as [0] or [-1], or a name as ['name']"
	inner, rest, closed := strings.Cut(text[1:], "]")
	index, err := strconv.ParseInt(inner, 10, 64)
	if !closed || err != nil || strconv.FormatInt(index, 10) != inner || index < -maxIndex || index > maxIndex {
		return s, "", wrong
	}
	return step{index: index}, rest, ""
}
