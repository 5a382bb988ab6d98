"""The mutants: one fault each, of the kinds that would change values without a crash."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """A fault: a text that stands exactly once in a file, and what stands there instead."""

    name: str
    why: str
    file: str
    old: str
    new: str
    seeds: str = ""  # if other seeds than the usual ones are needed to see it
    tests: tuple[str, str] | None = None  # package and tests that catch it; None: the oracle does
    says: str = ""  # what those tests must say: a pattern


READ = "internal/engine/read.go"
SPAN = "internal/engine/span.go"
CORRECTIONS = "internal/engine/corrections.go"
FENCE = "internal/engine/fence.go"
SESSIONS = "internal/engine/window/sessions.go"
SPILL = "internal/engine/slices.go"
FOLD = "internal/engine/fold.go"
FEED = "internal/engine/feed.go"
SCAN = "internal/engine/scan.go"
SETTLE = "internal/engine/settle.go"
EVALUATE = "internal/engine/evaluate.go"
AGGREGATE = "internal/engine/aggregate.go"
PARTITION = "internal/engine/partition.go"
TASK = "internal/engine/task.go"
BOUNDARY = "internal/plan/boundary.go"
ZONE = "internal/schema/zone/zone.go"

MUTANTS = [
    Mutant(
        "inclusive-edge", "an event at exactly b is in its own window", SPAN,
        "return start, end + shift", "return start, end + shift + 1",
    ),
    Mutant(
        "exclusive-start", "an event at exactly b - w is not in the window", SPAN,
        "start = end - w.Length", "start = end - w.Length + 1",
    ),
    Mutant(
        "inclusive-newest-row", "the newest row may be the one at b", READ,
        "r.readNewest(t, at, b+t.shift)", "r.readNewest(t, at, b+t.shift+1)",
    ),
    Mutant(
        "exclusive-since", "an event at the midnight of `since` is left out", SPAN,
        "start = *w.Since", "start = *w.Since + 1",
    ),
    Mutant(
        "offset-ignored", "windows end at b", SPAN,
        "end = b - w.Offset\n\t\tstart = end - w.Length", "end = b\n\t\tstart = end - w.Length",
    ),
    Mutant(
        "edge-at-ignored", "tables use the edge of events", FOLD,
        "fold.shift = 1", "fold.shift = 0",
    ),
    Mutant(
        "plain-float-sum", "sums of floats round at every step", READ,
        "sum := exact.Float(lane.Sum(in))\n",
        """sum := 0.0
		for k, hole := in.From, 0; k < in.To; k++ {
			if hole < len(in.Holes) && int(in.Holes[hole]) == k {
				hole++
				continue
			}
			sum += lane.Floats[k]
		}
""",
    ),
    Mutant(
        "plain-variance", "sums of squares round at every step", READ,
        "spread := lane.Spread(in, rd.scale)\n",
        """spread := lane.Spread(in, rd.scale)
	if lane.Kind == window.Floats {
		var s1, s2 float64
		for k, hole := in.From, 0; k < in.To; k++ {
			if hole < len(in.Holes) && int(in.Holes[hole]) == k {
				hole++
				continue
			}
			s1, s2 = s1+lane.Floats[k], s2+lane.Floats[k]*lane.Floats[k]
		}
		spread = max(0, float64(n)*s2-s1*s1)
	}
