package builtin

import (
	"fmt"
	"regexp"
	"regexp/syntax"
)

func stringFunctions() []Function {
	return slicesOf("string", caseFunctions(), pieceFunctions(), searchFunctions(), listsOfText(), patterns(),
		normalForms(), hashes(), distances())
}

// textFunction is a row of a function that has no error of its own.
func textFunction(signature, doc, example string) Function {
	s, err := parseSignature(signature)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	name := s.text[:indexOf(s.text, '(')]
	return Function{
		Name: name, Ready: true, Signatures: []string{signature}, Doc: doc, Nulls: nullIfAnyNull,
		Errors: "none", Example: example,
	}
}

func indexOf(text string, c byte) int {
	for i := range len(text) {
		if text[i] == c {
			return i
		}
	}
	return len(text)
}

func caseFunctions() []Function {
	const trimmed = " The characters of Unicode's White_Space are taken off."
	return []Function{
		textFunction("lower(x: string) -> string", "Lower case, each character by Unicode's simple mapping.", "lower('ABC')"),
		textFunction("upper(x: string) -> string", "Upper case, each character by Unicode's simple mapping.", "upper('abc')"),
		textFunction("trim(x: string) -> string", "The text without white space at both ends."+trimmed, "trim(' a ')"),
		textFunction("ltrim(x: string) -> string", "The text without white space in front."+trimmed, "ltrim(' a ')"),
		textFunction("rtrim(x: string) -> string", "The text without white space behind."+trimmed, "rtrim(' a ')"),
	}
}

func pieceFunctions() []Function {
	length := textFunction("length(x: string) -> int64",
		"The number of code points of a text, of bytes, of elements of a list (nulls too), or of keys of a map.",
		"length('añb')")
	length.Signatures = append(length.Signatures, "length(x: bytes) -> int64", "length(x: list<T>) -> int64",
		"length(x: map<T>) -> int64")
	substr := textFunction("substr(x: string, from: int64, [length: int64]) -> string",
		"length code points (all) from position from, which counts from 1, or from the end if it is "+
			"negative. A position before the first is the first.", "substr('fettle', 1, 3)")
	substr.Errors = "null if length is negative"
	replace := textFunction("replace(x: string, from: string, to: string) -> string",
		"x with every from, from left to right, replaced; an empty from changes nothing.", "replace(phone, '-', '')")
	replace.Errors = textTooLong
	return []Function{length, substr, replace}
}

// textTooLong bounds what is put together from texts.
const textTooLong = "null, counted, if the result has more than 1,048,576 bytes"

func searchFunctions() []Function {
	contains := textFunction("contains(x: string, part: string) -> bool",
		"Whether part occurs in x, or whether an element of a list equals another value; null elements equal nothing.",
		"contains(title, 'sale'), contains(tags, 'new')")
	contains.Signatures = append(contains.Signatures, "contains(x: list<O>, element: O) -> bool")
	return []Function{
		textFunction("starts_with(x: string, part: string) -> bool", "Whether x begins with part.", "starts_with(code, 'A')"),
		textFunction("ends_with(x: string, part: string) -> bool", "Whether x ends with part.", "ends_with(email, '.org')"),
		contains,
	}
}

// listsOfText are the functions between texts and lists of them.
func listsOfText() []Function {
	split := textFunction("split(x: string, by: string) -> list<string>",
		"The parts of x between the separators, found from left to right: always one more than there are "+
			"separators, so an empty x is one empty part. An empty separator gives the code points, and of an "+
			"empty x the empty list.", "split(path, '/')")
	join := textFunction("join(x: list<string>, by: string) -> string",
		"The elements with the separator between them.", "join(tags, ',')")
	join.Errors = textTooLong
	join.Nulls = nullIfAnyNull + "; null elements are left out, as if the list did not have them"
	tokens := textFunction("tokens(x: string) -> list<string>",
		"The words, in their order and as often as they occur: the longest runs of letters, marks and numbers "+
			"(Unicode's categories L, M and N), in lower case by Unicode's simple mapping.", "tokens(title)")
	ngrams := textFunction("ngrams(x: string, n: literal int64 1..16) -> list<string>",
		"Every run of n code points, in their order and as often as they occur; none if the text is shorter.",
		"ngrams(name, 3)")
	return []Function{split, join, tokens, ngrams}
}

