"""Syntax trees of expressions, by the grammar of the language page."""

from __future__ import annotations

from dataclasses import dataclass, field

from . import OracleError
from .tokens import UNITS, Token, parse_duration, tokenize


@dataclass(frozen=True)
class Window:
    """The events an aggregate reads: by length, all (since a day), the last rows, or a session.

    Times are microseconds. The offset is a duration, of rows and sessions a number of them.
    """

    length: int | None = None
    since: int | None = None
    offset: int = 0
    hop: int | None = None
    rows: int | None = None
    session: int | None = None
    longest: int | None = None  # of a session: max

    def kind(self) -> str:
        """The window kind as the coverage table names it."""
        name = "all" if self.since is None else "since"
        if self.length is not None:
            name = "w"
        elif self.rows is not None:
            name = "last"
        elif self.session is not None:
            name = "session" if self.longest is None else "session max"
        name += " offset" if self.offset else ""
        return name + (" hop" if self.hop is not None else "")


@dataclass(frozen=True)
class Node:
    """A syntax node: an operation and its arguments; `value` is a literal, name or path."""

    op: str
    args: tuple["Node", ...] = ()
    value: object = None
    where: "Node | None" = None
    window: Window | None = None
    distinct: bool = field(default=False)


class Parser:
    """Recursive descent over the grammar, one method per level."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokenize(text)
        self.next = 0
        self.in_where = False

    def fail(self, what: str) -> OracleError:
        """An error at the current token."""
        token = self.tokens[self.next]
        return OracleError(f"{self.text!r} at {token.at}: {what}, got {token.text!r}")

    def peek(self) -> Token:
        """The current token."""
        return self.tokens[self.next]

    def accept(self, kind: str, *texts: str) -> Token | None:
        """Take the current token if it is of the kind and one of the texts."""
        token = self.tokens[self.next]
        if token.kind == kind and (not texts or token.text in texts):
            self.next += 1
            return token
        return None

    def accept_name(self, text: str) -> bool:
        """Take a word that is special only in its place (all, since)."""
        token = self.tokens[self.next]
        if token.kind == "name" and token.text.lower() == text:
            self.next += 1
            return True
        return False

    def expect(self, kind: str, *texts: str) -> Token:
        """Take the current token or fail."""
        token = self.accept(kind, *texts)
        if token is None:
            raise self.fail(f"expected {' or '.join(texts) or kind}")
        return token

    def whole(self) -> Node:
        """Parse the text to its end."""
        node = self.expr()
        if self.peek().kind != "end":
            raise self.fail("expected the end")
        return node

    def expr(self) -> Node:
        """or."""
        node = self.conjunction()
        while self.accept("word", "or"):
            node = Node("or", (node, self.conjunction()))
        return node

    def conjunction(self) -> Node:
        """and."""
        node = self.negation()
        while self.accept("word", "and"):
            node = Node("and", (node, self.negation()))
        return node

    def negation(self) -> Node:
        """not."""
        if self.accept("word", "not"):
            return Node("not", (self.negation(),))
        return self.comparison()

    def comparison(self) -> Node:
        """cmp: at most one comparison, is, in, like or between."""
        left = self.cat()
        if token := self.accept("op", "=", "<>", "!=", "<", "<=", ">", ">="):
            op = "<>" if token.text == "!=" else token.text
            return Node(op, (left, self.cat()))
        if self.accept("word", "is"):
            return self.is_test(left)
        negated = self.accept("word", "not") is not None
        node = self.membership(left)
        if node is None:
            if negated:
                raise self.fail("expected in, like or between")
            return left
        return Node("not", (node,)) if negated else node

    def is_test(self, left: Node) -> Node:
        """is [not] null, is [not] distinct from."""
        negated = self.accept("word", "not") is not None
        if self.accept("word", "null"):
            node = Node("is null", (left,))
        else:
            self.expect("word", "distinct")
            if not self.accept_name("from"):
                raise self.fail("expected from")
            node = Node("distinct from", (left, self.cat()))
        return Node("not", (node,)) if negated else node

    def membership(self, left: Node) -> Node | None:
        """in, like and between."""
        if self.accept("word", "in"):
            self.expect("op", "(")
            items = self.items(")")
            return Node("in", (left, *items))
        if self.accept("word", "like"):
            pattern = self.cat()
            escape = self.expect("str").text if self.accept_name("escape") else None
            return Node("like", (left, pattern), value=escape)
        if self.accept("word", "between"):
            low = self.cat()
            self.expect("word", "and")
            return Node("between", (left, low, self.cat()))
        return None

    def items(self, close: str) -> list[Node]:
        """Expressions up to a closing token."""
        items = [self.expr()]
        while self.accept("op", ","):
            items.append(self.expr())
        self.expect("op", close)
        return items

    def binary(self, below, *ops: str) -> Node:
        """A left-associative level."""
        node = below()
        while True:
            token = self.accept("op", *ops)
            if token is None and "div" in ops and self.accept_name("div"):
                token = Token("op", "div", 0)
            if token is None:
                return node
            node = Node(token.text, (node, below()))

    def cat(self) -> Node:
        """||."""
        return self.binary(self.add, "||")

    def add(self) -> Node:
        """+ and -."""
        return self.binary(self.mul, "+", "-")

    def mul(self) -> Node:
        """* / % div."""
        return self.binary(self.unary, "*", "/", "%", "div")

    def unary(self) -> Node:
        """- in front."""
        if self.accept("op", "-"):
            return Node("neg", (self.unary(),))
        node = self.primary()
        while token := self.accept("op", "::", "["):
            if token.text == "::":
                node = Node("cast", (node,), value=self.type())
            else:
                node = Node("element", (node, self.expr()))
                self.expect("op", "]")
        return node

    def primary(self) -> Node:
        """Literals, calls, paths, case, cast and parentheses."""
        token = self.peek()
        if self.accept("op", "("):
            node = self.expr()
            self.expect("op", ")")
            return node
        if self.accept("op", "["):
            if self.accept("op", "]"):
                return Node("list")
            return Node("list", tuple(self.items("]")))
        self.next += 1
        if token.kind == "int":
            return Node("lit", value=("int64", int(token.text)))
        if token.kind == "float":
            return Node("lit", value=("float64", float(token.text)))
        if token.kind == "str":
            return Node("lit", value=("string", token.text))
        if token.kind == "dur":
            return Node("lit", value=("duration", parse_duration(token.text)))
        if token.kind == "word":
            return self.keyword(token)
        if token.kind == "name":
            return self.named(token)
        self.next -= 1
        raise self.fail("expected a value")

    def keyword(self, token: Token) -> Node:
        """true, false, null, case, cast, this."""
        if token.text in ("true", "false"):
            return Node("lit", value=("bool", token.text == "true"))
        if token.text == "null":
            return Node("lit", value=("null", None))
        if token.text == "case":
            return self.case()
        if token.text == "cast":
            self.expect("op", "(")
            inner = self.expr()
            self.expect("word", "as")
            kind = self.type()
            self.expect("op", ")")
            return Node("cast", (inner,), value=kind)
        if token.text == "this":
            return self.path(token)
        self.next -= 1
        raise self.fail("expected a value")

    def type(self) -> str:
        """A type name, with the scale of a decimal, a dimension, or the type of elements."""
        name = self.expect("name").text
        if self.accept("op", "("):
            name += "(" + self.expect("int").text + ")"
            self.expect("op", ")")
        elif self.accept("op", "<"):
            name += "<" + self.type() + ">"
            self.expect("op", ">")
        return name

    def case(self) -> Node:
        """case [x] when .. then .. [else ..] end; args are pairs, then the else."""
        subject = None if self.peek().text == "when" else self.expr()
        args: list[Node] = []
        while self.accept("word", "when"):
            condition = self.expr()
            if subject is not None:
                condition = Node("=", (subject, condition))
            self.expect("word", "then")
            args += [condition, self.expr()]
        otherwise = self.accept("word", "else")
        args.append(self.expr() if otherwise else Node("lit", value=("null", None)))
        self.expect("word", "end")
        return Node("case", tuple(args))

    def named(self, token: Token) -> Node:
        """A call, a typed literal or a path."""
        lower = token.text.lower()
        if lower in ("date", "timestamp") and self.peek().kind == "str":
            from .times import parse_date, parse_timestamp

            text = self.expect("str").text
            value = parse_date(text) if lower == "date" else parse_timestamp(text, None)
            return Node("lit", value=(lower, value))
        if not self.accept("op", "("):
            return self.path(token)
        distinct, args = False, []
        if self.accept("op", "*"):
            self.expect("op", ")")
        elif not self.accept("op", ")"):
            distinct = self.accept("word", "distinct") is not None
            args = self.items(")")
        where = self.condition() if self.accept("word", "where") else None
        open_window = where is not None or not self.in_where
        window = self.window() if open_window and self.accept("word", "over") else None
        if where is not None and window is None:
            raise self.fail("expected over")
        return Node("call", tuple(args), lower, where, window, distinct)

    def condition(self) -> Node:
        """The condition of an aggregate: an `over` that follows belongs to the aggregate."""
        before, self.in_where = self.in_where, True
        node = self.expr()
        self.in_where = before
        return node

    def window(self) -> Window:
        """DUR, all [since], last INT or session DUR [max DUR], then [offset] and [hop]."""
        given: dict[str, int] = {}
        if self.accept_name("all"):
            if self.accept_name("since"):
                from .times import parse_date

                given["since"] = parse_date(self.expect("str").text) * UNITS["d"]
        elif self.accept_name("last"):
            given["rows"] = int(self.expect("int").text)
        elif self.accept_name("session"):
            given["session"] = self.duration()
            if self.accept_name("max"):
                given["longest"] = self.duration()
        else:
            given["length"] = self.duration()
        if self.accept("word", "offset"):
            counted = "rows" in given or "session" in given
            given["offset"] = int(self.expect("int").text) if counted else self.duration()
        if self.accept("word", "hop"):
            given["hop"] = self.duration()
        return Window(**given)

    def duration(self) -> int:
        """A duration."""
        return parse_duration(self.expect("dur").text)

    def path(self, first: Token) -> Node:
        """A dotted name."""
        parts = [first.text]
        while self.accept("op", "."):
            token = self.peek()
            if token.kind not in ("name", "word"):
                raise self.fail("expected a name")
            self.next += 1
            parts.append(token.text)
        return Node("path", value=tuple(parts))


def parse(text: str) -> Node:
    """Parse one expression."""
    return Parser(text).whole()
