package expr

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/fettle-ml/fettle/internal/plan"
)

// bindNormalize binds normalize(x, form) with its literal form. Bytes that are not UTF-8 stay.
func bindNormalize(e *plan.Expr, args []evaluator) (evaluator, error) {
	if e.Args[1].Op != plan.Const {
		return nil, unsupported(e)
	}
	forms := map[string]norm.Form{
		"NFC": norm.NFC, "NFD": norm.NFD, "NFKC": norm.NFKC, "NFKD": norm.NFKD,
	}
	form, found := forms[e.Args[1].Value.Text]
	if !found {
		return nil, unsupported(e)
	}
	return strict(args, e.Type, eachText(func(dst []byte, text string) []byte {
		// Not AppendString, which would compose with what the row before ended in.
		return append(dst, form.String(text)...)
	})), nil
}

// stripAccents decomposes, drops what is put on or around other characters, and composes again.
func stripAccents(dst []byte, text string) []byte {
	ascii := true
	for i := 0; i < len(text) && ascii; i++ {
		ascii = text[i] < utf8.RuneSelf
	}
	if ascii {
		return append(dst, text...)
	}
	var bare []byte
	for rest := norm.NFD.String(text); len(rest) > 0; {
		r, size := utf8.DecodeRuneInString(rest)
		if !unicode.Is(unicode.Mn, r) {
			bare = append(bare, rest[:size]...)
		}
		rest = rest[size:]
	}
	return append(dst, norm.NFC.Bytes(bare)...)
}
