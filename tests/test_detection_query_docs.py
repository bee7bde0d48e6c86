"""docs/query.md holds what it says."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from detection.query import MAX_LENGTH, MAX_NESTING, MAX_TERMS, QueryError, Subject, matches, parse
from detection.query.nodes import Field
from detection.query.parse import MAX_REGEXES
from detection.query.regex import MAX_PATTERN
from detection.query.scan import MAX_DISTANCE
from storage.types import Signal, Status

PAGE = (Path(__file__).parent.parent / "docs" / "query.md").read_text("utf-8")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def lines(kind: str) -> list[str]:
    return [line for block in blocks(kind) for line in block.splitlines()]


@pytest.fixture(scope="module")
def article() -> Subject:
    (block,) = blocks("toml article")
    stated = tomllib.loads(block)
    return Subject(
        title=stated["title"],
        text=stated["text"].strip(),
        source_id=stated["source"],
        language=stated["language"],
        country=stated["country"],
        origin=stated["origin"],
        authors=tuple(stated["authors"]),
        at=stated["appeared"],
        tags=tuple(stated["tags"]),
        signals=tuple(
            Signal(
                type=act["type"],
                severity=act["severity"],
                actor=act["actor"],
                target=act["target"],
                status=Status(act["status"]),
                sentence=stated["title"],
                start=0,
                end=1,
                rule="",
            )
            for act in stated["acts"]
        ),
    )


@pytest.mark.parametrize("text", lines("query matches"))
def test_matches(article: Subject, text: str) -> None:
    assert matches(parse(text), article)


@pytest.mark.parametrize("text", lines("query misses"))
def test_misses(article: Subject, text: str) -> None:
    assert not matches(parse(text), article)


@pytest.mark.parametrize("block", blocks("query error"))
def test_errors(block: str) -> None:
    text, shown = block.rstrip("\n").split("\n", 1)
    with pytest.raises(QueryError) as caught:
        parse(text)
    assert str(caught.value) == shown


@pytest.mark.parametrize("text", re.findall(r"^\| `([^`]+)` \| .*$", PAGE.split("## Fields")[0], re.MULTILINE))
def test_examples_in_the_table_are_queries(text: str) -> None:
    parse(text)


def test_every_kind_of_example_is_there() -> None:
    assert len(lines("query matches")) > 30
    assert len(lines("query misses")) > 15
    assert len(blocks("query error")) == 7


def test_every_field_and_bound_is_named() -> None:
    table = PAGE.split("## Fields")[1]
    assert all(f"`{field}`" in table for field in Field)
    assert f"{MAX_LENGTH:,} characters, {MAX_TERMS} words" in PAGE
    assert f"{MAX_NESTING} parentheses" in PAGE
    assert f"0 to {MAX_DISTANCE}" in PAGE
    assert f"more than {MAX_PATTERN} characters" in PAGE
    assert f"at most {MAX_REGEXES}" in PAGE
