"""Lines of input: read as the contract says, and a bad one is told, never traced."""

from __future__ import annotations

import contextlib
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vigie.errors import VigieError
from vigie.inputs import InputLineError, decode_text, parse_line, parse_moment, read_lines

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from(["id", "title", "text", "published", "lang", "url", "source", "authors", "paragraphs", "x"])


def test_every_key_of_the_contract_is_read() -> None:
    record = {
        "id": "7", "title": "Titre", "text": "Texte", "published": "2025-09-19T08:30:00+02:00", "lang": "fr",
        "url": "https://x.example/a", "source": "fleuve", "authors": ["Awa", "Binta"], "paragraphs": ["un", "deux"],
        "label": {"alert": True},
    }  # fmt: skip
    article = parse_line(json.dumps(record), 3)
    assert (article.id, article.title, article.text) == ("7", "Titre", "Texte")
    assert article.published == datetime(2025, 9, 19, 6, 30, tzinfo=UTC)
    assert (article.language, article.url, article.source) == ("fr", "https://x.example/a", "fleuve")
    assert (article.authors, article.paragraphs) == (("Awa", "Binta"), ("un", "deux"))
    assert article.record == record


def test_missing_keys_have_plain_defaults() -> None:
    article = parse_line('{"title": "Titre"}', 3)
    assert (article.id, article.text, article.published, article.url) == ("3", "", None, None)
    assert (article.authors, article.paragraphs) == ((), ())
    assert parse_line('{"id": null, "text": "t", "published": ""}', 4).id == "4"
    assert parse_line('{"id": 0, "text": "t"}', 4).id == "0"
    assert parse_line('{"paragraphs": ["un", "deux"]}', 1).text == "un\ndeux"
    assert parse_line('{"title": "t", "authors": "Awa Koné"}', 1).authors == ("Awa Koné",)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ('{"id": ' + "1" * 5000 + "}", "not JSON"),
        ("[]", "not a JSON object"),
        ('"text"', "not a JSON object"),
        ("{}", "neither a title nor a text"),
        ('{"title": "", "text": ""}', "neither a title nor a text"),
        ('{"title": 5}', "title: is not text"),
        ('{"title": "t", "text": ["x"]}', "text: is not text"),
        ('{"title": "t", "lang": 1}', "lang: is not text"),
        ('{"title": "t", "paragraphs": [1]}', "paragraphs: is not a list of texts"),
        ('{"title": "t", "authors": {}}', "authors: is not a list of texts"),
        ('{"title": "t", "published": 1758263400}', "published: is not an ISO 8601 date"),
        ('{"title": "t", "published": "yesterday"}', "published: 'yesterday' is not an ISO 8601 date"),
        ('{"title": "t", "published": "0001-01-01T00:00:00+14:00"}', "published"),
    ],
)
def test_bad_line_is_told(line: str, told: str) -> None:
    with pytest.raises(InputLineError, match=told):
        parse_line(line, 1)


def test_half_characters_become_signs_that_can_be_stored_without_moving_the_rest() -> None:
    line = r'{"id": "\ud800", "title": "a\udfffb", "source": "\ud83d", "paragraphs": ["\ud800x"], "authors": "\udc00"}'
    article = parse_line(line, 1)
    for text in (article.id, article.title, article.source or "", *article.paragraphs, *article.authors, article.text):
        text.encode("utf-8")
        assert "\ufffd" in text
    assert article.title == "a\ufffdb"
    assert parse_line(r'{"title": "\ud83d\ude00"}', 1).title == "😀"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2025-09-19", datetime(2025, 9, 19, tzinfo=UTC)),
        ("2025-09-19T08:30:00Z", datetime(2025, 9, 19, 8, 30, tzinfo=UTC)),
        ("2025-09-19T08:30:00", datetime(2025, 9, 19, 8, 30, tzinfo=UTC)),
        ("2025-09-19T08:30:00-05:00", datetime(2025, 9, 19, 13, 30, tzinfo=UTC)),
    ],
)
def test_moment_without_a_zone_is_utc(text: str, moment: datetime) -> None:
    assert parse_moment(text) == moment
    assert parse_moment(text).utcoffset() == timedelta(0)


@settings(deadline=None)
@given(st.dictionaries(KEYS, JSON, max_size=6))
def test_any_object_is_an_article_or_a_bad_line(record: dict[str, object]) -> None:
    with contextlib.suppress(InputLineError):
        article = parse_line(json.dumps(record), 1)
        assert article.title or article.text
        f"{article.id}{article.title}{article.text}{article.url}{article.source}".encode()


@settings(deadline=None)
@given(st.text())
def test_any_line_is_an_article_or_a_bad_line(line: str) -> None:
    with contextlib.suppress(InputLineError):
        parse_line(line, 1)


# --- files ------------------------------------------------------------------------------------------


def test_lines_are_numbered_as_an_editor_does(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_bytes('{"a": "x\u2028y\u0085z"}\r\n\n   \n{"b": 1}'.encode())
    lines = list(read_lines(str(path)))
    assert [number for number, _ in lines] == [1, 4]
    assert [json.loads(line) for _, line in lines] == [{"a": "x\u2028y\u0085z"}, {"b": 1}]


def test_mark_of_other_systems_and_broken_bytes_are_read(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"title": "t"}\n{"title": "\xff"}\n')
    assert [parse_line(line, number).title for number, line in read_lines(str(path))] == ["t", "\ufffd"]


def test_standard_input_is_a_dash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"one\ntwo\n")))
    assert list(read_lines("-")) == [(1, "one"), (2, "two")]


def test_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "none.jsonl", tmp_path):
        with pytest.raises(VigieError, match="cannot be read"):
            list(read_lines(str(path)))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_plain_text_is_read_in_the_encodings_of_newsrooms(encoding: str) -> None:
    text = "Bamako expulse l’ambassadeur, « à effet immédiat »"
    assert decode_text(text.encode(encoding)) == text


@given(st.binary(max_size=200))
def test_any_bytes_are_some_text(raw: bytes) -> None:
    assert isinstance(decode_text(raw), str)
