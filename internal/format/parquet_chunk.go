package format

import (
	"encoding/binary"
	"fmt"
	"math/bits"

	"github.com/parquet-go/parquet-go/compress"
	"github.com/parquet-go/parquet-go/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// chunk collects the encoded pages of one column in the current row group.
type chunk struct {
	leaf
	pages    []byte
	dict     *dictionary // nil once it has grown too long for this row group
	dictUsed bool
	plainly  bool // some page is stored plainly

	values       int64
	nulls        int64
	uncompressed int64
	bounds       bounds

	body, scratch []byte // reused from page to page
}

// page is what one page of a column holds. Values are either codes of the chunk's dictionary or
// the bytes of the plain encoding.
type page struct {
	entries int // values and nulls
	nulls   int
	rep     []byte
	def     []byte // nil with maxDef: all values are there
	codes   []int32
	coded   bool
	plain   []byte
}

// codec compresses every page. Measured on feature columns, the fastest level of zstd takes a fifth
// more time than snappy for the whole of writing, and its files are smaller.
var codec compress.Codec = &zstd.Codec{Level: zstd.SpeedFastest}

// newChunk returns an empty chunk of a leaf.
func newChunk(l leaf) *chunk {
	c := &chunk{leaf: l}
	c.reset()
	return c
}

// reset makes the chunk ready for the next row group, with its buffers.
func (c *chunk) reset() {
	*c = chunk{leaf: c.leaf, pages: c.pages[:0], body: c.body, scratch: c.scratch}
	c.dict = newDictionary(c.size)
	if c.kind == format.Boolean {
		c.dict = nil
	}
}

// add encodes and compresses one page, as the first version of the format lays it out: all readers
// know it.
func (c *chunk) add(p *page) error {
	c.body = c.body[:0]
	if err := c.addLevels(p.rep, c.maxRep, p.entries); err != nil {
		return err
	}
	if err := c.addLevels(p.def, c.maxDef, p.entries); err != nil {
		return err
	}
	encoding := format.Plain
	if p.coded {
		encoding = format.RLEDictionary
		c.dictUsed = true
		var err error
		if c.scratch, err = (&rle.DictionaryEncoding{}).EncodeInt32(c.scratch[:0], p.codes); err != nil {
			return fmt.Errorf("encode column %s: %w", c.path[0], err)
		}
		c.body = append(c.body, c.scratch...)
	} else {
		c.plainly = true
		c.body = append(c.body, p.plain...)
	}
	header := format.PageHeader{Type: format.DataPage}
	header.DataPageHeader = thrift.New(format.DataPageHeader{NumValues: int32(p.entries),
		Encoding: encoding, DefinitionLevelEncoding: format.RLE, RepetitionLevelEncoding: format.RLE})
	c.values += int64(p.entries)
	c.nulls += int64(p.nulls)
	var err error
	c.pages, err = c.appendPage(c.pages, header, c.body)
	return err
}

// addLevels appends levels to the page's body, after their length. Without levels, all entries are
// at the greatest one.
func (c *chunk) addLevels(levels []byte, greatest byte, entries int) error {
	if greatest == 0 {
		return nil
	}
	at := len(c.body)
	c.body = append(c.body, 0, 0, 0, 0)
	if levels == nil {
		c.body = binary.AppendUvarint(c.body, uint64(entries)<<1)
		c.body = append(c.body, greatest)
	} else {
		var err error
		encoder := &rle.Encoding{BitWidth: bits.Len8(greatest)}
		if c.scratch, err = encoder.EncodeLevels(c.scratch[:0], levels); err != nil {
			return fmt.Errorf("encode levels of column %s: %w", c.path[0], err)
		}
		c.body = append(c.body, c.scratch...)
	}
	binary.LittleEndian.PutUint32(c.body[at:], uint32(len(c.body)-at-4))
	return nil
}

// appendPage compresses a page and appends it to dst behind its header.
func (c *chunk) appendPage(dst []byte, header format.PageHeader, body []byte) ([]byte, error) {
	if len(body) > 1<<30 {
		return nil, fmt.Errorf("column %s: %d bytes in one page; at most 1 GiB can be written",
			c.path[0], len(body))
	}
	compressed, err := codec.Encode(nil, body)
	if err != nil {
		return nil, fmt.Errorf("compress column %s: %w", c.path[0], err)
	}
	header.UncompressedPageSize = int32(len(body))
	header.CompressedPageSize = int32(len(compressed))
	encoded, err := thrift.Marshal(new(thrift.CompactProtocol), &header)
	if err != nil {
		return nil, fmt.Errorf("encode a page header of column %s: %w", c.path[0], err)
	}
	c.uncompressed += int64(len(encoded) + len(body))
	return append(append(dst, encoded...), compressed...), nil
}

// finish describes the chunk and returns its bytes, for a place in the file.
func (c *chunk) finish(offset int64) (format.ColumnMetaData, [][]byte, error) {
	meta := format.ColumnMetaData{Type: c.kind, PathInSchema: c.path, NumValues: c.values,
		Codec: codec.CompressionCodec(), Encoding: []format.Encoding{format.RLE}}
	data := [][]byte{c.pages}
	if c.dictUsed {
		header := format.PageHeader{Type: format.DictionaryPage}
		header.DictionaryPageHeader = thrift.New(format.DictionaryPageHeader{
			NumValues: int32(c.dict.length()), Encoding: format.Plain})
		dict, err := c.appendPage(nil, header, c.dict.plain)
		if err != nil {
			return meta, nil, err
		}
		data = [][]byte{dict, c.pages}
		meta.DictionaryPageOffset = offset
		offset += int64(len(dict))
		meta.Encoding = append(meta.Encoding, format.RLEDictionary)
	}
	if c.plainly || c.dictUsed {
		meta.Encoding = append(meta.Encoding, format.Plain)
	}
	meta.DataPageOffset = offset
	meta.TotalUncompressedSize = c.uncompressed
	for _, part := range data {
		meta.TotalCompressedSize += int64(len(part))
	}
	meta.Statistics.NullCount = c.nulls
	if c.bounds.known {
		meta.Statistics.MinValue, meta.Statistics.MaxValue = c.bounds.least, c.bounds.greatest
	}
	return meta, data, nil
}
