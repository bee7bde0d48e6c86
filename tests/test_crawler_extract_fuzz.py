"""No bytes make extraction raise, and whatever they claim to be, what comes out is clean text in normal form."""

from __future__ import annotations

import random
import unicodedata
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.extract import Reading, read_page
from storage.types import FeedEntry

NOW = datetime(2025, 9, 19, 18, 0, tzinfo=UTC)
PAGES = sorted((Path(__file__).parent / "data" / "pages").glob("*.html"))
WORDS = "Le gouvernement a été reçu à Ségou, où l’été s’achève : « déjà », dit-il, cœur serré, 12 € en main. "
ENTRY = FeedEntry(url="https://www.rives.example/a", title="Un titre", summary="Un résumé assez long pour compter.")


def read(body: bytes, encoding: str | None = None, entry: FeedEntry | None = None) -> Reading:
    return read_page(
        body,
        url="https://www.rives.example/a",
        asked="https://www.rives.example/a",
        source_id="x",
        fetched_at=NOW,
        encoding=encoding,
        entry=entry,
        language="fr",
    )


def is_clean(reading: Reading) -> bool:
    """Whether everything that came out can be stored and matched."""
    if reading.article is None:
        return reading.failure is not None and bool(reading.failure.detail)
    article = reading.article
    texts = [article.title, article.lede, *article.paragraphs, *article.authors, article.agency or ""]
    for text in texts:
        text.encode("utf-8")
        assert text == unicodedata.normalize("NFC", text)
        assert not any(unicodedata.category(character) in {"Cc", "Cs"} for character in text)
    assert all(article.paragraphs)
    return bool(article.title)


def page(charset: str | None, text: str = WORDS, padding: int = 0) -> str:
    meta = f'<meta http-equiv="Content-Type" content="text/html; charset={charset}">' if charset else ""
    return (
        f"<!DOCTYPE html><html lang='fr'><head>{' ' * padding}{meta}<title>Ségou fête l’été</title></head><body>"
        "<article>"
        f"<h1>Ségou fête l’été</h1><p>{text * 2}</p><p>{text * 3}</p></article></body></html>"
    )


@pytest.mark.parametrize("header", [None, "utf-8", "iso-8859-1", "windows-1252", "iso-8859-15", "us-ascii", "x-lie"])
@pytest.mark.parametrize("meta", [None, "utf-8", "iso-8859-1", "windows-1252", "latin1", "utf-16", "x-lie"])
@pytest.mark.parametrize("padding", [0, 1500])
def test_utf_8_is_read_as_such_whatever_header_and_page_claim(
    header: str | None, meta: str | None, padding: int
) -> None:
    reading = read(page(meta, padding=padding).encode("utf-8"), header)
    assert reading.article is not None
    assert reading.article.title == "Ségou fête l’été"
    assert "où l’été s’achève : « déjà », dit-il, cœur serré, 12 € en main." in reading.article.paragraphs[0]
    assert is_clean(reading)


@pytest.mark.parametrize(
    ("codec", "header", "meta", "padding"),
    [
        ("cp1252", "windows-1252", None, 0),
        ("cp1252", None, "windows-1252", 0),
        ("cp1252", None, "iso-8859-1", 0),
        ("cp1252", "utf-8", None, 0),
        ("cp1252", None, None, 0),
        ("cp1252", None, "windows-1252", 1500),
        ("utf-8-sig", "iso-8859-1", "windows-1252", 0),
        ("utf-16", None, "iso-8859-1", 0),
        ("utf-16-le", "utf-16-le", None, 0),
    ],
)
def test_other_encodings_are_read_where_something_tells_them(
    codec: str, header: str | None, meta: str | None, padding: int
) -> None:
    reading = read(page(meta, padding=padding).encode(codec), header)
    assert reading.article is not None
    assert "cœur serré, 12 €" in reading.article.paragraphs[0]


