package schema

import (
	"encoding/binary"
	"fmt"
)

// AppendKeyInt appends one key column of a number kind (bool, int64, date): eight bytes, big-endian,
// the sign flipped, so that bytes compare as numbers do.
func AppendKeyInt(dst []byte, x int64) []byte {
	return binary.BigEndian.AppendUint64(dst, uint64(x)^(1<<63))
}

// AppendKeyText appends one key column of a text kind (string, bytes): a zero byte is escaped as
// 00 FF and 00 01 ends the column, so that columns cannot run into each other, ("1","23") is not
// ("12","3"), and bytes compare as texts do.
func AppendKeyText(dst []byte, text string) []byte {
	for i := 0; i < len(text); i++ {
		dst = append(dst, text[i])
		if text[i] == 0 {
			dst = append(dst, 0xFF)
		}
	}
	return append(dst, 0, 1)
}

// AppendKey appends one non-null key column.
func AppendKey(dst []byte, v Value) []byte {
	if v.Type.Kind == String || v.Type.Kind == Bytes {
		return AppendKeyText(dst, v.Text)
	}
	return AppendKeyInt(dst, v.Int)
}

// DecodeKey reads a key back into its columns.
func DecodeKey(key []byte, types []Type) ([]Value, error) {
	values := make([]Value, 0, len(types))
	for _, t := range types {
		v := Value{Type: t}
		var err error
		if t.Kind == String || t.Kind == Bytes {
			v.Text, key, err = decodeKeyText(key)
		} else if len(key) < 8 {
			err = fmt.Errorf("decode key: %d bytes left, a %s needs 8", len(key), t)
		} else {
			v.Int, key = int64(binary.BigEndian.Uint64(key)^(1<<63)), key[8:]
		}
		if err != nil {
			return nil, err
		}
		values = append(values, v)
	}
	if len(key) > 0 {
		return nil, fmt.Errorf("decode key: %d bytes too many", len(key))
	}
	return values, nil
}

func decodeKeyText(key []byte) (text string, rest []byte, err error) {
	var out []byte
	for i := 0; i < len(key); i++ {
		if key[i] != 0 {
			out = append(out, key[i])
			continue
		}
		if i+1 == len(key) {
			break
		}
		switch key[i+1] {
		case 1:
			return string(out), key[i+2:], nil
		case 0xFF:
			out = append(out, 0)
			i++
		default:
			return "", nil, fmt.Errorf("decode key: byte %#x after a zero", key[i+1])
		}
	}
	return "", nil, fmt.Errorf("decode key: a text column does not end")
}
