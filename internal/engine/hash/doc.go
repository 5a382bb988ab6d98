// Package hash holds XXH3-64 with seed 0, the hash of the language and of its sketches. The result
// is that of every implementation of the algorithm, on every CPU. It is no protection against
// somebody who chooses keys in order that they collide.
package hash
