package ingest

import (
	"context"

	"github.com/fettle-ml/fettle/internal/state"
)

// State is what ingest needs of online state.
type State interface {
	// Apply applies records in one step, after which Position is to. It is called by one goroutine.
	Apply(ctx context.Context, records []state.Record, to state.Position) error
	// Position is what was applied last.
	Position() state.Position
	// Known tells which ids belong to events that were applied and were received since a time.
	Known(ctx context.Context, source uint32, ids []string, since int64) ([]state.Identity, error)
}
