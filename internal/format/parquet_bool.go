package format

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// pagesOf returns the pages of a leaf in a row group.
func (p *parquetInput) pagesOf(group, leaf int, column *parquet.Column) parquet.Pages {
	if column.Type().Kind() == parquet.Boolean {
		return newBoolPages(p, group, leaf, column)
	}
	return p.parquet.RowGroups()[group].ColumnChunks()[leaf].Pages()
}

// boolPages reads the pages of a column of booleans. The Parquet library, in version 0.32, takes
// the runs of run-length encoded booleans, which many writers use, for whole bytes, and returns
// other values than the file has; hence these few lines instead of its reader.
type boolPages struct {
	parquet.Pages // no other method is called
	reader        *bufio.Reader
	left          int64 // values that are still to come
	column        *parquet.Column
}

func newBoolPages(p *parquetInput, group, leaf int, column *parquet.Column) *boolPages {
	meta := &p.parquet.Metadata().RowGroups[group].Columns[leaf].MetaData
	section := io.NewSectionReader(p.file, meta.DataPageOffset, meta.TotalCompressedSize)
	reader := bufio.NewReaderSize(section, 1<<16)
	return &boolPages{reader: reader, left: meta.NumValues, column: column}
}

// boolPage is one page: packed bits and levels.
type boolPage struct {
	parquet.Page // no other method is called
	entries      int
	rep, def     []byte
	bits         []byte
}

func (p *boolPage) NumValues() int64               { return int64(p.entries) }
func (p *boolPage) Data() encoding.Values          { return encoding.BooleanValues(p.bits) }
func (p *boolPage) Dictionary() parquet.Dictionary { return nil }
func (p *boolPage) RepetitionLevels() []byte       { return p.rep }
func (p *boolPage) DefinitionLevels() []byte       { return p.def }

// Close does nothing: nothing is held.
func (b *boolPages) Close() error { return nil }

// ReadPage returns the next page, or io.EOF.
func (b *boolPages) ReadPage() (parquet.Page, error) {
	for b.left > 0 {
		var header format.PageHeader
		decoder := thrift.NewDecoder(new(thrift.CompactProtocol).NewReader(b.reader))
		if err := decoder.Decode(&header); err != nil {
			return nil, fmt.Errorf("read a page header: %w", err)
		}
		body, err := b.body(header.CompressedPageSize)
		if err != nil {
			return nil, err
		}
		var page *boolPage
		switch {
		case header.DataPageHeader.Valid:
			page, err = b.decodeV1(&header, body)
		case header.DataPageHeaderV2.Valid:
			page, err = b.decodeV2(&header, body)
		default:
			continue
		}
		if err != nil {
			return nil, err
		}
		b.left -= int64(page.entries)
		return page, nil
	}
	return nil, io.EOF
}

// body reads a page's bytes. What a damaged header claims is not allocated before it is there.
func (b *boolPages) body(size int32) ([]byte, error) {
	if size < 0 {
		return nil, errShortPage
	}
	var body bytes.Buffer
	n, err := io.CopyN(&body, b.reader, int64(size))
	if err != nil {
		return nil, fmt.Errorf("read a page of %d bytes: %d are there: %w", size, n, io.ErrUnexpectedEOF)
	}
	return body.Bytes(), nil
}

func (b *boolPages) decompress(body []byte, size int32) ([]byte, error) {
	codec := b.column.Compression()
	if codec == nil || codec.CompressionCodec() == format.Uncompressed {
		return body, nil
	}
	if size < 0 || size > 1<<30 {
		return nil, errShortPage
	}
	return codec.Decode(make([]byte, size), body)
}

func (b *boolPages) decodeV1(header *format.PageHeader, body []byte) (*boolPage, error) {
	h := &header.DataPageHeader.V
	data, err := b.decompress(body, header.UncompressedPageSize)
	if err != nil {
		return nil, err
	}
	p := &boolPage{entries: int(h.NumValues)}
	for _, level := range []struct {
		to       *[]byte
		greatest int
		encoding format.Encoding
	}{
		{&p.rep, b.column.MaxRepetitionLevel(), h.RepetitionLevelEncoding},
		{&p.def, b.column.MaxDefinitionLevel(), h.DefinitionLevelEncoding},
	} {
		if level.greatest == 0 {
			continue
		}
		if level.encoding != format.RLE {
			return nil, fmt.Errorf("levels encoded as %s are not supported", level.encoding)
		}
		var levels []byte
		if levels, data, err = prefixed(data); err == nil {
			*level.to, err = decodeLevels(levels, level.greatest, p.entries)
		}
		if err != nil {
			return nil, err
		}
	}
	return p, p.decode(b, h.Encoding, data)
}

func (b *boolPages) decodeV2(header *format.PageHeader, body []byte) (*boolPage, error) {
	h := &header.DataPageHeaderV2.V
	rep, def := int(h.RepetitionLevelsByteLength), int(h.DefinitionLevelsByteLength)
	if rep < 0 || def < 0 || rep+def > len(body) {
		return nil, errShortPage
	}
	p := &boolPage{entries: int(h.NumValues)}
	var err error
	if greatest := b.column.MaxRepetitionLevel(); greatest > 0 {
		if p.rep, err = decodeLevels(body[:rep], greatest, p.entries); err != nil {
			return nil, err
		}
	}
	if greatest := b.column.MaxDefinitionLevel(); greatest > 0 {
		if p.def, err = decodeLevels(body[rep:rep+def], greatest, p.entries); err != nil {
			return nil, err
		}
	}
	data := body[rep+def:]
	if compressed, known := h.IsCompressed.Get(); compressed || !known {
		if data, err = b.decompress(data, header.UncompressedPageSize-int32(rep+def)); err != nil {
			return nil, err
		}
	}
	return p, p.decode(b, h.Encoding, data)
}

// decode unpacks the values: as many as there are entries at the greatest level.
func (p *boolPage) decode(b *boolPages, how format.Encoding, data []byte) error {
	values := p.entries
	if greatest := byte(b.column.MaxDefinitionLevel()); greatest > 0 {
		values = bytes.Count(p.def, []byte{greatest})
	}
	switch how {
	case format.Plain:
		p.bits = data
	case format.RLE:
		runs, _, err := prefixed(data)
		if err != nil {
			return err
		}
		unpacked, err := decodeLevels(runs, 1, values)
		if err != nil {
			return err
		}
		bools := make([]bool, len(unpacked))
		for i, x := range unpacked {
			bools[i] = x != 0
		}
		p.bits = appendBits(nil, bools)
	default:
		return fmt.Errorf("booleans encoded as %s are not supported", how)
	}
	return nil
}

// prefixed returns a run of bytes that begins with its length, and what follows it.
func prefixed(data []byte) (run, rest []byte, err error) {
	if len(data) < 4 {
		return nil, nil, errShortPage
	}
	length := binary.LittleEndian.Uint32(data)
	if uint64(length) > uint64(len(data)-4) {
		return nil, nil, errShortPage
	}
	return data[4 : 4+length], data[4+length:], nil
}

// decodeLevels returns exactly n numbers of at most greatest.
func decodeLevels(data []byte, greatest, n int) ([]byte, error) {
	if n < 0 {
		return nil, errShortPage
	}
	decoder := &rle.Encoding{BitWidth: bits.Len(uint(greatest))}
	levels, err := decoder.DecodeLevels(nil, data)
	if err != nil {
		return nil, err
	}
	if len(levels) < n {
		return nil, errors.New("a page has fewer levels than values")
	}
	return levels[:n], nil
}
