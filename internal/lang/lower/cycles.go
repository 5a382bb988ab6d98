package lower

import (
	"strings"

	"github.com/fettle-ml/fettle/internal/lang/diag"
	"github.com/fettle-ml/fettle/internal/plan"
)

// maxHops is how many views may read each other in a row. Every hop makes a served value wait for
// the state of one more view. The message of visit spells the number out.
const maxHops = 4

// viewCycles refuses views that read each other in a circle, or in too long a chain.
func (c *compiler) viewCycles() {
	w := &viewWalk{c: c, state: map[*plan.View]progress{}, hops: map[*plan.View]int{},
		next: map[*plan.View]*plan.View{}}
	for _, v := range c.allViews {
		w.visit(v.plan)
	}
}

// viewWalk walks the graph of views, depth first. Each view is entered once, so the recursion is
// bounded by their number. A view in state compiling is on the stack.
type viewWalk struct {
	c     *compiler
	stack []*plan.View
	state map[*plan.View]progress
	hops  map[*plan.View]int        // the longest chain from a view on
	next  map[*plan.View]*plan.View // the next view on it
}

// visit walks from a view to all it reads, and measures the longest chain from it on. Only the
// first view of a chain that is too long is reported, not those above it.
func (w *viewWalk) visit(v *plan.View) {
	if w.state[v] != untouched {
		return
	}
	w.state[v] = compiling
	w.stack = append(w.stack, v)
	for _, other := range readViews(v) {
		if w.state[other] == compiling {
			w.cycle(other)
			continue
		}
		w.visit(other)
		if hops := w.hops[other] + 1; hops > w.hops[v] {
			w.hops[v], w.next[v] = hops, other
		}
	}
	w.stack = w.stack[:len(w.stack)-1]
	w.state[v] = compiled
	if w.hops[v] == maxHops+1 {
		path := []string{v.Name}
		for at := w.next[v]; at != nil; at = w.next[at] {
			path = append(path, at.Name)
		}
		w.c.fail(w.place(v), diag.ChainTooLong, "more than 4 views read each other in a row: "+
			strings.Join(path, " -> "), "shorten the chain")
	}
}

// readViews returns the views a view reads, directly or for the key of a link. A view occurs once
// for each reference to it.
func readViews(v *plan.View) []*plan.View {
	var all []*plan.View
	for _, r := range v.References {
		for _, l := range r.Path {
			for _, key := range l.Key {
				if key.View != nil {
					all = append(all, key.View)
				}
			}
		}
		all = append(all, r.View)
	}
	return all
}

// cycle reports the part of the stack that ends where it began. v must be on the stack; the path
// that is shown begins and ends with it.
func (w *viewWalk) cycle(v *plan.View) {
	var path []string
	for i := len(w.stack) - 1; i >= 0; i-- {
		path = append([]string{w.stack[i].Name}, path...)
		if w.stack[i] == v {
			break
		}
	}
	w.c.fail(w.place(v), diag.ViewCycle, "views read each other in a circle: "+
		strings.Join(append(path, v.Name), " -> "), "move some of the features to a view of their own")
}

// place is where a view is declared. A search will do, because places are asked for only by errors.
func (w *viewWalk) place(v *plan.View) diag.Position {
	for _, view := range w.c.allViews {
		if view.plan == v {
			return view.decl.Name.At
		}
	}
	return diag.Position{}
}

// versions sets the version of every feature, those a feature reads before it. A version is made of
// the versions of what the feature reads; set in another order, it would change with the order of
// the files.
func (c *compiler) versions() {
	done := map[*plan.Feature]bool{}
	var set func(v *plan.View, index int)
	set = func(v *plan.View, index int) {
		f := v.Features[index]
		if done[f] || f.Expr == nil {
			return
		}
		done[f] = true
		seen := map[*plan.Expr]bool{}
		visitOnce(f.Expr, seen, func(e *plan.Expr) {
			switch e.Op {
			case plan.FeatureOf:
				set(v, e.Index)
			case plan.ReferenceOf:
				r := v.References[e.Index]
				for _, l := range r.Path {
					for _, key := range l.Key {
						if key.View != nil {
							set(key.View, key.Feature)
						}
					}
				}
				set(r.View, r.Feature)
			}
		})
		// Unchecked columns have no known types, and a version made without them would change as
		// soon as they are read.
		if v.Source == nil || !v.Source.Unchecked {
			f.Version = plan.Version(v, index)
		}
	}
	for _, v := range c.plan.Views {
		for i := range v.Features {
			set(v, i)
		}
	}
}

// visitOnce calls visit for every node of a tree whose parts may be shared. Without seen the work
// could double with every level of sharing.
func visitOnce(e *plan.Expr, seen map[*plan.Expr]bool, visit func(*plan.Expr)) {
	if e == nil || seen[e] {
		return
	}
	seen[e] = true
	visit(e)
	for _, arg := range e.Args {
		visitOnce(arg, seen, visit)
	}
}
