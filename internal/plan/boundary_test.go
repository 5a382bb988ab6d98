package plan

import (
	"testing"

	"github.com/fettle-ml/fettle/internal/schema"
)

func TestBoundary(t *testing.T) {
	t.Parallel()
	f := func(fresh Freshness, at, want string) {
		t.Helper()
		b, err := NewBoundary(fresh)
		if err != nil {
			t.Fatal(err)
		}
		micros, _, err := schema.ParseTime(at)
		if err != nil {
			t.Fatal(err)
		}
		wanted, _, _ := schema.ParseTime(want)
		if got := b.At(micros); got != wanted {
			t.Errorf("%+v at %s: got %s, want %s", fresh, at, schema.FormatTime(got), want)
		}
	}
	f(Freshness{}, "2024-05-01T12:34:56.789012Z", "2024-05-01T12:34:56.789012Z")
	hourly := Freshness{Kind: Grid, Period: schema.Hour, ReadyAfter: 10 * schema.Minute}
	f(hourly, "2024-05-01T12:10:00Z", "2024-05-01T12:00:00Z")
	f(hourly, "2024-05-01T12:09:59.999999Z", "2024-05-01T11:00:00Z")
	f(hourly, "1969-12-31T23:30:00Z", "1969-12-31T23:00:00Z")
	paris := Freshness{Kind: Daily, Zone: "Europe/Paris"}
	f(paris, "2024-03-31T22:00:00Z", "2024-03-31T22:00:00Z")
	f(paris, "2024-03-31T21:59:59Z", "2024-03-30T23:00:00Z")
	york := Freshness{Kind: Daily, Zone: "America/New_York", TimeOfDay: 2*schema.Hour + 30*schema.Minute}
	f(york, "2024-03-10T07:00:00Z", "2024-03-10T07:00:00Z") // the gap's end
	f(york, "2024-03-10T06:59:59Z", "2024-03-09T07:30:00Z")
	weekly := Freshness{Kind: Weekly, Zone: "UTC", ReadyAfter: schema.Hour}
	f(weekly, "2024-05-06T01:00:00Z", "2024-05-06T00:00:00Z") // a Monday
	f(weekly, "2024-05-06T00:59:59Z", "2024-04-29T00:00:00Z")
	f(weekly, "1969-12-30T00:00:00Z", "1969-12-29T00:00:00Z")
	long := Freshness{Kind: Daily, Zone: "UTC", ReadyAfter: 50 * schema.Hour}
	f(long, "2024-05-06T01:00:00Z", "2024-05-03T00:00:00Z")
}
