package registry

import (
	"fmt"
	"strings"
)

// explain says in words what is different between two definitions of one name. It never returns
// nothing.
func explain(old, next Definition) []string {
	var why []string
	for _, f := range next.Facts {
		if before := old.fact(f.Name); before != f.Text {
			why = append(why, phrase(next.Kind, f.Name, before, f.Text)...)
		}
	}
	for _, f := range old.Facts {
		if next.fact(f.Name) == "" {
			why = append(why, phrase(next.Kind, f.Name, f.Text, "")...)
		}
	}
	// The version can change without a fact if the language has learnt to say something that facts
	// do not tell yet.
	if len(why) == 0 {
		why = append(why, "its compiled meaning changed")
	}
	return why
}

// phrase words one difference; nothing if another difference tells it already.
func phrase(kind Kind, name, old, next string) []string {
	family, rest, _ := strings.Cut(name, " ")
	switch {
	case name == "description" || name == "tags" || name == "owner" || name == "checks":
		return []string{name + " changed"}
	case name == "layer" || name == "order" && !sameItems(old, next):
		return nil
	case name == "order":
		return []string{"the features have another order"}
	case strings.HasPrefix(name, readsFact):
		// That it is read or no longer read is in the expression.
		if old == "" || next == "" {
			return nil
		}
		return []string{"it reads " + rest + ", which changed"}
	case name == "engine":
		return []string{fmt.Sprintf("the engine computes other values since this release (%s -> %s)",
			old, next)}
	case kind == ModelKind && family == "feature":
		return []string{modelPhrase(rest, old, next)}
	case old == "":
		return []string{name + ": " + next + " (new)"}
	case next == "":
		return []string{name + ": " + old + " (removed)"}
	default:
		return []string{name + ": " + old + " -> " + next}
	}
}

// sameItems reports whether two lists have the same items in any order.
func sameItems(a, b string) bool {
	items := map[string]int{}
	for _, item := range strings.Split(a, ", ") {
		items[item]++
	}
	for _, item := range strings.Split(b, ", ") {
		items[item]--
	}
	for _, n := range items {
		if n != 0 {
			return false
		}
	}
	return true
}

// modelPhrase words what is different about one output column of a model. The texts are
// "view.feature of role version".
func modelPhrase(column, old, next string) string {
	switch {
	case old == "":
		return "adds " + column
	case next == "":
		return "leaves out " + column
	}
	oldFeature, oldVersion := cutLast(old)
	feature, version := cutLast(next)
	if oldFeature != feature && oldVersion == version {
		return fmt.Sprintf("%s is %s, was %s", column, feature, oldFeature)
	}
	return fmt.Sprintf("%s is another version (%s -> %s)", column, short(oldVersion), short(version))
}

// cutLast splits at the last space.
func cutLast(text string) (before, last string) {
	i := strings.LastIndexByte(text, ' ')
	return text[:max(i, 0)], text[i+1:]
}
