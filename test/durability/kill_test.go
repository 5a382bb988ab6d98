package durability

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const (
	kills  = 20 // with requests in flight
	most   = 60 // kills, of all kinds
	budget = 4 * time.Minute
	seed   = 20261123
)

// TestKills kills a server at random instants and starts it again.
func TestKills(t *testing.T) {
	t.Parallel()
	program, project := binary(t), t.TempDir()
	for name, text := range map[string]string{
		"fettle.yaml": "project: durability\n", "features/all.yaml": strings.ReplaceAll(definitions, "FEATURES", features),
	} {
		name = filepath.Join(project, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	command(t, program, project, "apply", "--yes")
	k := &killer{t: t, rng: rand.New(rand.NewPCG(seed, 0)), program: program, project: project}
	for number := range clients {
		k.clients = append(k.clients, newClient(number, &k.flying, seed))
	}
	began := time.Now()
	for k.counted < kills && k.all < most && !t.Failed() && time.Since(began) < budget {
		k.cycle()
	}
	if t.Failed() {
		return
	}
	k.last()
	k.report(time.Since(began))
}

// killer runs servers of one project and kills them.
type killer struct {
	t                *testing.T
	rng              *rand.Rand
	program, project string
	clients          []*client
	flying           atomic.Int64

	counted, all, early, inFlight int
	ready                         []time.Duration
}

// cycle starts a server, holds what it has to the journals, lets the clients work, and kills it.
func (k *killer) cycle() {
	k.t.Helper()
	if k.rng.IntN(4) == 0 { // one that is killed before it serves, as it may be at any time
		s := start(k.t, k.program, k.project)
		time.Sleep(time.Duration(k.rng.IntN(60_000)) * time.Microsecond)
		s.kill(k.t)
		k.early++
	}
	s := k.restart()
	if k.t.Failed() {
		return
	}
	var group sync.WaitGroup
	for _, c := range k.clients {
		group.Go(func() {
			if err := c.live(); err != nil {
				k.t.Error(err)
			}
		})
	}
	time.Sleep(time.Duration(50_000+k.rng.IntN(400_000)) * time.Microsecond)
	for deadline := time.Now().Add(time.Second); k.flying.Load() == 0 && time.Now().Before(deadline); {
		time.Sleep(20 * time.Microsecond)
	}
	s.kill(k.t)
	group.Wait()
	k.all++
	lost := 0
	for _, c := range k.clients {
		if c.lost != nil {
			lost++
		}
	}
	if lost > 0 {
		k.counted++
		k.inFlight += lost
	}
	if strings.Contains(s.printed.String(), "BUG:") {
		k.t.Errorf("the server printed\n%s", s.printed)
	}
}

// restart starts a server and compares what it has with the journals.
func (k *killer) restart() *server {
	k.t.Helper()
	s := start(k.t, k.program, k.project)
	k.ready = append(k.ready, s.ready(k.t, k.project))
	var group sync.WaitGroup
	for _, c := range k.clients {
		c.server = s
		group.Go(func() {
			if err := c.settle(); err != nil {
				k.t.Errorf("after %d kills: %v", k.all, err)
			}
		})
	}
	group.Wait()
	return s
}

// last compares once more, and lets the product verify its own samples.
func (k *killer) last() {
	k.t.Helper()
	s := k.restart()
	if out := command(k.t, k.program, k.project, "verify"); !strings.Contains(out, ", 0 mismatched") {
		k.t.Errorf("fettle verify: %s", out)
	} else {
		k.t.Logf("fettle verify: %s", strings.TrimSpace(out))
	}
	s.kill(k.t)
}

// report logs what was exercised and fails if that is too little.
func (k *killer) report(took time.Duration) {
	k.t.Helper()
	slices.Sort(k.ready)
	k.t.Logf("seed %d: %d kills in %v, %d of them with %d requests in flight, and %d before the server was ready",
		seed, k.all, took.Round(time.Millisecond), k.counted, k.inFlight, k.early)
	k.t.Logf("time to ready: median %v, longest %v", k.ready[len(k.ready)/2].Round(time.Millisecond),
		k.ready[len(k.ready)-1].Round(time.Millisecond))
	acked, values, compared, repeated := 0, 0, 0, 0
	for _, c := range k.clients {
		c.report(k.t)
		acked, values, compared, repeated = acked+c.acked, values+c.filled, compared+c.compared, repeated+c.repeated
	}
	for what, enough := range map[string]bool{
		"kills": k.counted >= kills, "early kills": k.early >= 2, "acknowledged": acked >= 2000,
		"values that are not null": values >= 5000, "answers asked for again": compared >= 400,
		"keys sent again": repeated >= 40,
	} {
		if !enough {
			k.t.Errorf("%s: too little was exercised", what)
		}
	}
}
