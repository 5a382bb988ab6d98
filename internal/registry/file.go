package registry

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// The fixed text of a file; docs/formats/registry.md describes it. The checksum is of every byte
// before its own line, so a file is one JSON object and can be checked without reading it as one.
const (
	fileHead     = "{\n\"format\": \"fettle registry\",\n\"version\": "
	fileVersion  = "1"
	fileMiddle   = ",\n\"revision\": "
	fileChecksum = "\"sha256\": \""
	fileEnd      = "\"\n}\n"
)

// checksumDigits is the length of a SHA-256 in hexadecimal digits.
const checksumDigits = 2 * sha256.Size

// maxFile bounds what is written and read: far more than any project, far less than memory.
const maxFile = 256 << 20

// encode writes the file of a revision and sets the revision's checksum.
func encode(r *Revision) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(fileHead + fileVersion + fileMiddle)
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(r); err != nil {
		return nil, fmt.Errorf("write revision %d: %w", r.Number, err)
	}
	b.Truncate(b.Len() - 1) // the encoder ends its text with a line feed
	b.WriteString(",\n")
	data := seal(b.Bytes())
	if len(data) > maxFile {
		return nil, fmt.Errorf("the definitions take %d bytes, at most %d", len(data), maxFile)
	}
	r.checksum = sum(b.Bytes())
	return data, nil
}

func sum(body []byte) string {
	digest := sha256.Sum256(body)
	return hex.EncodeToString(digest[:])
}

// seal adds the checksum.
func seal(body []byte) []byte {
	return append(bytes.Clone(body), fileChecksum+sum(body)+fileEnd...)
}

// decode reads the file of a revision. An error says what is wrong and not which file it is.
func decode(data []byte) (*Revision, error) {
	body := len(data) - len(fileChecksum) - checksumDigits - len(fileEnd)
	if body < 0 || !bytes.HasPrefix(data, []byte(fileHead)) {
		return nil, errors.New("it is not a revision of a registry, or its beginning is damaged")
	}
	if !bytes.Equal(data, seal(data[:body])) {
		return nil, errors.New("it is damaged: its checksum does not fit")
	}
	version, text, found := strings.Cut(string(data[len(fileHead):body]), fileMiddle)
	text, ended := strings.CutSuffix(text, ",\n")
	if version != fileVersion {
		return nil, fmt.Errorf("its format has version %s and this release reads version %s only",
			strconv.Quote(version), fileVersion)
	}
	if !found || !ended {
		return nil, errors.New("it holds no revision")
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	r := &Revision{}
	if err := d.Decode(r); err != nil {
		return nil, fmt.Errorf("its revision cannot be read: %w", err)
	}
	if d.InputOffset() != int64(len(text)) {
		return nil, errors.New("something follows its revision")
	}
	r.checksum = sum(data[:body])
	return r, r.check()
}

// check looks for what the rest of the package relies on.
func (r *Revision) check() error {
	if r.Number < 1 {
		return fmt.Errorf("its number is %d", r.Number)
	}
	if (r.Number == 1) != (r.Base == "") {
		return errors.New("its base does not fit its number")
	}
	for i, s := range r.Sources {
		if int64(s.ID) != int64(i)+1 {
			return fmt.Errorf("its source %q has the number %d in place %d", s.Name, s.ID, i+1)
		}
		if _, err := s.Fields(); err != nil {
			return err
		}
	}
	seen := map[string]bool{}
	for i := range r.Models {
		name := r.Models[i].String()
		if seen[name] {
			return fmt.Errorf("it has the model %q twice", name)
		}
		seen[name] = true
	}
	seen = map[string]bool{}
	for _, d := range r.Definitions {
		name := string(d.Kind) + " " + d.Name
		if seen[name] {
			return fmt.Errorf("it has the %s twice", name)
		}
		seen[name] = true
	}
	return nil
}