""",
    ),
    Mutant(
        "variance-divisor", "var_samp divides by n*n", READ,
        "variance := spread / float64(n*(n-1))", "variance := spread / float64(n*n)",
    ),
    Mutant(
        "int-mean-twice-rounded", "the mean of integers rounds its sum first",
        "internal/engine/exact/round.go",
        "mean, _ := new(big.Rat).SetFrac(bigOf(acc), big.NewInt(n)).Float64()",
        "total, _ := new(big.Float).SetInt(bigOf(acc)).Float64()\n\tmean := total / float64(n)",
    ),
    Mutant(
        "ties-by-arrival", "the sequence is ignored", PARTITION,
        "r.time[i] != r.time[j] || len(r.sequence) == 0",
        "r.time[i] != r.time[j] || len(r.sequence) >= 0",
    ),
    Mutant(
        "null-sequence-last", "a null sequence sorts last", PARTITION,
        "return r.unsequenced[i]\n", "return r.unsequenced[j]\n",
    ),
    Mutant(
        "files-by-worker", "files are ordered by when they were read", SCAN,
        "return f.parts[i].ordinal < f.parts[j].ordinal",
        "return f.parts[i].ordinal > f.parts[j].ordinal",
    ),
    Mutant(
        "availability-ignored", "events count from their own time on", SCAN,
        "if c.scan.available == nil {", "if c.scan.available == nil || len(times) >= 0 {",
    ),
    Mutant(
        "availability-exclusive", "an event known at exactly b does not count", SCAN,
        "c.ready[i] = rule.Ints[i]\n", "c.ready[i] = rule.Ints[i] + 1\n",
    ),
    Mutant(
        "never-is-at-once", "a null availability is the event's own time", SCAN,
        "c.drop(i)\n\t\t\tc.ready[i] = math.MaxInt64", "c.ready[i] = min(t, math.MaxInt64)",
    ),
    Mutant(
        "early-availability-kept", "an event is known before it happens", SCAN,
        "counts.Raised++\n\t\t\tc.ready[i] = t",
        "counts.Raised++\n\t\t\tc.drop(i)\n\t\t\tc.ready[i] = t",
    ),
    Mutant(
        "key-without-lengths", "('1', '23') is ('12', '3')", "internal/schema/key.go",
        "return append(dst, 0, 1)", "return dst",
    ),
    Mutant(
        "duplicate-labels-dropped", "of equal label rows only the first has values", FOLD,
        "return cmp.Compare(bound[a], bound[b]) })\n\treturn rows",
        "return cmp.Compare(bound[a], bound[b]) })\n\treturn slices.CompactFunc(rows, "
        "func(a, b int32) bool { return bound[a] == bound[b] })",
    ),
    Mutant(
        "default-before-expiry", "the default is put in, then expires", SETTLE,
        "v.column, v.status = applyDefault(f, v.datum, v.status)\n}",
        "v.column, v.status = applyDefault(f, v.datum, v.status)\n"
        "\tif f.Expires > 0 && times != nil {\n"
        "\t\tv.column = t.expire(f, &settled{datum: v.column, status: v.status}, times)\n\t}\n}",
    ),
    Mutant(
        "expiry-at-equality", "a value exactly as old as `expires` is gone", SETTLE,
        "t.bound.at[i]-at > f.Expires", "t.bound.at[i]-at >= f.Expires",
    ),
    Mutant(
        "null-with-events-missing", "a null with contributing events is `missing`", SETTLE,
        "case times == nil || times[i] == NoTime:", "case times == nil || times[i] >= NoTime:",
    ),
    Mutant(
        "max-age-without-default", "what --max-age expires stays null", EVALUATE,
        "out.Column, out.Status = applyDefault(f, column, status)\n}",
        "out.Column, out.Status = column, status\n}",
    ),
    Mutant(
        "gap-ignored", "labels are evaluated at their own time", "internal/train/labels.go",
        "rows.Times[i] = t - options.Gap", "rows.Times[i] = t",
    ),
    Mutant(
        "count-distinct-nulls", "null is a distinct value", AGGREGATE,
        "default:\n\t\twant.selection, err = t.feed.selection(where, a.Args[0])",
        "default:\n\t\tif a.Distinct {\n\t\t\twant.selection, err = t.feed.selection(where)\n\t\t} else {\n"
        "\t\t\twant.selection, err = t.feed.selection(where, a.Args[0])\n\t\t}",
    ),
    Mutant(
        "distinct-cap-ignored", "any number of distinct values is counted", READ,
        "d > window.DistinctCap {", "d > 100*window.DistinctCap {", seeds="7..7",
    ),
    Mutant(
        "ready-after-ignored-grid", "a grid value is there at its boundary", BOUNDARY,
        "schema.FloorDiv(t-f.ReadyAfter, f.Period)", "schema.FloorDiv(t, f.Period)",
    ),
    Mutant(
        "ready-after-ignored-daily", "a daily value is there at its boundary", BOUNDARY,
        "b.newest(t-f.ReadyAfter, 1)", "b.newest(t, 1)",
    ),
    Mutant(
        "boundary-not-nested", "a reference is evaluated at T, not at this view's boundary", TASK,
        "t.evaluation.task(reference.View, keys, t.bound)",
        "t.evaluation.task(reference.View, keys, t.at)", seeds="1..30",
    ),
    Mutant(
        "tombstone-ignored", "a deleted row counts as any other", SCAN,
        "scope.deleted = truth(scope.eval(s.deleteWhen))",
        "_ = truth(scope.eval(s.deleteWhen))",
    ),
    Mutant(
        "tombstone-filtered", "the source's where drops tombstones", SCAN,
        "keep[i] = pass || deleted != nil && deleted[i]", "keep[i] = pass", seeds="1..40",
    ),
    Mutant(
        "where-before-newest", "the newest row is found without the view's where", READ,
        "if !r.selection(t.newest.live).Has(last) {",
        "if !r.selection(t.newest.live).Has(last) && last > r.end {",
    ),
    Mutant(
        "duplicates-kept", "a second event of an id counts", "internal/source/file/unique.go",
        "\t\tif v := s.add(rows[row]); v != fresh {",
        "\t\tif v := s.add(rows[row]); v == conflict {",
    ),
    Mutant(
        "link-not-nested", "a link is followed at T, not at this view's boundary", TASK,
        "t.evaluation.follow(link, keys, t.bound)", "t.evaluation.follow(link, keys, t.at)",
        seeds="1..30",
    ),
    Mutant(
        "newest-of-references", "an event time is the newest of its parts, not the oldest", SETTLE,
        "func(x, y int64) int64 { return min(x, y) })",
        "func(x, y int64) int64 { return max(x, y) })", seeds="1..30",
    ),
    Mutant(
        "null-key-keeps-default", "a label row with a null key gets counts and defaults", EVALUATE,
        "gone[i] = keys != nil && !keys[i] || times != nil && !times[i]",
        "gone[i] = times != nil && !times[i]",
    ),
    Mutant(
        "sum-overflow-wraps", "a sum that does not fit keeps its low bits", READ,
        "rd.sum.setInt64(at, sum, fits)", "rd.sum.setInt64(at, sum, fits || len(acc) > 0)",
    ),
    Mutant(
        "view-where-ignored", "aggregates count what the view's where refuses", FEED,
        "range []*plan.Expr{view.Where, where}", "range []*plan.Expr{where}",
    ),
    Mutant(
        "nan-kept", "a value of a file that is not finite stays",
        "internal/format/parquet_decode.go",
        "if bits&exponent == exponent {", "if bits&exponent > exponent {",
    ),
    Mutant(
        "daily-in-a-gap", "a daily boundary in a gap is moved by the gap, not to its end", ZONE,
        "return z.spans[i+1].start", "return wall - z.spans[i].offset",
        tests=("./internal/schema/zone", "^TestFirst$"), says="zone_test.go",
    ),
    Mutant(
        "daily-in-a-fold", "a daily boundary in a fold is the later one", ZONE,
        "\treturn wall - z.spans[i].offset\n}",
        "\tif i+1 < len(z.spans) && wall-z.spans[i+1].offset >= z.spans[i+1].start {\n"
        "\t\ti++\n\t}\n\treturn wall - z.spans[i].offset\n}", seeds="1..40",
    ),
    Mutant(
        "wall-time-in-a-fold", "a zone-less time in a fold is the later one", ZONE,
        "\tutc = wall - z.spans[i].offset\n\tif occurs",
        "\tif occurs && i+1 < len(z.spans) && wall-z.spans[i+1].offset >= z.spans[i+1].start {\n"
        "\t\ti++\n\t}\n\tutc = wall - z.spans[i].offset\n\tif occurs", seeds="1..40",
    ),
    Mutant(
        "gap-joins", "a gap of exactly the session's length does not split", SESSIONS,
        "if k > 0 && t-times[k-1] >= gap {", "if k > 0 && t-times[k-1] > gap {",
    ),
    Mutant(
        "session-stays-open", "a session is open a whole gap after its last event", SESSIONS,
        "return at-s.times[available.Newest()] < s.gap", "return at-s.times[available.Newest()] <= s.gap",
    ),
    Mutant(
        "trim-exclusive", "what lies exactly `max` before the last event is cut off", SESSIONS,
        "return s.times[session.From+k] >= least", "return s.times[session.From+k] > least",
    ),
    Mutant(
        "last-offset-ignored", "`over last N offset k` skips nothing", SPAN,
        "newest := in.Back(skipped + 1)", "newest := in.Back(1)",
    ),
    Mutant(
        "last-one-more", "`over last N` has N + 1 rows", SPAN,
        "in.Back(min(count, skipped+w.Count))", "in.Back(min(count, skipped+w.Count+1))",
    ),
    Mutant(
        "hop-before-shift", "hops round the end of windows up", SPAN,
        "schema.FloorDiv(end, w.Hop)*w.Hop", "(schema.FloorDiv(end-1, w.Hop)+1)*w.Hop",
    ),
    Mutant(
        "percentile-nearest", "percentiles do not interpolate", "internal/engine/aggregate/quantile.go",
        "return lo + float64(part*distance) + 0", "return lo + 0",
    ),
    Mutant(
        "decay-from-now", "a half-life less: terms decay twice as fast", "internal/engine/aggregate/decay.go",
        "term := elementary.Exp2(float64(t-start) / float64(f.life))",
        "term := elementary.Exp2(float64(t-start) / float64(2*f.life))",
    ),
    Mutant(
        "sketch-rank", "ranks of the sketch are one less", "internal/engine/aggregate/registers.go",
        "bits.LeadingZeros64(x<<precision)+1", "bits.LeadingZeros64(x<<precision)+0",
    ),
    Mutant(
        "late-correction", "a corrected event counts at the boundary of its correction", FENCE,
        "(f.until == nil || f.until[i] > b)", "(f.until == nil || f.until[i] >= b)",
        tests=("./internal/engine", "^TestCorrections$"), says="seed .* want",
    ),
    Mutant(
        "corrections-filtered", "a correction that the filter leaves out does nothing", SCAN,
        "case c.keep != nil && !c.keep[i] && (c.corrects == nil || !c.corrects[i]):",
        "case c.keep != nil && !c.keep[i]:",
        tests=("./internal/engine", "^TestCorrections$"), says="seed .* want",
    ),
    Mutant(
        "slices-overlap", "an entity in slices reads one microsecond too little", SPILL,
        "reach.start, reach.end = min(reach.start, start), max(reach.end, end)",
        "reach.start, reach.end = min(reach.start, start+1), max(reach.end, end)",
        tests=("./internal/engine", "^TestSpilled$"), says="seed",
    ),
]
