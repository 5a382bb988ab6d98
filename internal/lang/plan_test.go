package lang

import "testing"

// TestPlans compiles projects and compares the printed plans. Every example of the language page is
// among them.
func TestPlans(t *testing.T) {
	t.Parallel()
	eachGolden(t, "plan", func(t *testing.T, g *golden) {
		result := Compile(g.input)
		got := lines(result.Diagnostics)
		if result.Plan != nil {
			got += printPlan(result.Plan)
		}
		g.check(t, got)
	})
}
