"""Reading a query: what is accepted, and errors that point at the character."""

from __future__ import annotations

import pickle
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from detection.errors import DetectionError
from detection.query import MAX_LENGTH, MAX_NESTING, MAX_TERMS, QueryError, describe_syntax, parse
from detection.query.nodes import Act, And, Field, Near, Not, Or, Phrase, Scope, leaves


def fault(text: str) -> QueryError:
    with pytest.raises(QueryError) as caught:
        parse(text)
    return caught.value


@pytest.mark.parametrize(
    ("text", "position", "says"),
    [
        ("", 0, "empty"),
        ("  ", 0, "empty"),
        ("(", 0, "never closed"),
        ("(Mali", 0, "never closed"),
        ("Mali AND (Niger OR Togo", 9, "never closed"),
        ("title:(Mali", 6, "never closed"),
        ("Mali)", 4, "closes nothing"),
        (")", 0, "closes nothing"),
        ("Mali ()", 5, "between these parentheses"),
        ("AND Mali", 0, "needs a word before"),
        ("(OR Mali)", 1, "needs a word before"),
        ("Mali AND", 5, "after it"),
        ("Mali OR OR Niger", 5, "after it"),
        ("(Mali OR)", 6, "after it"),
        ("Mali NOT", 5, "after it"),
        ("Mali NEAR/3", 5, "after it"),
        ('Mali "coup', 5, "never closed"),
        ("Mali «coup", 5, "never closed"),
        ("Mali» coup", 4, "closes nothing"),
        ("ambas*deur", 5, "end of a word"),
        ('"am* ba"', 3, "end of a word"),
        ("*", 0, "no letter"),
        ("Mali — Niger", 5, "no letter"),
        ("Mali-*", 5, "behind a letter"),
        ("=", 0, "no letter"),
        ("- Mali", 0, "write NOT"),
        ("--Mali", 0, "NOT Mali"),
        ('"porte"-parole', 7, "NOT parole"),
        ("Mali /expuls", 5, "never closed"),
        ("Mali /a{1001}/", 6, "cannot be read"),
        (r"Mali /(a)\1/", 6, "cannot be read"),
        ("Mali /a(?=b)/", 6, "without look-around"),
        ("source:/rfi/", 7, "takes no /regex/"),
        ("date:hier", 5, "is no day"),
        ("date:2026-03-10..2026-03-09", 5, "ends before it begins"),
        ("date:2026..x", 11, "is no day"),
        ("date:..", 5, "has no day"),
        ("since:2026-02-30", 6, "no day"),
        ("until:2026*", 6, "takes days"),
        ("tag:«…»", 5, "letters or digits"),
        ("Mali && Niger", 5, "write AND"),
        ("Mali | Niger", 5, "write OR"),
        ("Mali NEAR Niger", 5, "NEAR/5"),
        ("Mali NEAR/x Niger", 5, "NEAR/5"),
        ("Mali near/5 Niger", 5, "in capitals"),
        ("Mali NEAR/999 Niger", 10, "100 words"),
        ("a NEAR/3 b NEAR/3 c", 11, "two sides"),
        ("a NEAR/3 (b c)", 9, "words and phrases"),
        ("lang:fr NEAR/3 c", 0, "words and phrases"),
        ("title:a NEAR/3 b", 0, "before both sides"),
        ("titel:Mali", 0, "did you mean title:?"),
        ("Mali:crise", 0, "the fields are title, text"),
        ("title: Mali", 6, "without a space"),
        ("lang:", 5, "right after the colon"),
        ('lang:""', 6, "no value"),
        ("title:(lang:fr)", 7, "move it out"),
        ("lang:=fr", 5, "takes none"),
        ("severity:9", 9, "from 1 to 5"),
        ("severity:>=", 9, "from 1 to 5"),
        ("severity:3*", 9, "from 1 to 5"),
        ("status:true", 7, "asserted, threatened"),
        ("type:expel", 5, "expel_ambassador"),
        ("type:xyz*", 5, "write one of"),
        ("actor:Mali", 6, "write actor:MLI"),
        ("target:Xanadu", 7, "as codes"),
    ],
)
def test_errors_point_at_the_character_and_name_the_cure(text: str, position: int, says: str) -> None:
    error = fault(text)
    assert (error.position, error.text) == (position, text)
    assert says in error.message


def test_error_shows_the_place() -> None:
    assert str(fault("Mali AND (Niger OR")).split("\n") == [
        'OR needs a word, a "phrase" or a group after it',
        "  Mali AND (Niger OR",
        "                  ^",
    ]


def test_caret_stands_right_in_long_lines_and_after_wide_characters() -> None:
    _, line, caret = str(fault("mot " * 60 + "titel:x" + " mot" * 60)).split("\n")
    assert line[caret.index("^") :].startswith("titel:x")
    assert line.startswith("  …")
    assert line.endswith("…")
    assert len(line) < 130
    # Two columns for each of the four wide characters.
    assert str(fault("馬里危機 titel:x")).split("\n")[2] == "  " + " " * 9 + "^"
    assert str(fault("e\u0301te\u0301\ttitel:x")).split("\n")[1:] == ["  e\u0301te\u0301 titel:x", "      ^"]


