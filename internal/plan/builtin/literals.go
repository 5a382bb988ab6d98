package builtin

// Literals returns how many of a call's arguments, which are the last ones, must be literals.
func (f *Function) Literals(arguments int) int {
	for _, list := range [][]signature{f.signatures, f.later} {
		for i := range list {
			params, fits := list[i].expand(arguments)
			if !fits {
				continue
			}
			n := 0
			for _, p := range params {
				if p.literal {
					n++
				}
			}
			return n
		}
	}
	return 0
}
