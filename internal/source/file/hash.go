package file

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
)

// stamp tells a file's content from another one's without reading it.
type stamp struct {
	path    string
	size    int64
	modTime int64
}

// describeFiles returns what identifies each file's content. A hash is computed once for as long as
// size and time stay what they are.
func (s *Source) describeFiles(ctx context.Context, skipHash bool) ([]FileInfo, error) {
	infos := make([]FileInfo, len(s.paths))
	for i, name := range s.paths {
		stat, err := s.fs.Stat(realPath(s.config.Root, name))
		if err != nil {
			return nil, err
		}
		infos[i] = FileInfo{Path: name, Size: stat.Size(), ModTime: stat.ModTime().UnixMicro()}
		if skipHash {
			continue
		}
		key := stamp{name, infos[i].Size, infos[i].ModTime}
		s.mu.Lock()
		known := s.hashes[key]
		s.mu.Unlock()
		if known == "" {
			if known, err = s.hash(ctx, name); err != nil {
				return nil, fmt.Errorf("hash %s: %w", name, err)
			}
			s.mu.Lock()
			s.hashes[key] = known
			s.mu.Unlock()
		}
		infos[i].SHA256 = known
	}
	return infos, nil
}

func (s *Source) hash(ctx context.Context, name string) (sum string, err error) {
	file, err := s.fs.Open(realPath(s.config.Root, name))
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	digest := sha256.New()
	buffer := make([]byte, 1<<20)
	for {
		n, err := file.Read(buffer)
		digest.Write(buffer[:n])
		if errors.Is(err, io.EOF) {
			return hex.EncodeToString(digest.Sum(nil)), nil
		}
		if err == nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			return "", err
		}
	}
}
