package format

import (
	"fmt"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"

	"github.com/fettle-ml/fettle/internal/schema"
)

// parquetTree is a column with its schema elements, which say more than the library does.
type parquetTree struct {
	*parquet.Column
	element  *format.SchemaElement
	children []*parquetTree
	leaf     int // of a leaf: among those of its top-level column
}

// treeOf takes the elements of a column off the flattened schema, and counts them and its leaves.
func treeOf(column *parquet.Column, elements []format.SchemaElement, leaf int) (
	tree *parquetTree, used, leaves int, err error,
) {
	if len(elements) == 0 || elements[0].Name != column.Name() {
		return nil, 0, 0, fmt.Errorf("the schema of column %s does not fit", column.Name())
	}
	tree = &parquetTree{Column: column, element: &elements[0], leaf: leaf}
	if column.Leaf() {
		return tree, 1, 1, nil
	}
	used = 1
	for _, child := range column.Columns() {
		below, n, l, err := treeOf(child, elements[used:], leaf+leaves)
		if err != nil {
			return nil, 0, 0, err
		}
		tree.children = append(tree.children, below)
		used, leaves = used+n, leaves+l
	}
	return tree, used, leaves, nil
}

func (t *parquetTree) isList() bool {
	if _, ok := t.element.LogicalType.Value.(*format.ListType); ok {
		return true
	}
	return t.element.ConvertedType.Valid && t.element.ConvertedType.V == deprecated.List
}

func (t *parquetTree) isMap() bool {
	if _, ok := t.element.LogicalType.Value.(*format.MapType); ok {
		return true
	}
	return t.element.ConvertedType.Valid && (t.element.ConvertedType.V == deprecated.Map ||
		t.element.ConvertedType.V == deprecated.MapKeyValue)
}

// storedOf tells what a column holds; its reason is set if it cannot be read. Lists are known in all
// the ways that the standard has for them: of three levels, of two as older writers have them, and
// as a field that repeats without anything around it.
func storedOf(t *parquetTree) stored {
	if t.Repeated() {
		return t.listOf(t, byte(t.MaxDefinitionLevel())-1)
	}
	return t.valueOf()
}

// valueOf tells what the column holds once, whether or not it repeats.
func (t *parquetTree) valueOf() stored {
	if t.Leaf() {
		return flatOf(t)
	}
	if len(t.children) == 1 && t.children[0].Repeated() {
		items := t.children[0]
		switch {
		case t.isList() && items.isElement(t.Name()):
			return t.listOf(items, byte(t.MaxDefinitionLevel()))
		case t.isList():
			return t.listOf3(items)
		case t.isMap() && !items.Leaf():
			return t.mapOf(items)
		}
	}
	return stored{reason: structReason}
}

const structReason = "it is a group of fields (a struct), which has no type here; " +
	"write its fields as columns of their own, or the whole as JSON"

// isElement reports whether a repeated field is itself the element of its list, by the rules of the
// standard for older writers.
func (t *parquetTree) isElement(list string) bool {
	return t.Leaf() || len(t.children) != 1 || t.isList() || t.isMap() ||
		t.Name() == "array" || t.Name() == list+"_tuple"
}

// listOf is a list whose elements are the repeated field itself.
func (t *parquetTree) listOf(items *parquetTree, level byte) stored {
	return nestedOf(items, level, items.valueOf())
}

// listOf3 is a list whose elements lie in a group that repeats.
func (t *parquetTree) listOf3(items *parquetTree) stored {
	return nestedOf(items, byte(t.MaxDefinitionLevel()), storedOf(items.children[0]))
}

func nestedOf(items *parquetTree, level byte, child stored) stored {
	return listStored(child).at(items, level)
}

// at sets the levels of a nested column, whose elements repeat as items do.
func (s stored) at(items *parquetTree, level byte) stored {
	s.maxLevel, s.itemLevel = level, byte(items.MaxDefinitionLevel())
	s.repetition = byte(items.MaxRepetitionLevel())
	return s
}

// mapOf is a map: a group that repeats, of a key and a value.
func (t *parquetTree) mapOf(items *parquetTree) stored {
	if len(items.children) != 2 {
		return stored{reason: "it is a map without values; write it as a list"}
	}
	return mapStored(storedOf(items.children[0]), storedOf(items.children[1])).
		at(items, byte(t.MaxDefinitionLevel()))
}

// listStored is a list of what is stored as its elements.
func listStored(child stored) stored {
	s := stored{child: &child, fettle: schema.ListOf(child.fettle)}
	switch {
	case child.reason != "":
		s.reason = "of its elements: " + child.reason
	case child.local:
		s.reason = "its elements are times without a zone; write them with one"
	}
	return s
}

// mapStored is a map of what is stored as its keys and values.
func mapStored(key, child stored) stored {
	s := listStored(child)
	s.key, s.fettle = &key, schema.MapOf(child.fettle)
	if key.reason == "" && key.fettle.Kind != schema.String {
		key.reason = fmt.Sprintf("they are %s, and keys of maps are strings", key.fettle)
	}
	if key.reason != "" {
		s.reason = "of its keys: " + key.reason
	}
	return s
}
