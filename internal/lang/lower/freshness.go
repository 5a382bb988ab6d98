package lower

import (
	"strconv"
	"strings"

	"github.com/fettle-ml/fettle/internal/lang/diag"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// freshnessForms is the hint for a text that is none of the forms below; keep the two together.
const freshnessForms = "write realtime, static, hourly, daily, daily at 02:30, weekly, " +
	"or a duration that divides 24h"

// freshness settles when a view's values are computed. A view that says nothing is realtime, which
// is the zero value. Only refreshes by the calendar have a zone.
func (c *compiler) freshness(v *view) {
	f := &v.plan.Freshness
	w := v.decl.Freshness
	words := strings.Fields(w.Text)
	ok := true
	switch {
	case w.Text == "" || w.Text == "realtime":
	case w.Text == "static":
		f.Kind = plan.Static
	case w.Text == "hourly":
		f.Kind, f.Period = plan.Grid, schema.Hour
	case words[0] == "daily" || words[0] == "weekly":
		f.Kind, f.Zone = plan.Daily, c.plan.Timezone
		if words[0] == "weekly" {
			f.Kind = plan.Weekly
		}
		f.TimeOfDay, ok = timeOfDay(words[1:])
	default:
		f.Kind = plan.Grid
		var err error
		f.Period, err = schema.ParseDuration(w.Text)
		ok = err == nil
		// With a divisor of a day the grid stands at the same times every day.
		if ok && (f.Period <= 0 || schema.Day%f.Period != 0) {
			c.fail(w.At, diag.BadFreshness, "the period "+w.Text+" does not divide a day",
				"choose one such as 5m, 15m, 1h, 6h")
			return
		}
	}
	if !ok {
		c.fail(w.At, diag.BadFreshness, "the freshness "+strconv.Quote(w.Text)+" is not known",
			freshnessForms)
	}
	f.ReadyAfter = given(v.decl.ReadyAfter, 0)
	if f.ReadyAfter > 0 && !v.refreshed() {
		c.fail(v.decl.ReadyAt, diag.BadFreshness, "only refreshed views have ready_after", "remove it")
	}
}

// timeOfDay reads "at 02:30"; nothing is midnight. The result is microseconds after midnight. Hours
// and minutes need two digits each, so that a time is written in one way.
func timeOfDay(words []string) (int64, bool) {
	if len(words) == 0 {
		return 0, true
	}
	if len(words) != 2 || words[0] != "at" || len(words[1]) != len("02:30") || words[1][2] != ':' {
		return 0, false
	}
	hours, err := strconv.ParseUint(words[1][:2], 10, 8)
	minutes, err2 := strconv.ParseUint(words[1][3:], 10, 8)
	if err != nil || err2 != nil || hours > 23 || minutes > 59 {
		return 0, false
	}
	return int64(hours)*schema.Hour + int64(minutes)*schema.Minute, true
}
