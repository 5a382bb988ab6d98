package diag

import "github.com/fettle-ml/fettle/internal/schema"

// maxCandidates bounds the work of looking for one name.
const maxCandidates = 2000

// DidYouMean returns a hint that proposes the nearest candidate, or otherwise the fallback.
func DidYouMean(name string, candidates []string, fallback string) string {
	if len(candidates) > maxCandidates {
		return fallback
	}
	if near := schema.Nearest(name, candidates); near != "" {
		return "did you mean " + near + "?"
	}
	return fallback
}