def test_error_is_of_the_family_and_survives_a_process_border() -> None:
    error = fault("(")
    assert isinstance(error, DetectionError)
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.position) == (str(error), error.position)


# --- bounds --------------------------------------------------------------------------------------


def test_bounds_are_reachable_and_held() -> None:
    parse("m" * MAX_LENGTH)
    assert "2000 at most" in fault("m" * (MAX_LENGTH + 1)).message
    parse("(" * MAX_NESTING + "a" + ")" * MAX_NESTING)
    deeper = fault("(" * (MAX_NESTING + 1) + "a" + ")" * (MAX_NESTING + 1))
    assert deeper.position == MAX_NESTING
    parse("a " * MAX_TERMS)
    more = fault("a " * (MAX_TERMS + 1))
    assert more.position == 2 * MAX_TERMS
    # Groups side by side are not inside one another.
    parse("(a) " * (MAX_NESTING + 10))
    parse("NOT " * 400 + "a")


# --- what a query becomes --------------------------------------------------------------------------


def test_precedence() -> None:
    root = parse("a NOT b NEAR/2 c OR d").root
    assert isinstance(root, Or)
    first, second = root.parts
    assert isinstance(first, And)
    assert isinstance(second, Phrase)
    negated = first.parts[1]
    assert isinstance(negated, Not)
    assert isinstance(negated.part, Near)
    assert negated.part.distance == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Mali Niger", "Mali AND Niger"),
        ("Mali AND NOT Niger", "Mali NOT Niger"),
        ("NOT NOT Mali", "Mali"),
        ("(Mali (Niger Togo))", "Mali Niger Togo"),
        ("«coup d’État»", '"coup d\'etat"'),
        ("“note verbale”", '"note verbale"'),
        ("porte-parole", '"porte parole"'),
        ('"ambassad"*', '"ambassad*"'),
        ("cœur", "COEUR"),
        ("title:(Mali OR Niger)", "title:Mali OR title:Niger"),
        ("LANG:FR", "lang:fr"),
        ("severity:=3", "severity:3"),
        ("type:sanctions actor:MLI status:denied", "(type:sanctions actor:MLI) status:denied"),
    ],
)
def test_two_ways_of_writing_one_query(one: str, other: str) -> None:
    def meaning(text: str) -> str:
        return re.sub(r"(start|end)=\d+, ", "", repr(parse(text).root))

    assert meaning(one) == meaning(other)


def test_a_time_is_no_field() -> None:
    assert parse("15:30").root == Phrase(start=0, end=5, words=("15", "30"))


def test_conditions_on_acts_gather_on_one_act() -> None:
    root = parse("Mali type:sanctions lang:fr (actor:FRA OR target:FRA) NOT status:denied").root
    assert isinstance(root, And)
    (act,) = [part for part in root.parts if isinstance(part, Act)]
    assert len(act.parts) == 2
    assert [leaf.field for leaf in leaves(act) if hasattr(leaf, "field")] == [Field.TYPE, Field.ACTOR, Field.TARGET]


def test_leaves_know_their_place() -> None:
    text = "severity:>=3 (title:=Mali OR «coup d’État») NOT a NEAR/3 b type:sanctions"
    shown = [text[leaf.start : leaf.end] for leaf in leaves(parse(text).root)]
    assert shown == ["severity:>=3", "title:=Mali", "«coup d’État»", "a NEAR/3 b", "type:sanctions"]


def test_scope_of_a_group_reaches_near() -> None:
    near = parse("title:(a NEAR/3 (b OR c))").root
    assert isinstance(near, Near)
    assert near.scope is Scope.TITLE
    assert len(near.right) == 2


# --- no query breaks the reader ----------------------------------------------------------------------

SIGNS = ["(", ")", '"', "«", "»", "AND", "OR", "NOT", "NEAR/2", "NEAR", "*", "=", ":", "title:", "lang:", "type:"]
NEWER = ["/", "/a(b|c)+/", "\\", "date:", "since:", "2026-02", "..", "tag:", "-("]
PIECES = st.sampled_from(
    [*SIGNS, "severity:", ">=", "3", "actor:", "MLI", "Mali", " ", "-", "\ud800", "\0", "\n", "é", *NEWER]
)


@given(st.text(max_size=60) | st.lists(PIECES, max_size=30).map("".join) | st.lists(PIECES, max_size=30).map(" ".join))
@example("=«")
@example("title:«")
@example("”")
def test_any_text_is_read_or_refused_with_a_place(text: str) -> None:
    error = None
    try:
        assert parse(text).text == text
    except QueryError as refusal:
        error = refusal
    if error is not None:
        assert 0 <= error.position <= len(text)
        assert error.message in str(error)
        assert str(error).endswith("^")


def test_every_example_of_the_help_is_a_query() -> None:
    lines = [line for line in describe_syntax().splitlines() if line.startswith("  ")]
    examples = [line.strip().split("  ")[0] for line in lines]
    assert len(examples) == len(set(examples)) == 25
    for text in examples:
        parse(text)
    assert all(any(text.startswith(f"{field}:") for text in examples) for field in Field)
