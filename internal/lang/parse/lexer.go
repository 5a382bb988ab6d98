package parse

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// tokenKind tells tokens apart.
type tokenKind uint8

const (
	tokenEnd tokenKind = iota
	tokenName
	tokenQuoted // "name"
	tokenKeyword
	tokenInt
	tokenFloat
	tokenDuration
	tokenString
	tokenSymbol
)

// token is one word of an expression. text is in lower case for keywords, without quotes for names
// and strings, else as written. from and to are offsets in bytes, from which positions are made.
type token struct {
	kind tokenKind
	text string
	from int
	to   int
}

// is reports whether the token is that symbol or keyword.
func (t token) is(text string) bool {
	return (t.kind == tokenSymbol || t.kind == tokenKeyword) && t.text == text
}

// named reports whether the token is an unreserved word, in any case.
func (t token) named(word string) bool {
	return t.kind == tokenName && strings.EqualFold(t.text, word)
}

// keywords are reserved in any case of letters. One more takes a name away from every definition
// that uses it, so words that have a meaning in one place only are not among them.
var keywords = map[string]bool{
	"and": true, "or": true, "not": true, "in": true, "is": true, "null": true, "like": true,
	"between": true, "case": true, "when": true, "then": true, "else": true, "end": true,
	"cast": true, "as": true, "distinct": true, "true": true, "false": true, "over": true,
	"where": true, "offset": true, "hop": true, "this": true, "each": true,
}

// Keywords returns the reserved words, sorted.
func Keywords() []string { return slices.Sorted(maps.Keys(keywords)) }

// Units returns the units of durations, the shortest first.
func Units() []string { return []string{"us", "ms", "s", "m", "h", "d", "w"} }

// symbols, longer ones first. Those of other languages are tokens too: their errors say what to
// write instead.
var symbols = []string{
	"<=>", "<>", "!=", "<=", ">=", "||", "::", "==", "&&", "**", "=", "<", ">", "+", "-", "*", "/",
	"%", "(", ")", "[", "]", ",", ".", "!", "&", "|", "^", "?", ":", ";", "{", "}", "~",
}

// lexer cuts an expression into tokens.
type lexer struct {
	text   string
	offset int
	tokens []token
}

// lexError is an error of the lexer at an offset.
type lexError struct {
	offset  int
	kind    lexFault
	message string
	hint    string
}

// lexFault is an index into the codes of parser.lexFault, which have the same order.
type lexFault uint8

const (
	faultCharacter lexFault = iota
	faultString
	faultNumber
)

// lex returns the tokens of a text; the last one is the end.
func lex(text string) ([]token, *lexError) {
	l := &lexer{text: text}
	for {
		l.space()
		if l.offset == len(l.text) {
			l.add(tokenEnd, l.offset, "")
			return l.tokens, nil
		}
		if err := l.next(); err != nil {
			return nil, err
		}
	}
}

// add appends the token that began at an offset and ends at the present one.
func (l *lexer) add(kind tokenKind, from int, text string) {
	l.tokens = append(l.tokens, token{kind: kind, text: text, from: from, to: l.offset})
}

// space skips white space and comments. A comment begins with # or --, and ends with its line.
func (l *lexer) space() {
	for l.offset < len(l.text) {
		rest := l.text[l.offset:]
		switch {
		case strings.IndexByte(" \t\n\r", rest[0]) >= 0:
			l.offset++
		case rest[0] == '#' || strings.HasPrefix(rest, "--"):
			end := strings.IndexByte(rest, '\n')
			if end < 0 {
				end = len(rest)
			}
			l.offset += end
		default:
			return
		}
	}
}

