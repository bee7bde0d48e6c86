"""Reads a query by recursive descent.

The grammar, loosest first; words side by side mean AND::

    query    = either
    either   = all { "OR" all }
    all      = negated { [ "AND" ] negated }
    negated  = { "NOT" | "-" } near
    near     = single [ "NEAR/n" single ]
    single   = [ field ":" ] "(" either ")" | term
    term     = [ field ":" ] [ "=" ] ( word | '"' words '"' ) [ "*" ]
             | [ field ":" ] "/" regular expression "/"
"""

from __future__ import annotations

import unicodedata

from detection.query.characters import MARKS
from detection.query.days import date_test
from detection.query.errors import QueryError
from detection.query.habits import refuse_small_operator
from detection.query.nodes import (
    DAY_FIELDS,
    NAME_FIELDS,
    WORD_FIELDS,
    Act,
    And,
    Field,
    NameTest,
    Near,
    Node,
    Not,
    Or,
    Phrase,
    Query,
    RegexTest,
    Scope,
    speaks_of_acts,
)
from detection.query.regex import MAX_PATTERN, PatternError, compiled
from detection.query.scan import scan
from detection.query.scanned import Kind, Sign
from detection.query.values import code_test, severity_test
from detection.query.words import fold_words, printed_words, spelled_out

#: characters of a query, at most
MAX_LENGTH = 2_000
#: parentheses inside parentheses, at most
MAX_NESTING = 50
#: words, phrases and field values, at most
MAX_TERMS = 200
#: regular expressions, at most
MAX_REGEXES = 5

_MARKS = "".join(MARKS)
_STARTS = frozenset({Kind.TERM, Kind.OPEN, Kind.NOT})


