package ingest

// Pause keeps the applier from taking up more, until the function that it returns is called.
// Requests are acknowledged meanwhile, and what they bring is applied as one batch afterwards, as
// far as BatchBytes allows. Requests that exceed MaxUnapplied wait. It must not be called again
// before.
func (g *Ingester) Pause() (resume func()) {
	paused := make(chan struct{})
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.paused != nil {
		panic("BUG: the applier is paused twice")
	}
	g.paused = paused
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.paused = nil
		close(paused)
	}
}

// awaitResume waits while the applier is paused. It reports false if it should stop instead.
func (g *Ingester) awaitResume() bool {
	g.mu.Lock()
	paused := g.paused
	g.mu.Unlock()
	if paused == nil {
		return true
	}
	select {
	case <-paused:
		return true
	case <-g.abort:
		return false
	}
}
