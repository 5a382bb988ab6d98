// Package leakage looks for features that know too much: columns of a training set in, findings
// out. A finding is a reason to look, never a proof, and nothing is refused because of one.
//
// A feature leaks if its value at the label's time T rests on what was known only after T. The
// engine admits no event that was not available at T, so what leaks here comes from data that says
// it was known earlier than it was: rows overwritten in place, copied outcomes, clocks, guessed
// availability. These are the kinds, each of which has a test that plants it:
//
//   - power: the feature ranks the target as no single honest feature does;
//   - copy: where the feature is not null it is the target, its negation, another coding of it, or
//     a straight-line function of it;
//   - after: evaluated one second after T the feature tells the target, and at T it does not. The
//     outcome enters at the label's own instant, and any error of a clock lets it in before;
//   - availability: a source of the feature does not say when its events could be known;
//   - timing: for rows of one class the newest event behind the value lies directly before T, at a
//     distance that the other rows do not know: the event and the label are one occurrence.
//
// All but availability need a target. Measures and thresholds are in thresholds.go with the
// reason for each; they were fixed before any data was looked at, and docs/leakage.md repeats them.
//
// # Invariants
//
// The report is a function of the values alone. The rows that are looked at are chosen by a hash of
// their number, so that neither the order nor the size of the groups in which values arrive matters,
// and no more than a fixed number of cells is held, whatever the number of rows and features. The
// rows are chosen class by class: of rare labels enough are seen.
//
// The package refuses nothing. Where there is too little to say anything (fewer than 50 rows, or 20
// of a class) there is no finding of the kinds that measure.
package leakage
