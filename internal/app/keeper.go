package app

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// How often a node keeps house, and how long the log may grow before what is in it is moved to
// history. A longer log makes a longer start after a crash.
const (
	keepEvery   = 5 * time.Second
	flushRounds = 6
	longestLog  = 256 << 20
	keepTimeout = 5 * time.Minute
)

// keeper makes state durable and moves old records of the log to history, so that neither a restart
// nor the log grows without bound. It is one goroutine, which stop ends.
type keeper struct {
	cancel context.CancelFunc
	group  sync.WaitGroup
}

func startKeeper(n *Node) *keeper {
	ctx, cancel := context.WithCancel(context.Background())
	k := &keeper{cancel: cancel}
	k.group.Go(func() {
		ticker := time.NewTicker(keepEvery)
		defer ticker.Stop()
		wasDue, rounds := false, 0
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			n.metrics.Position("durable", n.live.log.Last().Sequence)
			n.metrics.Position("applied", n.live.state.Position().Sequence)
			// One round later than it became possible: requests that began under the definitions
			// before are done by then.
			due := n.applied.Load() != nil && !n.swept.Load()
			if due && wasDue {
				n.sweep(ctx)
			}
			wasDue = due
			if rounds++; rounds%flushRounds == 0 {
				if err := n.flushState(ctx); err != nil && ctx.Err() == nil {
					n.options.Failed(fmt.Errorf("make the state durable: %w", err))
				}
			}
			if n.live.log.Bytes() < longestLog {
				continue
			}
			if err := n.keep(ctx); err != nil && ctx.Err() == nil {
				n.options.Failed(fmt.Errorf("keep house: %w", err))
			}
		}
	})
	return k
}

// flushState makes the state durable, so that a start has little to replay and samples survive.
func (n *Node) flushState(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, keepTimeout)
	defer cancel()
	return n.live.state.Flush(ctx)
}

// sweep removes from the state what only earlier definitions needed.
func (n *Node) sweep(ctx context.Context) {
	select {
	case n.applying <- struct{}{}:
		defer func() { <-n.applying }()
	default:
		return // definitions are being applied: the next round will do
	}
	n.swept.Store(true)
	if err := n.live.state.Sweep(ctx); err != nil && ctx.Err() == nil {
		n.options.Failed(fmt.Errorf("remove what is no longer served: %w", err))
	}
}

func (k *keeper) stop() {
	k.cancel()
	k.group.Wait()
}

// keep moves what the log has beyond its tail to history. Records go only when both history and a
// durable state have them.
func (n *Node) keep(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, keepTimeout)
	defer cancel()
	position := n.live.state.Position()
	if err := n.live.state.Flush(ctx); err != nil {
		return err
	}
	upTo, err := n.flushHistory(ctx)
	if err != nil {
		return err
	}
	_, err = n.live.log.RemoveBefore(min(position.Sequence, upTo) + 1)
	return err
}
