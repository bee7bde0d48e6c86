"""What is typed out of habit from other press databases: understood, or refused with what to write here."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detection.query import QueryError, parse
from detection.query.nodes import Node


def shape(text: str) -> str:
    """Return the tree without places."""

    def told(node: Node) -> str:
        parts = getattr(node, "parts", None) or ((node.part,) if hasattr(node, "part") else ())
        words = " ".join(getattr(node, "words", ()))
        return f"{type(node).__name__}({words}{', '.join(told(part) for part in parts)})"

    return told(parse(text).root)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Mali ET Paris", "Mali AND Paris"),
        ("Mali OU Niger", "Mali OR Niger"),
        ("Mali SAUF football", "Mali NOT football"),
        ("Mali ET (Niger OU Togo) SAUF football", "Mali AND (Niger OR Togo) NOT football"),
        ("“coup d’État”", '"coup d\'Etat"'),
        ("„coup d’État“", '"coup d\'Etat"'),
        ("« coup d’État »", '"coup d\'Etat"'),
        ('Mali "et" Paris', 'Mali "et" Paris'),
        ("et Mali", "et Mali"),
        ("Mali ou", "Mali ou"),
        ("NOT et", "NOT et"),
        ("=or Mali", "=or Mali"),
    ],
)
def test_understood(typed: str, meant: str) -> None:
    assert shape(typed) == shape(meant)


@pytest.mark.parametrize(
    ("typed", "position", "says"),
    [
        ("Mali and Paris", 5, "write AND"),
        ("Mali And Paris", 5, "write AND"),
        ("Mali et Paris", 5, "write AND"),
        ("Mali or Niger", 5, "write OR"),
        ("(Mali) ou (Niger)", 7, "write OR"),
        ("Mali not football", 5, "write NOT"),
        ("Mali sauf football", 5, "write NOT"),
        ('"coup" or "putsch"', 7, "write OR"),
        ("Mali & Paris", 5, "write AND"),
        ("Mali || Paris", 5, "write OR"),
        ("Mali !football", 5, "write NOT football"),
        ("Mali near5 Paris", 5, "write NEAR/5"),
        ("Mali NEAR12 Paris", 5, "write NEAR/12"),
        ("Mali w/5 Paris", 5, "write NEAR/5"),
        ("Mali W/5 Paris", 5, "write NEAR/5"),
        ("Mali PRE/5 Paris", 5, "in either order"),
        ("Mali adj3 Paris", 5, "in either order"),
        ("Mali PRÈS/5 Paris", 5, "write NEAR/5"),
        ("Mali %5 Paris", 5, "write NEAR/5"),
        ("Mali /5 Paris", 5, "write NEAR/5"),
        ('"Mali Paris"~5', 12, "write NEAR/5"),
        ("NEAR(Mali, Paris)", 0, "NEAR/5"),
        ("expuls?", 6, "write *"),
        ("expuls! Mali", 6, "write *"),
        ("expuls$", 6, "write *"),
        ("exp*lse", 3, "end of a word"),
        ("'coup d’État'", 0, "double quotes"),
        ("‘coup’", 0, "double quotes"),
        ("[Mali OR Niger]", 0, "write ( and )"),
        ("{Mali}", 0, "write ( and )"),
        ("title :Mali", 6, "without a space"),
        ("title: Mali", 6, "without a space"),
        ("title=Mali", 5, "write title:Mali"),
        ('title="Mali"', 5, "write title:…"),
        ("HD=(Mali)", 2, "write title:"),
        ("titre:Mali", 0, "write title:"),
        ("pays:MLI", 0, "write country:"),
        ("langue:fr", 0, "write lang:"),
        ("author=Diarra", 6, "write author:Diarra"),
        ("severity>=3", 8, "write severity:>=3"),
        ("severity<3", 8, "write severity:<3"),
        ("title(Mali)", 5, "title:("),
        ("depuis:2026", 0, "write since: here"),
        ("lang:french", 5, "write lang:fr"),
        ("lang:Français", 5, "write lang:fr"),
        ("lang:f", 5, "two letters"),
        ("country:Mali", 8, "write country:MLI"),
        ("country:ML", 8, "three letters"),
    ],
)
def test_refused(typed: str, position: int, says: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(typed)
    assert says in caught.value.message
    assert caught.value.position == position


@pytest.mark.parametrize(
    "typed",
    [
        "15:30",
        "72h",
        "10%",
        "l’ambassadeur",
        "porte-parole",
        "U.S.",
        "AT&T",
        "C+",
        "Mali, Niger",
        "near",
        "N7",
        "a=b",
        "lang:fr-FR",
    ],
)
def test_words_that_only_look_so(typed: str) -> None:
    assert parse(typed).text == typed


@given(
    st.lists(
        st.sampled_from([*"()\"'“”«»:=*?!&|+-~/%[]{}^ ", "and", "ou", "NEAR/3", "w/5", "near5", "title", "Mali", "é"])
    ).map("".join)
)
def test_anything_is_read_or_refused_with_a_place(text: str) -> None:
    refused: QueryError | None = None
    try:
        parse(text)
    except QueryError as error:
        refused = error
    if refused is not None:
        assert 0 <= refused.position <= len(text)
        assert refused.message
