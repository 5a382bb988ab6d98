"""Functions of text, numbers, places, lists, maps, vectors and documents, by hand."""

from __future__ import annotations

import math
import unittest
from typing import Any

from fettle_oracle import OracleError
from fettle_oracle.expr import compile_node
from fettle_oracle.jsontext import part
from fettle_oracle.syntax import parse
from fettle_oracle.typed import Code

DOCUMENT = '{"a": {"b c": [1, {"d": "x\\u0041"}, null]}, "n": 1.50, "q\\"": 2,\n"e": []}'


class Columns:
    """A scope of a few columns."""

    values: dict[str, tuple[str, Any]] = {
        "ls": ("list<string>", ("b", None, "a", "b")), "li": ("list<int64>", (3, 1, None)),
        "lf": ("list<float64>", (0.1, 0.2, 0.3)), "none": ("list<float64>", (None,)),
        "m": ("map<int64>", {"a": 1, "b": None}), "v": ("vector(2)", (3.0, 4.0)),
        "w": ("vector(2)", (-4.0, 3.0)), "z": ("vector(2)", (0.0, 0.0)), "j": ("json", DOCUMENT),
        "n": ("list<string>", None), "d": ("decimal(2)", -255), "i": ("int64", 7),
        "born": ("date", 11016), "as_of": ("timestamp", 1_709_164_800_000_000), "x": ("bytes", b"\0"),
    }

    def path(self, parts: tuple[str, ...]) -> Code:
        """A column."""
        kind, value = self.values[parts[0]]
        return Code(kind, lambda context: value)

    def aggregate(self, node: Any) -> Code:
        """There are none."""
        raise OracleError("an aggregate")


