package format

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/fettle-ml/fettle/internal/disk"
)

// parquetInput is an open Parquet file.
type parquetInput struct {
	name    string
	file    disk.File
	parquet *parquet.File
	columns []Column
	nodes   []parquetNode // one per column
	rows    int64
	refused bool // a column cannot even be copied
}

// parquetNode is where a column lies in the file: its elements of the flattened schema and its
// leaves in each row group. A column that is not nested has one of each.
type parquetNode struct {
	elementFrom, elementTo int
	leafFrom, leafTo       int
	stored                 stored
	tree                   *parquetTree
}

// openParquet reads the footer of a file and no more.
func openParquet(fsys disk.Reader, name string) (Input, error) {
	file, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	input := &parquetInput{name: name, file: file}
	err = guard(name, func() error { return input.open() })
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return input, nil
}

// guard turns a panic of the Parquet library, which a damaged file can cause, into an error that
// names the file. Only calls into that library may run inside it: a panic of our own must not be
// blamed on the file.
func guard(name string, call func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = damaged(name, fmt.Errorf("%v", r))
		}
	}()
	return call()
}

// damaged says that a file is not what it should be. Errors about such files all begin the same
// way.
func damaged(name string, err error) error {
	return fmt.Errorf("%s: damaged, or not a Parquet file: %w", name, err)
}

// open maps the columns of the file to Fettle's and counts its rows.
func (p *parquetInput) open() error {
	size, err := p.file.Size()
	if err != nil {
		return err
	}
	if err := checkFooter(p.file, size); err != nil {
		return damaged(p.name, err)
	}
	p.parquet, err = parquet.OpenFile(p.file, size, parquet.SkipPageIndex(true),
		parquet.SkipBloomFilters(true), parquet.ReadBufferSize(1<<16))
	if err != nil && strings.Contains(err.Error(), "DecryptionConfig") {
		err = errEncrypted // with a footer that anybody can read
	}
	if err != nil {
		return damaged(p.name, err)
	}
	element, leaf := 1, 0 // element 0 is the root
	meta := p.parquet.Metadata()
	carried, hints := carriedTypes(meta.KeyValueMetadata), arrowFields(meta.KeyValueMetadata)
	for _, column := range p.parquet.Root().Columns() {
		tree, elements, leaves, err := treeOf(column, meta.Schema[min(element, len(meta.Schema)):], 0)
		if err != nil {
			return damaged(p.name, err)
		}
		stored := storedOf(tree)
		if i := len(p.nodes); len(hints) == len(p.parquet.Root().Columns()) && hints[i].Name == column.Name() {
			stored.hint(arrowStored(hints[i]))
		}
		if t, found := carried[column.Name()]; found {
			stored.retype(t)
		}
		p.nodes = append(p.nodes, parquetNode{
			elementFrom: element, elementTo: element + elements,
			leafFrom: leaf, leafTo: leaf + leaves, stored: stored, tree: tree,
		})
		p.columns = append(p.columns, Column{
			Name: column.Name(), Type: stored.fettle, Local: stored.local, Unsupported: stored.reason,
		})
		element, leaf = element+elements, leaf+leaves
	}
	for i := range p.parquet.RowGroups() {
		if err := p.addGroup(i, leaf); err != nil {
			return err
		}
	}
	return nil
}

// addGroup checks what a row group says about itself.
func (p *parquetInput) addGroup(i, leaves int) error {
	group := &p.parquet.Metadata().RowGroups[i]
	if group.NumRows < 0 || group.NumRows > 1<<40 || len(group.Columns) != leaves {
		return damaged(p.name, fmt.Errorf("row group %d does not fit the schema", i))
	}
	p.rows += group.NumRows
	for j, node := range p.nodes {
		for _, chunk := range group.Columns[node.leafFrom:node.leafTo] {
			switch codec := chunk.MetaData.Codec; codec {
			case format.Uncompressed, format.Snappy, format.Gzip, format.Brotli, format.Zstd:
			default:
				// The library's LZ4 returns zeros for pages that are compressed by less than a
				// third.
				p.columns[j].Unsupported = fmt.Sprintf(
					"it is compressed with %s, which is not supported; write it with zstd or snappy", codec)
				p.refused = true
			}
		}
	}
	return nil
}

var errEncrypted = errors.New("it is encrypted, which is not supported")

// checkFooter refuses a file whose footer would be longer than the file, before the library
// allocates what a damaged length says.
func checkFooter(file io.ReaderAt, size int64) error {
	var tail [8]byte
	if size < 12 {
		return fmt.Errorf("%d bytes are too few", size)
	}
	if _, err := file.ReadAt(tail[:], size-8); err != nil {
		return err
	}
	if string(tail[4:]) == "PARE" {
		return errEncrypted
	}
	if length := int64(binary.LittleEndian.Uint32(tail[:4])); length > size-12 {
		return fmt.Errorf("a footer of %d bytes in a file of %d", length, size)
	}
	return nil
}

// leafColumns appends the leaves below, in their order.
func (t *parquetTree) leafColumns(dst []*parquet.Column) []*parquet.Column {
	if t.Leaf() {
		return append(dst, t.Column)
	}
	for _, child := range t.children {
		dst = child.leafColumns(dst)
	}
	return dst
}

// Columns lists all columns.
func (p *parquetInput) Columns() []Column { return p.columns }

// Rows returns the number of rows.
func (p *parquetInput) Rows() int64 { return p.rows }

// Close closes the file.
func (p *parquetInput) Close() error { return p.file.Close() }
