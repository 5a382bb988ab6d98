package schema

import "fmt"

// MaxName is the longest name a definition may have.
const MaxName = 63

// CheckName says what is wrong with a name, or nil: names are [a-z][a-z0-9_]*, at most 63 long,
// without a double underscore.
func CheckName(name string) error {
	if name == "" || len(name) > MaxName {
		return fmt.Errorf("a name has 1 to %d characters", MaxName)
	}
	for i := 0; i < len(name); i++ {
		c := name[i]
		letter := c >= 'a' && c <= 'z'
		if i == 0 && !letter {
			return fmt.Errorf("a name begins with a letter a-z")
		}
		if !letter && c != '_' && (c < '0' || c > '9') {
			return fmt.Errorf("a name has only a-z, 0-9 and _")
		}
		if c == '_' && name[i-1] == '_' {
			return fmt.Errorf("a name has no double underscore")
		}
	}
	return nil
}