CASES: list[tuple[str, str, Any]] = [
    ("ls[0]", "string", "b"), ("ls[-1]", "string", "b"), ("ls[4]", "string", None),
    ("ls[-5]", "string", None), ("ls[1]", "string", None), ("m['a']", "int64", 1),
    ("m['c']", "int64", None), ("map_get(m, 'b')", "int64", None), ("v[1]", "float64", 4.0),
    ("slice(ls, 1, -1)", "list<string>", (None, "a")), ("slice(ls, -9, 1)", "list<string>", ("b",)),
    ("slice(ls, 3, 1)", "list<string>", ()), ("slice(li, 1)", "list<int64>", (1, None)),
    ("sort(li)", "list<int64>", (None, 1, 3)), ("distinct_list(ls)", "list<string>", ("b", None, "a")),
    ("sum_list(lf)", "float64", math.fsum([0.1, 0.2, 0.3])), ("sum_list(none)", "float64", None),
    ("avg_list(li)", "float64", 2.0), ("max_list(li)", "int64", 3), ("min_list(ls)", "string", "a"),
    ("contains(ls, 'a')", "bool", True), ("contains(li, 1.0)", "bool", True),
    ("contains(none, 1)", "bool", False), ("join(ls, '-')", "string", "b-a-b"),
    ("length(ls)", "int64", 4), ("length(m)", "int64", 2), ("length(n)", "int64", None),
    ("map_keys(m)", "list<string>", ("a", "b")), ("[1, 2.5, null]", "list<float64>", (1.0, 2.5, None)),
    ("coalesce(n, ['q'])", "list<string>", ("q",)), ("dot(v, w)", "float64", 0.0),
    ("norm(v)", "float64", 5.0), ("l2(v, w)", "float64", math.sqrt(50)), ("cosine(v, v)", "float64", 1.0),
    ("cosine(v, z)", "float64", None), ("cosine(w, [4, -3]::vector(2))", "float64", -1.0),
    ("[1, null]::vector(2)", "vector(2)", None), ("['7', 'x']::list<int64>", "list<int64>", (7, None)),
    ("v::list<float64>", "list<float64>", (3.0, 4.0)), ("json_get(j, '$.n')", "json", "1.50"),
    ("json_number(json_get(j, '$.n'))", "float64", 1.5), ("json_get(j, '$.a[''b c''][2]')", "json", None),
    ("json_string(json_get(j, '$.a[\"b c\"][-2].d'))", "string", "xA"),
    ("json_string(json_get(j, '$.n'))", "string", None), ("json_get(j, '$.e')", "json", "[]"),
    ("json_get(j, '$[0]')", "json", None), ("json_get(j, '$[\"q\\\"\"]')", "json", "2"),
    ("split('a,b,', ',')", "list<string>", ("a", "b", "")), ("split('', ',')", "list<string>", ("",)),
    ("split('ab', '')", "list<string>", ("a", "b")), ("split('', '')", "list<string>", ()),
    ("tokens('Ab, c1_É!')", "list<string>", ("ab", "c1", "é")), ("ngrams('abc', 2)", "list<string>", ("ab", "bc")),
    ("ngrams('a', 2)", "list<string>", ()), ("levenshtein('kitten', 'sitting')", "int64", 3),
    ("regexp_extract('x-12', '([a-z])-([0-9]+)', 2)", "string", "12"),
    ("regexp_extract('x', '[0-9]')", "string", None), ("regexp_matches('ab', 'b$')", "bool", True),
    ("strip_accents('Crème É')", "string", "Creme E"), ("normalize('e\u0301', 'NFC')", "string", "é"),
    ("trim('\u3000 a\t')", "string", "a"), ("ltrim(' a ')", "string", "a "), ("upper('ß')", "string", "ß"),
    ("substr('fettle', 1, 3)", "string", "fet"), ("substr('fettle', -2)", "string", "le"),
    ("substr('abc', -9, 2)", "string", "ab"), ("substr('abc', 1, -1)", "string", None),
    ("geohash(57.64911, 10.40744, 11)", "string", "u4pruydqqvj"), ("geohash(91, 0, 3)", "string", None),
    ("haversine_km(1, 2, 1, 2)", "float64", 0.0), ("haversine_km(0, 0, 0, 181)", "float64", None),
    ("exp(1)", "float64", math.e), ("exp(710)", "float64", None), ("ln(0)", "float64", None),
    ("log10(1000)", "float64", 3.0), ("log2(0.125)", "float64", -3.0), ("log1p(-1)", "float64", None),
    ("pow(-2, 3)", "float64", -8.0), ("pow(-2, 0.5)", "float64", None), ("pow(0, 0)", "float64", 1.0),
    ("pow(0, -1)", "float64", None), ("pow(2, -1074)", "float64", 5e-324), ("pow(2, 1024)", "float64", None),
    ("atan2(0, -1)", "float64", math.pi), ("atan2(0, 0)", "float64", 0.0), ("sin(0)", "float64", 0.0),
    ("sin_cycle(6, 24)", "float64", 1.0), ("cos_cycle(6, 24)", "float64", 0.0),
    ("cos_cycle(12, 24)", "float64", -1.0), ("sin(1e22)", "float64", -0.8522008497671888),
    ("round(d, 1)", "decimal(2)", -260), ("floor(d)", "decimal(2)", -300), ("trunc(d)", "decimal(2)", -200),
    ("d div 2", "decimal(2)", -100), ("d % 2", "decimal(2)", -55), ("d::int64", "int64", -2),
    ("d::string", "string", "-2.55"), ("2.5::decimal(0)", "decimal(0)", 2), ("7.5 div 2", "float64", 3.0),
    ("-7.5 % 2", "float64", -1.5), ("bucket(d, [-3, 0])", "int64", 1), ("bucket(7, [7, 8])", "int64", 1),
    *((f"({text})::string", "string", want) for text, want in [
        ("7.0", "7.0"), ("0.00001", "0.00001"), ("1234567.5", "1234567.5"), ("1e16", "1e+16"),
        ("1.5e-6", "1.5e-06"), ("-1e300", "-1e+300"), ("0.0", "0.0"), ("-0.125", "-0.125"),
        ("9999999999999998.0", "9999999999999998.0"), ("5e-324", "5e-324"), ("123456.0", "123456.0"),
    ]),
    ("age_years(born)", "int64", 24), ("'true'::bool", "bool", True), ("' 1'::int64", "int64", None),
    ("'1e2'::float64", "float64", 100.0), ("hash_mod(i, 1)", "int64", 0), ("length(x)", "int64", 1),
    ("safe_div(1, 2, null)", "float64", 0.5), ("safe_div(1, 0, null)", "float64", None),
]


class FunctionTest(unittest.TestCase):
    def test_cases(self) -> None:
        for text, kind, want in CASES:
            with self.subTest(text):
                code = compile_node(parse(text), Columns())
                got = code.run(None)
                self.assertEqual((code.kind, got, str(got)), (kind, want, str(want)))

    def test_refused(self) -> None:
        for text in ("ls + 1", "dot(v, [1])", "m[0] + 'a'", "sum_list(ls)", "json_get(j, 'a')"):
            with self.subTest(text), self.assertRaises((OracleError, TypeError)):
                compile_node(parse(text), Columns()).run(None)

    def test_paths_keep_the_text(self) -> None:
        self.assertEqual(part(DOCUMENT, "$.a"), '{"b c": [1, {"d": "x\\u0041"}, null]}')
        self.assertEqual(part(" [ 1 , 2 ] ".strip(), "$[1]"), "2")
        self.assertEqual(part('"a"', "$"), '"a"')


if __name__ == "__main__":
    unittest.main()
