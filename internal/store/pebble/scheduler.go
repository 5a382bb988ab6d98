package pebble

import "github.com/cockroachdb/pebble/v2"

// scheduler starts compactions until the store fails. It looks for work whenever a job ends, and
// has no ticking goroutine: that of Pebble's usual scheduler is left behind by each Open that
// fails, with a half-made database in its hands.
type scheduler struct {
	*pebble.ConcurrencyLimitScheduler
	valve *valve
}

func newScheduler(v *valve) scheduler {
	return scheduler{pebble.NewConcurrencyLimitSchedulerWithNoPeriodicGrantingForTest(), v}
}

// Register is called once by Pebble, with the database to work for.
func (s scheduler) Register(goroutines int, db pebble.DBForCompaction) {
	s.ConcurrencyLimitScheduler.Register(goroutines, limited{db, s.valve})
}

// limited is a database that allows no compaction once the store has failed.
type limited struct {
	pebble.DBForCompaction
	valve *valve
}

// GetAllowedWithoutPermission is how many compactions may run.
func (l limited) GetAllowedWithoutPermission() int {
	if l.valve.err() != nil {
		return 0
	}
	return l.DBForCompaction.GetAllowedWithoutPermission()
}
