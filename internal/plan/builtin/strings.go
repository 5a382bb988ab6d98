package builtin

func stringFunctions() []Function {
	return slicesOf("string", caseFunctions(), pieceFunctions(), searchFunctions(), textLater())
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
		"The number of code points of a text, of bytes, or of elements.", "length('añb')")
	length.Signatures = append(length.Signatures, "length(x: bytes) -> int64")
	length.Later = []string{"length(x: list<T>) -> int64", "length(x: map<T>) -> int64"}
	substr := textFunction("substr(x: string, from: int64, [length: int64]) -> string",
		"length code points (all) from position from, which counts from 1, or from the end if it is "+
			"negative. A position before the first is the first.", "substr('fettle', 1, 3)")
	substr.Errors = "null if length is negative"
	return []Function{
		length, substr,
		textFunction("replace(x: string, from: string, to: string) -> string",
			"x with every from, from left to right, replaced; an empty from changes nothing.", "replace(phone, '-', '')"),
	}
}

func searchFunctions() []Function {
	contains := textFunction("contains(x: string, part: string) -> bool", "Whether part occurs in x.", "contains(title, 'sale')")
	contains.Later = []string{"contains(x: list<T>, element: T) -> bool"}
	return []Function{
		textFunction("starts_with(x: string, part: string) -> bool", "Whether x begins with part.", "starts_with(code, 'A')"),
		textFunction("ends_with(x: string, part: string) -> bool", "Whether x ends with part.", "ends_with(email, '.org')"),
		contains,
	}
}

// textLater lists what is not available yet.
func textLater() []Function {
	rows := []Function{
		textFunction("split(x: string, by: string) -> list<string>", "The parts between the separators.", "split(path, '/')"),
		textFunction("join(x: list<string>, by: string) -> string", "The texts with the separator between them.", "join(tags, ',')"),
		textFunction("regexp_matches(x: string, pattern: literal string) -> bool", "Whether the pattern (RE2) occurs.", "regexp_matches(code, '^A[0-9]+')"),
		textFunction("regexp_extract(x: string, pattern: literal string, [group: literal int64 0..99]) -> string",
			"The first match of the pattern (RE2), or of one of its groups.", "regexp_extract(url, 'https?://([^/]+)', 1)"),
		textFunction("normalize(x: string, form: literal string one of NFC NFD NFKC NFKD) -> string", "The Unicode normal form.", "normalize(name, 'NFC')"),
		textFunction("strip_accents(x: string) -> string", "The text without combining marks.", "strip_accents('é')"),
		textFunction("hash64(x: any) -> int64", "XXH3-64, seed 0, of the canonical bytes.", "hash64(card)"),
		textFunction("hash_mod(x: any, n: literal int64 1..9007199254740992) -> int64", "hash64 as an unsigned number, modulo n.", "hash_mod(card, 100)"),
		textFunction("levenshtein(x: string, y: string) -> int64", "The least number of edits from x to y.", "levenshtein(name, other)"),
		textFunction("tokens(x: string) -> list<string>", "The words in lower case.", "tokens(title)"),
		textFunction("ngrams(x: string, n: literal int64 1..16) -> list<string>", "The runs of n code points.", "ngrams(name, 3)"),
	}
	for i := range rows {
		rows[i].Ready = false
	}
	return rows
}
