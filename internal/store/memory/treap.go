package memory

import "bytes"

// node is a row and the two trees beside it. Its rank is not less than theirs.
type node struct {
	key, value  []byte
	rank        uint64
	left, right *node
	owner       *edit
}

// edit is one Apply. It may change the nodes it owns in place, for no reader can see them yet, and
// copies all others. It has a size, because pointers to two edits without one could be equal.
type edit struct{ _ byte }

func (t *edit) own(n *node) *node {
	if n.owner == t {
		return n
	}
	mine := *n
	mine.owner = t
	return &mine
}

// rank spreads keys evenly, so that trees are balanced whatever the keys are: FNV-1a and the last
// step of splitmix64.
func rank(key []byte) uint64 {
	h := uint64(0xcbf29ce484222325)
	for _, b := range key {
		h = (h ^ uint64(b)) * 0x100000001b3
	}
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

func (n *node) find(key []byte) *node {
	for n != nil {
		switch order := bytes.Compare(key, n.key); {
		case order == 0:
			return n
		case order < 0:
			n = n.left
		default:
			n = n.right
		}
	}
	return nil
}

// scan visits the nodes from <= key < to; an empty to has no end.
func (n *node) scan(from, to []byte, visit func(n *node) error) error {
	for n != nil {
		if bytes.Compare(n.key, from) < 0 {
			n = n.right
			continue
		}
		if err := n.left.scan(from, to, visit); err != nil {
			return err
		}
		if len(to) > 0 && bytes.Compare(n.key, to) >= 0 {
			return nil
		}
		if err := visit(n); err != nil {
			return err
		}
		n = n.right
	}
	return nil
}

func (t *edit) set(n *node, key, value []byte) *node {
	if n.find(key) == nil {
		return t.insert(n, &node{key: key, value: value, rank: rank(key), owner: t})
	}
	return t.replace(n, key, value)
}

// replace gives a key that is there another value.
func (t *edit) replace(n *node, key, value []byte) *node {
	n = t.own(n)
	switch order := bytes.Compare(key, n.key); {
	case order == 0:
		n.value = value
	case order < 0:
		n.left = t.replace(n.left, key, value)
	default:
		n.right = t.replace(n.right, key, value)
	}
	return n
}

// insert puts a node whose key is not there yet where its rank belongs.
func (t *edit) insert(n, added *node) *node {
	if n == nil || n.rank < added.rank {
		added.left, added.right = t.split(n, added.key)
		return added
	}
	n = t.own(n)
	if bytes.Compare(added.key, n.key) < 0 {
		n.left = t.insert(n.left, added)
	} else {
		n.right = t.insert(n.right, added)
	}
	return n
}

// split parts a tree into the keys below key and the others.
func (t *edit) split(n *node, key []byte) (below, rest *node) {
	if n == nil {
		return nil, nil
	}
	n = t.own(n)
	if bytes.Compare(n.key, key) < 0 {
		n.right, rest = t.split(n.right, key)
		return n, rest
	}
	below, n.left = t.split(n.left, key)
	return below, n
}

// join is the tree of two of which one has only smaller keys.
func (t *edit) join(below, above *node) *node {
	switch {
	case below == nil:
		return above
	case above == nil:
		return below
	case below.rank < above.rank:
		above = t.own(above)
		above.left = t.join(below, above.left)
		return above
	default:
		below = t.own(below)
		below.right = t.join(below.right, above)
		return below
	}
}

func (t *edit) delete(n *node, key []byte) *node {
	if n.find(key) == nil {
		return n
	}
	return t.remove(n, key)
}

// remove takes out a key that is there.
func (t *edit) remove(n *node, key []byte) *node {
	if order := bytes.Compare(key, n.key); order == 0 {
		return t.join(n.left, n.right)
	} else if n = t.own(n); order < 0 {
		n.left = t.remove(n.left, key)
	} else {
		n.right = t.remove(n.right, key)
	}
	return n
}

func (t *edit) deleteRange(n *node, from, to []byte) *node {
	below, rest := t.split(n, from)
	_, above := t.split(rest, to)
	return t.join(below, above)
}
