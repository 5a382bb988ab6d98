package leakage

// These figures were set before any feature was measured, from what honest features can do.
const (
	// PowerClass is the area under the ROC curve of one feature against a class. Whole models that
	// are thought good reach 0.90 to 0.97; one feature alone hardly passes 0.9.
	PowerClass = 0.95
	// PowerNumber is the rank correlation with a number. It is higher than for classes because the
	// last value of what moves slowly, such as a temperature, honestly reaches 0.95.
	PowerNumber = 0.98
	// sureClass and sureNumber are what the lower end of the figure's interval of two standard errors
	// must reach, so that few rows are no finding by luck.
	sureClass  = 0.90
	sureNumber = 0.95
	// Copied is the share of rows, in the class where it is smallest, in which a copy has the target's
	// value. An honest feature does not get 98 of 100 right in every class, and a copy through a
	// second system loses a row or two in 100. It is by class because a constant is right in 99 of 100
	// rows if the label is rare.
	Copied = 0.98
	// JustAfter is what is looked at after the label's time, in microseconds. Clocks of two systems
	// and times that were cut to seconds differ by so much. It is short because what happens in the
	// minute after T is what the target asks for, and honest features then follow it.
	JustAfter int64 = 1_000_000
	// gained is by how much a value just after T must be better than the one at T.
	gained = 0.02
	// Timed is the difference, between one class and all others, of the share of rows whose newest
	// event is near.
	Timed = 0.5
	// near is the share of the median age in the other rows that counts as near. Honest bursts, such
	// as a payment that follows on another within minutes where a day is usual, are longer than a
	// thousandth; if ages are exponential 0.07 % of them are shorter.
	near = 0.001
	// nearElsewhere is the share of near rows that the other classes may have.
	nearElsewhere = 0.02
	// copyTolerance is how far a copy of a number may be off, in interquartile ranges of the target.
	copyTolerance = 1e-3
)

// How much must be there, and how much is held.
const (
	fewestRows    = 50 // measured at all
	fewestOfClass = 20 // of a class, of changed rows
	mostClasses   = 10 // integers with more values are numbers; texts keep the most frequent
	mostRows      = 8_000
	leastRows     = 2_000 // of the sample, however many features there are
	mostCells     = 1 << 20
	mostLater     = 2_000
	mostBlocks    = 10  // of label time
	rowsPerBlock  = 200 // at least
	mostCodes     = 32  // different numbers of a feature that are taken for codes too
	mostFindings  = 100 // listed
)
