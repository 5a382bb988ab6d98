package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// Object is a JSON object whose members keep their order and their exact text.
type Object []Member

// Member is one member of an object. Value is JSON.
type Member struct {
	Name  string
	Value json.RawMessage
}

// StringMember returns a member whose value is a string.
func StringMember(name, text string) Member {
	return Member{Name: name, Value: AppendString(nil, text)}
}

// Get returns the value of a member, or nil.
func (o Object) Get(name string) json.RawMessage {
	i := slices.IndexFunc(o, func(m Member) bool { return m.Name == name })
	if i < 0 {
		return nil
	}
	return o[i].Value
}

// MarshalJSON writes the members in their order.
func (o Object) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, m := range o {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(AppendString(b, m.Name), ':')
		if m.Value == nil {
			return nil, fmt.Errorf("member %s has no value", m.Name)
		}
		b = append(b, m.Value...)
	}
	return append(b, '}'), nil
}

// UnmarshalJSON reads an object. The values are copies; a key that stands twice is refused.
func (o *Object) UnmarshalJSON(text []byte) error {
	if bytes.Equal(text, []byte("null")) {
		*o = nil
		return nil
	}
	members, err := readObject(bytes.Clone(text))
	if err != nil {
		return err
	}
	*o = members
	return nil
}
