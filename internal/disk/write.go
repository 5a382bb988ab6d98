package disk

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"path/filepath"
)

// partialSuffix marks a file that is not finished yet. Globs leave such files out.
const partialSuffix = ".partial"

// WriteFile writes a file so that readers see the old content, if any, or the whole new one, also
// after a crash: write fills a file beside it, which is synced and then takes the name. If write
// fails, nothing is left behind. Two writers of one path at a time are not supported.
func WriteFile(fsys FS, name string, write func(io.Writer) error) error {
	partial := name + partialSuffix
	if err := writePartial(fsys, partial, write); err != nil {
		if remove := fsys.Remove(partial); remove != nil {
			err = errors.Join(err, remove)
		}
		return err
	}
	if err := fsys.Rename(partial, name); err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", name, err), fsys.Remove(partial))
	}
	if err := fsys.SyncDir(filepath.Dir(name)); err != nil {
		return fmt.Errorf("write %s: sync its directory: %w", name, err)
	}
	return nil
}

func writePartial(fsys FS, name string, write func(io.Writer) error) (err error) {
	file, err := fsys.Create(name)
	if err != nil {
		return fmt.Errorf("create %s: %w", name, err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	buffer := bufio.NewWriterSize(file, 1<<20)
	if err := write(buffer); err != nil {
		return err
	}
	if err := buffer.Flush(); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if err := file.Sync(); err != nil {
		return fmt.Errorf("sync %s: %w", name, err)
	}
	return nil
}