func patterns() []Function {
	const syntax = " The syntax is RE2's, without options but those in the pattern, such as (?i)."
	matches := textFunction("regexp_matches(x: string, pattern: literal string) -> bool",
		"Whether the pattern occurs anywhere in x."+syntax, "regexp_matches(code, '^A[0-9]+')")
	extract := textFunction("regexp_extract(x: string, pattern: literal string, [group: literal int64 0..99]) -> string",
		"The leftmost match of the pattern, where alternatives that stand first and repetitions that take more are "+
			"preferred; or the part of it that a group, counted from 1, took last."+syntax,
		"regexp_extract(url, 'https?://([^/]+)', 1)")
	matches.Errors = "none; a pattern that is not RE2 is not compiled"
	extract.Errors = "null if there is no match, or if the group took no part in it"
	for _, f := range []*Function{&matches, &extract} {
		f.Source = "https://github.com/google/re2/wiki/Syntax"
	}
	return []Function{matches, extract}
}

// mostInstructions bounds what a pattern is compiled to: a match takes as many steps for each character.
const mostInstructions = 2000

// checkPattern refuses patterns that are none or too large, and groups that a pattern does not have.
func checkPattern(args []Argument) error {
	pattern, err := regexp.Compile(args[1].Const.Text)
	if err != nil {
		return fmt.Errorf("the pattern %s is not RE2: %w", args[1].Const, err)
	}
	parsed, err := syntax.Parse(args[1].Const.Text, syntax.Perl)
	if err != nil {
		return fmt.Errorf("the pattern %s is not RE2: %w", args[1].Const, err)
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return fmt.Errorf("the pattern %s is not RE2: %w", args[1].Const, err)
	}
	if n := len(program.Inst); n > mostInstructions {
		return fmt.Errorf("the pattern compiles to %d instructions, and %d are allowed: use smaller repetitions, "+
			"or several patterns", n, mostInstructions)
	}
	if len(args) == 3 && args[2].Const.Int > int64(pattern.NumSubexp()) {
		return fmt.Errorf("the pattern %s has %d groups, and group %d is asked for", args[1].Const,
			pattern.NumSubexp(), args[2].Const.Int)
	}
	return nil
}

func normalForms() []Function {
	const edition = " By the tables of Unicode 15.0.0."
	normalize := textFunction("normalize(x: string, form: literal string one of NFC NFD NFKC NFKD) -> string",
		"The Unicode normal form, so that texts that look alike are alike. A run of more than 30 combining "+
			"characters gets a U+034F after each 30 (Stream-Safe Text Format)."+edition, "normalize(name, 'NFC')")
	strip := textFunction("strip_accents(x: string) -> string",
		"The text without accents: its form NFD, without the characters of category Mn, in form NFC."+edition,
		"strip_accents('é')")
	normalize.Source = "Unicode Standard Annex 15"
	return []Function{normalize, strip}
}

func hashes() []Function {
	const canonical = "XXH3-64, with seed 0, of the canonical bytes of x. They are those of a key: of string and bytes, " +
		"the bytes with an FF after each 00, and 00 01 at the end; of bool (0 or 1), int64, date (days), timestamp and " +
		"duration (microseconds), eight bytes, the first the highest, with the sign bit flipped; of float64, its eight " +
		"IEEE 754 bytes, the highest first; of decimal, the unscaled value in sixteen bytes, the highest first, with " +
		"the sign bit flipped."
	hash := textFunction("hash64(x: ordered) -> int64", canonical+" The 64 bits are read as a signed number.",
		"hash64(card_id)")
	modulo := textFunction("hash_mod(x: ordered, n: literal int64 1..9007199254740992) -> int64",
		"hash64(x) read as an unsigned number, modulo n: 0 to n - 1.", "hash_mod(card_id, 100)")
	hash.Source = "https://github.com/Cyan4973/xxHash, doc/xxhash_spec.md"
	return []Function{hash, modulo}
}

func distances() []Function {
	levenshtein := textFunction("levenshtein(x: string, y: string) -> int64",
		"The least number of code points to insert, delete or replace that makes x into y.",
		"levenshtein(name, nickname)")
	levenshtein.Errors = "null, counted, if x or y has more than 4096 code points"
	levenshtein.Source = "R. A. Wagner, M. J. Fischer, The String-to-String Correction Problem, 1974"
	return []Function{levenshtein}
}