// next reads one token. Identifiers are ASCII: other names are quoted, so that no two names look
// alike.
func (l *lexer) next() *lexError {
	from, c := l.offset, l.text[l.offset]
	switch {
	case isLetter(c):
		word := l.while(isWordByte)
		if lower := strings.ToLower(word); keywords[lower] {
			l.add(tokenKeyword, from, lower)
		} else {
			l.add(tokenName, from, word)
		}
		return nil
	case isDigit(c):
		return l.number()
	case c == '\'':
		return l.quoted('\'', tokenString)
	case c == '"':
		return l.quoted('"', tokenQuoted)
	}
	for _, symbol := range symbols {
		if strings.HasPrefix(l.text[l.offset:], symbol) {
			l.offset += len(symbol)
			l.add(tokenSymbol, from, symbol)
			return nil
		}
	}
	r, _ := utf8.DecodeRuneInString(l.text[from:])
	return &lexError{from, faultCharacter, "the character " + string(r) + " is not one of expressions",
		"put text in '..' and unusual names in \"..\""}
}

// while takes bytes as long as they are accepted.
func (l *lexer) while(accept func(byte) bool) string {
	from := l.offset
	for l.offset < len(l.text) && accept(l.text[l.offset]) {
		l.offset++
	}
	return l.text[from:l.offset]
}

// quoted reads a string or a quoted name; the quote twice stands for itself in a string. It does
// not go over lines, so that a quote left open is found where it is. A quoted name can hold no
// quote.
func (l *lexer) quoted(quote byte, kind tokenKind) *lexError {
	from := l.offset
	var text strings.Builder
	for l.offset++; l.offset < len(l.text) && l.text[l.offset] != '\n'; l.offset++ {
		c := l.text[l.offset]
		if c != quote {
			text.WriteByte(c)
			continue
		}
		if kind == tokenString && strings.HasPrefix(l.text[l.offset+1:], "'") {
			text.WriteByte(c)
			l.offset++
			continue
		}
		l.offset++
		if kind == tokenQuoted && text.Len() == 0 {
			return &lexError{from, faultCharacter, "a quoted name is empty", "write text in '..'"}
		}
		l.add(kind, from, text.String())
		return nil
	}
	return &lexError{from, faultString, "the quote " + string(quote) + " is not closed on its line",
		"close it; write a quote inside of text twice"}
}

// number reads digits, a fraction, an exponent or a unit of time. A point belongs to the number
// only if a digit follows.
func (l *lexer) number() *lexError {
	from, kind := l.offset, tokenInt
	l.while(isDigit)
	if l.at(0, '.') && l.offset+1 < len(l.text) && isDigit(l.text[l.offset+1]) {
		kind = tokenFloat
		l.offset++
		l.while(isDigit)
	}
	if (l.at(0, 'e') || l.at(0, 'E')) && l.exponent() {
		kind = tokenFloat
	}
	unit := l.while(isWordByte)
	switch {
	case unit == "":
	case kind == tokenInt && durationUnit(unit):
		kind = tokenDuration
	default:
		text := l.text[from:l.offset]
		return &lexError{from, faultNumber, text + " is neither a number nor a duration",
			"durations are digits and one of us, ms, s, m, h, d, w, such as 30m; names begin with a letter"}
	}
	l.add(kind, from, l.text[from:l.offset])
	return nil
}

// at looks for a byte ahead.
func (l *lexer) at(ahead int, c byte) bool {
	return l.offset+ahead < len(l.text) && l.text[l.offset+ahead] == c
}

// exponent skips an exponent if one is there. An e without digits is left behind, and refused as a
// unit.
func (l *lexer) exponent() bool {
	skip := 1
	if l.at(1, '+') || l.at(1, '-') {
		skip = 2
	}
	if l.offset+skip >= len(l.text) || !isDigit(l.text[l.offset+skip]) {
		return false
	}
	l.offset += skip
	l.while(isDigit)
	return true
}

// durationUnit reports whether letters behind digits make a duration of them. A duration is one
// number and one unit: 1h30m is a mistake, since it would be a second spelling of 90m.
func durationUnit(unit string) bool { return slices.Contains(Units(), unit) }

// isLetter, isDigit and isWordByte are the bytes of names and numbers.
func isLetter(c byte) bool { return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' }

// isDigit: see isLetter.
func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// isWordByte: see isLetter.
func isWordByte(c byte) bool { return isLetter(c) || isDigit(c) }