def parse(text: str) -> Query:
    """Read a query.

    Raises:
        QueryError: it cannot be read; the error shows the place and the cure.
    """
    if len(text) > MAX_LENGTH:
        raise QueryError(
            f"the query has {len(text)} characters, {MAX_LENGTH} at most; split it over several watches",
            MAX_LENGTH,
            text,
        )
    if not text.strip():
        raise QueryError("the query is empty; write a word to look for", 0, text)
    return Query(text=text, root=_Parser(text).whole())


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._signs = tuple(scan(text))
        for before, sign, after in zip(self._signs, self._signs[1:], self._signs[2:], strict=False):
            refuse_small_operator(text, before, sign, after)
        self._at = 0
        self._terms = 0
        self._depth = 0
        self._regexes = 0

    def _peek(self) -> Sign:
        return self._signs[self._at]

    def _take(self) -> Sign:
        sign = self._peek()
        self._at += 1
        return sign

    def _fault(self, message: str, at: int) -> QueryError:
        return QueryError(message, at, self._text)

    def whole(self) -> Node:
        """Read the query to its end."""
        node = self._either(None)
        if self._peek().kind is Kind.CLOSE:
            raise self._fault("this ) closes nothing; remove it or put ( before", self._peek().start)
        return node

    def _either(self, field: Field | None) -> Node:
        parts = [self._all(field)]
        while self._peek().kind is Kind.OR:
            self._take()
            parts.append(self._all(field))
        if len(parts) == 1:
            return parts[0]
        return Or(tuple(inner for part in parts for inner in (part.parts if isinstance(part, Or) else (part,))))

    def _all(self, field: Field | None) -> Node:
        parts = [self._negated(field)]
        while self._peek().kind is Kind.AND or self._peek().kind in _STARTS:
            if self._peek().kind is Kind.AND:
                self._take()
            parts.append(self._negated(field))
        return _joined(parts)

    def _negated(self, field: Field | None) -> Node:
        negative = False
        while self._peek().kind is Kind.NOT:
            self._take()
            negative = not negative
        node = self._near(field)
        return Not(node) if negative else node

    def _near(self, field: Field | None) -> Node:
        left_sign = self._peek()
        left = self._single(field)
        if self._peek().kind is not Kind.NEAR:
            return left
        near, right_sign = self._take(), self._peek()
        right = self._single(field)
        scope = _scope(field)
        if self._peek().kind is Kind.NEAR:
            raise self._fault("NEAR joins two sides only; write (a NEAR/5 b) AND (b NEAR/5 c)", self._peek().start)
        return Near(
            start=left_sign.start,
            end=self._signs[self._at - 1].end,
            left=self._side(left, scope, left_sign),
            right=self._side(right, scope, right_sign),
            distance=near.distance,
            scope=scope,
        )

    def _side(self, node: Node, scope: Scope, sign: Sign) -> tuple[Phrase, ...]:
        """Return the phrases that may stand on one side of NEAR."""
        phrases = node.parts if isinstance(node, Or) else (node,)
        found = tuple(phrase for phrase in phrases if isinstance(phrase, Phrase))
        if len(found) < len(phrases):
            raise self._fault("NEAR joins words and phrases only, or (this OR that)", sign.start)
        if any(phrase.scope is not scope for phrase in found):
            raise self._fault("put the field before both sides: title:(a NEAR/5 b)", sign.start)
        return found

    def _single(self, field: Field | None) -> Node:
        sign = self._take()
        if sign.field is not None and field is not None:
            raise self._fault(f"{sign.field}: stands inside {field}:( … ); move it out", sign.start)
        if sign.kind is Kind.OPEN:
            return self._group(sign, sign.field or field)
        if sign.kind is Kind.TERM:
            return self._term(sign, sign.field or field)
        raise self._missing(sign)

    def _group(self, opening: Sign, field: Field | None) -> Node:
        self._depth += 1
        if self._depth > MAX_NESTING:
            raise self._fault(f"more than {MAX_NESTING} parentheses inside one another; take some out", opening.start)
        if self._peek().kind is Kind.CLOSE:
            raise self._fault("nothing stands between these parentheses; remove them", opening.start)
        node = self._either(field)
        if self._take().kind is not Kind.CLOSE:
            raise self._fault("this ( is never closed; put ) after the group", opening.end - 1)
        self._depth -= 1
        return node

    def _missing(self, sign: Sign) -> QueryError:
        """Return the error for a place where a term should begin and ``sign`` stands."""
        before = self._signs[self._at - 2] if self._at > 1 else None
        if before is not None and before.kind not in {Kind.TERM, Kind.OPEN, Kind.CLOSE}:
            operator = self._text[before.start : before.end]
            return self._fault(f'{operator} needs a word, a "phrase" or a group after it', before.start)
        if sign.kind is Kind.END and before is not None:
            return self._fault("this ( is never closed; write a word and ) after it", before.end - 1)
        if sign.kind is Kind.CLOSE:
            return self._fault("this ) closes nothing; remove it or put ( before", sign.start)
        operator = self._text[sign.start : sign.end]
        return self._fault(f'{operator} needs a word before it; to look for "{operator}" put it in quotes', sign.start)

    def _term(self, sign: Sign, field: Field | None) -> Node:
        self._terms += 1
        if self._terms > MAX_TERMS:
            raise self._fault(f"more than {MAX_TERMS} words and phrases; split the query", sign.start)
        if sign.regex:
            return self._regex(sign, field)
        if field is None or field in WORD_FIELDS:
            return self._phrase(sign, _scope(field))
        if sign.exact and field is not Field.SEVERITY:
            raise self._fault(f"= asks for an exact word in the text; {field}: takes none", sign.value_start - 1)
        if field in NAME_FIELDS:
            phrase = self._phrase(sign, Scope.ANYWHERE)
            return NameTest(start=sign.start, end=sign.end, field=field, phrase=phrase)
        if field in DAY_FIELDS:
            return date_test(sign, field, self._text)
        if field is Field.SEVERITY:
            return severity_test(sign, self._text)
        return code_test(sign, field, self._text)

    def _regex(self, sign: Sign, field: Field | None) -> RegexTest:
        if field is not None and field not in WORD_FIELDS:
            raise self._fault(f"{field}: takes no /regex/; title:/…/, text:/…/ and /…/ alone do", sign.value_start - 1)
        if len(sign.value) > MAX_PATTERN:
            raise self._fault(f"a /regex/ has {MAX_PATTERN} characters at most", sign.value_start)
        self._regexes += 1
        if self._regexes > MAX_REGEXES:
            raise self._fault(f"more than {MAX_REGEXES} regular expressions; join them with |", sign.start)
        try:
            compiled(sign.value)
        except PatternError as error:
            raise self._fault(
                f"this /regex/ cannot be read: {error}. It is RE2's (github.com/google/re2/wiki/Syntax), without "
                "look-around and back-references", sign.value_start,
            ) from None  # fmt: skip
        return RegexTest(start=sign.start, end=sign.end, pattern=sign.value, scope=_scope(field))

    def _phrase(self, sign: Sign, scope: Scope) -> Phrase:
        # The archive holds NFC; a query typed in a decomposed form means the same letters.
        value = unicodedata.normalize("NFC", sign.value)
        words = tuple(spelled_out(word) for word in fold_words(value))
        shown = self._text[sign.start : sign.end]
        if not words:
            raise self._fault(f"{shown} holds no letter and no digit; write a word to look for", sign.start)
        if sign.star and not fold_words(value.rstrip(_MARKS)[-1:]):
            raise self._fault("* must stand right behind a letter or a digit", sign.value_start + len(sign.value))
        return Phrase(
            start=sign.start,
            end=sign.end,
            words=words,
            exactly=printed_words(value) if sign.exact else None,
            prefix=sign.star,
            scope=scope,
        )


def _scope(field: Field | None) -> Scope:
    return WORD_FIELDS.get(field, Scope.ANYWHERE) if field is not None else Scope.ANYWHERE


def _joined(parts: list[Node]) -> Node:
    """Return the conjunction of parts, with what it says of acts gathered onto one act."""
    flat: list[Node] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, And | Act) else (part,))
    of_acts = tuple(part for part in flat if speaks_of_acts(part))
    others = [part for part in flat if not speaks_of_acts(part)]
    if len(of_acts) > 1:
        others.append(Act(of_acts))
    else:
        others.extend(of_acts)
    return others[0] if len(others) == 1 else And(tuple(others))
