package lang

import (
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/plan/builtin"
)

// exampleFields are the columns that the examples of the function pages read.
const exampleFields = `{
  card_id: string, ts: timestamp, received_at: timestamp, area: float64, clicks: int64,
  views: int64, amount: float64, price: decimal(2), quantity: int64, balance: int64,
  spend: float64, visits: int64, spend_7d: float64, seconds: int64, n: int64, x: float64,
  y: float64, a: int64, b: int64, delay: float64, discount: float64, probability: float64,
  angle: float64, age: float64, country: string, city: string, email: string, status: string,
  code: string, name: string, nickname: string, merchant: string, phone: string,
  comment: string, sku: string, url: string, text: string, title: string, path: string,
  is_fraud: bool, is_paid: bool, won: bool, birth_date: date, ordered_at: timestamp,
  paid_at: timestamp, lat1: float64, lon1: float64, lat2: float64, lon2: float64,
  lat: float64, lon: float64, home_country: string, last_merchants: list<string>,
  tags: list<string>, scores: list<float64>, counts: map<int64>, payload: json,
  embedding: vector(3), centre: vector(3)
  }`

// TestFunctionExamples compiles the example of every function that is available, and looks for the
// right refusal of the others.
func TestFunctionExamples(t *testing.T) {
	t.Parallel()
	for _, f := range builtin.All() {
		for _, example := range examplesOf(f) {
			compileExample(t, f, example)
		}
	}
}

// examplesOf splits an entry at the commas between its examples.
func examplesOf(f *builtin.Function) []string {
	var examples []string
	depth, from := 0, 0
	for i, c := range f.Example {
		switch {
		case c == '(' || c == '[':
			depth++
		case c == ')' || c == ']':
			depth--
		case c == ',' && depth == 0:
			examples = append(examples, strings.TrimSpace(f.Example[from:i]))
			from = i + 1
		}
	}
	return append(examples, strings.TrimSpace(f.Example[from:]))
}

func compileExample(t *testing.T, f *builtin.Function, example string) {
	t.Helper()
	text := "entity: card\nkey: {card_id: string}\n---\nsource: s\npath: a.csv\nevent_time: ts\nfields: " + exampleFields +
		"\n---\nview: v\nentity: card\nsource: s\nfeatures:\n  result: |\n    " + example + "\n"
	result := Compile(Input{
		Project: File{Path: ProjectFile, Text: []byte("project: examples\n")},
		Files:   []File{{Path: "a.yaml", Text: []byte(text)}},
	})
	if f.Ready && result.Plan == nil {
		t.Errorf("%s: %s\n%s", f.Name, example, lines(result.Diagnostics))
	}
	if !f.Ready && (result.Plan != nil || !strings.Contains(lines(result.Diagnostics), "[not-yet]")) {
		t.Errorf("%s is not available yet: %s\n%s", f.Name, example, lines(result.Diagnostics))
	}
}