def test_nul_controls_and_decomposed_letters_leave_no_trace() -> None:
    text = "Un te\u0301moin\x00 a\x07 vu\x1b le\u200b convoi\x85 passer\u202e hier soir pre\u0300s du fleuve. "
    reading = read(page("utf-8", text).encode("utf-8", "surrogatepass"))
    assert reading.article is not None
    assert reading.article.paragraphs[0].startswith("Un témoin a vu le convoi passer hier soir près du fleuve.")
    assert is_clean(reading)


@pytest.mark.parametrize("reference", ["&#xD800;", "&#55296;", "&#0;", "&#x110000;", "&#x1F;", "&#xFFFE;", "&#x0B;"])
def test_character_references_to_no_character_are_harmless(reference: str) -> None:
    reading = read(page("utf-8", f"Le convoi {reference} est passé hier soir près du grand fleuve. ").encode())
    assert reading.article is not None
    assert is_clean(reading)


def test_lone_surrogates_in_json_ld_are_harmless() -> None:
    data = '{"@type":"NewsArticle","headline":"S\\ud83dégou","author":"A\\udfff B"}'
    script = f'<script type="application/ld+json">{data}</script>'
    assert is_clean(read(page("utf-8").replace("</head>", f"{script}</head>").encode()))


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=3000), st.sampled_from([None, "utf-8", "iso-8859-1", "utf-16", "shift_jis", "x"]), st.booleans()
)
def test_any_bytes_are_read(body: bytes, encoding: str | None, with_entry: bool) -> None:
    assert is_clean(read(body, encoding, ENTRY if with_entry else None))


TAGS = [
    "<p>",
    "</p>",
    "<div class='content'>",
    "</div>",
    "<h1>",
    "</h1>",
    "<br>",
    "<a href='/x'>",
    "</a>",
    "<table>",
    "<tr>",
]
TAGS += [
    "<td>",
    "<script>",
    "</script>",
    "<!--",
    "-->",
    "<form>",
    "<nav>",
    "<figure>",
    "<ul>",
    "<li>",
    "<time datetime='x'>",
]
TAGS += [
    "<meta name='author' content='\x00'>",
    "<span class='author'>",
    "<![CDATA[",
    "&eacute;",
    "&#x;",
    "<p",
    "'>",
    WORDS,
]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(TAGS), max_size=60))
def test_any_tag_soup_is_read(parts: list[str]) -> None:
    assert is_clean(read(("<html><head><title>T</title></head><body>" + "".join(parts)).encode(), entry=ENTRY))


@pytest.mark.parametrize("path", PAGES, ids=[path.stem for path in PAGES])
def test_damaged_pages_are_read(path: Path) -> None:
    chance = random.Random(path.name)
    whole = path.read_bytes()
    for _ in range(6):
        body = bytearray(whole)
        for _ in range(chance.randint(1, 40)):
            position = chance.randrange(len(body))
            match chance.randrange(4):
                case 0:
                    body[position] = chance.randrange(256)
                case 1:
                    del body[position : position + chance.randrange(200)]
                case 2:
                    body[position:position] = bytes(chance.randrange(256) for _ in range(20))
                case _:
                    body[position:position] = body[: chance.randrange(400)]
            body = body or bytearray(b" ")
        assert is_clean(read(bytes(body), entry=ENTRY))


@pytest.mark.parametrize(
    "body",
    [
        "<div>" * 5000 + WORDS,
        "<b><p>" * 3000 + WORDS,
        "<a href='/x'>x</a>" * 20000,
        "<p>" + "mot " * 200000 + "</p>",
        "<p>Par</p>" * 5000,
        "<h2><a href='/x'>Titre</a></h2>" * 3000,
        "<br>" * 30000,
        "<script" * 20000,
        "<p>Le " + "très " * 20 + "</p>" + "<span class='author'>" * 2000,
    ],
    ids=["divs", "unclosed", "links", "one paragraph", "bylines", "headings", "breaks", "scripts", "authors"],
)
def test_pathological_pages_end_within_their_time(body: str) -> None:
    import time

    started = time.process_time()
    assert is_clean(read(f"<html><head><title>Titre</title></head><body><h1>Titre</h1>{body}".encode(), entry=ENTRY))
    assert time.process_time() - started < 4.0
