package jsontext

import "strings"

// Find returns the part of a document at the path, as it stands there; false if there is none.
func (p Path) Find(document string) (string, bool) {
	value := Trim(document)
	for _, s := range p {
		var found bool
		if s.named {
			value, found = member(value, s.name)
		} else {
			value, found = element(value, s.index)
		}
		if !found {
			return "", false
		}
	}
	return value, true
}

// member returns the value under a key of an object.
func member(object, name string) (string, bool) {
	if object == "" || object[0] != '{' {
		return "", false
	}
	for at := skipBlanks(object, 1); at < len(object) && object[at] == '"'; {
		m, next := memberAt(object, at)
		if m.Name == name {
			return m.Value, m.Value != ""
		}
		at = next
	}
	return "", false
}

// element returns an element of an array. An index from the end needs their number first.
func element(array string, index int64) (string, bool) {
	if array == "" || array[0] != '[' {
		return "", false
	}
	if index < 0 {
		if index += count(array); index < 0 {
			return "", false
		}
	}
	at := skipBlanks(array, 1)
	for ; at < len(array) && array[at] != ']'; index-- {
		to := skipValue(array, at)
		if index == 0 {
			return array[at:to], at < to
		}
		at = skipBlanks(array, skipBlanks(array, to)+1)
	}
	return "", false
}

// count returns the number of elements of an array.
func count(array string) (n int64) {
	for at := skipBlanks(array, 1); at < len(array) && array[at] != ']'; n++ {
		at = skipBlanks(array, skipBlanks(array, skipValue(array, at))+1)
	}
	return n
}

func skipBlanks(text string, at int) int {
	for at < len(text) && strings.IndexByte(blanks, text[at]) >= 0 {
		at++
	}
	return min(at, len(text))
}

// skipString returns the place after a string.
func skipString(text string, at int) int {
	for at++; at < len(text); at++ {
		switch text[at] {
		case '\\':
			at++
		case '"':
			return at + 1
		}
	}
	return len(text)
}

// skipValue returns the place after a value. It counts brackets and tells no kinds of them apart,
// because the text was checked.
func skipValue(text string, at int) int {
	depth := 0
	for at < len(text) {
		switch text[at] {
		case '"':
			if at = skipString(text, at); depth == 0 {
				return at
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth <= 0 {
				// Below zero it closes what is around the value.
				return at + 1 + min(depth, 0)
			}
		case ',', ' ', '\t', '\n', '\r':
			if depth == 0 {
				return at
			}
		}
		at++
	}
	return len(text)
}

// Elements returns the elements of an array, as they stand there; false if the value is no array.
func Elements(array string) (elements []string, is bool) {
	array = Trim(array)
	if array == "" || array[0] != '[' {
		return nil, false
	}
	for at := skipBlanks(array, 1); at < len(array) && array[at] != ']'; {
		to := skipValue(array, at)
		elements = append(elements, array[at:to])
		at = skipBlanks(array, skipBlanks(array, to)+1)
	}
	return elements, true
}

// Member is a key of an object, its escapes resolved, and the value under it as it stands there.
type Member struct{ Name, Value string }

// Members returns the members of an object in their order; false if the value is no object.
func Members(object string) (members []Member, is bool) {
	object = Trim(object)
	if object == "" || object[0] != '{' {
		return nil, false
	}
	for at := skipBlanks(object, 1); at < len(object) && object[at] == '"'; {
		m, next := memberAt(object, at)
		members = append(members, m)
		at = next
	}
	return members, true
}

// memberAt reads the member whose key begins at a place, and says where the next one begins.
func memberAt(object string, at int) (m Member, next int) {
	end := skipString(object, at)
	from := skipBlanks(object, skipBlanks(object, end)+1) // past the colon
	to := max(from, skipValue(object, from))
	if end-at >= 2 {
		m.Name = decoded(object[at:end])
	}
	m.Value = object[from:to]
	return m, skipBlanks(object, skipBlanks(object, to)+1) // past the comma
}
