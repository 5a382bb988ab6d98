package zone

import (
	"math/rand/v2"
	"testing"

	"github.com/fettle-ml/fettle/internal/schema"
)

func TestCursorAgreesWithZone(t *testing.T) {
	t.Parallel()
	names := []string{
		"UTC", "Europe/Paris", "America/New_York", "Pacific/Apia", "Africa/Monrovia", "Asia/Kathmandu",
	}
	for _, name := range names {
		z, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		r := rand.New(rand.NewPCG(1, 2))
		c := z.Cursor()
		wall := schema.MinTime
		for i := range 200000 {
			switch {
			case i%1000 == 0:
				wall = schema.MinTime + r.Int64N(schema.MaxTime-schema.MinTime)
			case i%1000 == 1:
				s := z.spans[r.IntN(len(z.spans))] // near a change
				wall = s.start + s.offset - schema.Hour*3
			default:
				wall += r.Int64N(schema.Minute * 2)
			}
			utc, fold, gap := c.ToUTC(wall)
			wantUTC, wantFold, wantGap := z.ToUTC(wall)
			if utc != wantUTC || fold != wantFold || gap != wantGap {
				t.Fatalf("%s, wall %d: %d %v %v, want %d %v %v", name, wall, utc, fold, gap, wantUTC, wantFold, wantGap)
			}
		}
	}
}
