"""Outside text is made safe without touching what a reader sees."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.clean import clean_line, clean_text, cut, plain
from crawler.dates import read_date

wild = st.text(st.characters(codec=None), max_size=60)


@given(wild)
def test_clean_text_is_stable_storable_and_free_of_controls(text: str) -> None:
    clean = clean_text(text)
    assert clean_text(clean) == clean
    assert unicodedata.is_normalized("NFC", clean)
    clean.encode("utf-8")
    assert not [c for c in clean if unicodedata.category(c) == "Cc" and c not in "\n\t"]


@given(wild)
def test_clean_line_has_no_line_ends_and_bare_ends(text: str) -> None:
    line = clean_line(text)
    assert "\n" not in line
    assert "\t" not in line
    assert line == line.strip()
    assert clean_line(line) == line


@given(wild)
def test_plain_reads_any_text(text: str) -> None:
    plain(text).encode("utf-8")


def test_headline_made_to_break_out_stays_one_line() -> None:
    hostile = "Titre\r\nBcc: a@b\u2028X\x00\x1c\u202eY\ud800\ufeff"
    assert clean_line(hostile) == "Titre Bcc: a@b XY\ufffd"


def test_french_typography_is_left_as_printed() -> None:
    printed = "« L’accord »\u202f: 3\u00a0000 soldats, c’est «\u00a0non\u00a0»"
    assert clean_line(printed) == printed
    assert plain(printed) == printed


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        ("Mali &amp; France", "Mali & France"),
        ("Mali &amp;amp; France", "Mali & France"),
        ("<p>Un</p><p>Deux</p>", "Un Deux"),
        ("Un<br/>deux", "Un deux"),
        ("<b>Ba</b>mako", "Bamako"),
        ("a < b et c > d", "a < b et c > d"),
        ("<script>alert(1)</script>Texte<style>p{}</style>", "Texte"),
        ("Texte <!-- caché -->", "Texte"),
        ("<div><div><div>Non fermé", "Non fermé"),
        ("&#8217;&#x2019;&eacute;", "’’é"),
        ("AT&T", "AT&T"),
        ("", ""),
    ],
)
def test_markup_becomes_words(markup: str, words: str) -> None:
    assert plain(markup) == words


def test_deep_markup_is_read_without_recursion() -> None:
    assert plain("<b>" * 20_000 + "x") == "x"


@given(st.text(max_size=80), st.integers(2, 40))
def test_cut_keeps_the_limit(text: str, limit: int) -> None:
    short = cut(text, limit)
    assert len(short) <= limit
    assert short == text or short.endswith("…")


def test_cut_ends_after_a_word() -> None:
    assert cut("Le ministre a parlé, longuement", 24) == "Le ministre a parlé…"


# --- dates -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("printed", "utc"),
    [
        ("2025-09-19T10:00:00+02:00", "2025-09-19T08:00:00"),
        ("2025-09-19T10:00:00+0200", "2025-09-19T08:00:00"),
        ("2025-09-19 10:00:00 +0200", "2025-09-19T08:00:00"),
        ("2025-09-19T10:00:00.123Z", "2025-09-19T10:00:00.123000"),
        ("2025-09-19T10:00", "2025-09-19T10:00:00"),
        ("2025-09-19", "2025-09-19T00:00:00"),
        ("Fri, 19 Sep 2025 10:00:00 GMT", "2025-09-19T10:00:00"),
        ("Fri, 19 Sep 2025 10:00:00 +0200", "2025-09-19T08:00:00"),
        ("Fri, 19 Sep 2025 10:00:00 CEST", "2025-09-19T08:00:00"),
        ("Fri, 19 Sep 2025 10:00:00", "2025-09-19T10:00:00"),
        ("19 Sep 2025 10:00:00 EST", "2025-09-19T15:00:00"),
    ],
)
def test_dates_are_read_in_utc(printed: str, utc: str) -> None:
    moment = read_date(printed)
    assert moment is not None
    assert moment.at.isoformat() == f"{utc}+00:00"


@pytest.mark.parametrize(
    "printed", ["", "hier", "31 Feb 2025", "2025-02-31", "0001-01-01", "9999-12-31T23:59:59-23:59", "12:00", "x" * 500]
)
def test_nonsense_is_no_date(printed: str) -> None:
    assert read_date(printed) is None


def test_what_was_stated_is_told_from_what_was_assumed() -> None:
    day, time, zone = read_date("2025-09-19"), read_date("2025-09-19T10:00"), read_date("2025-09-19T10:00Z")
    assert day is not None
    assert time is not None
    assert zone is not None
    assert (day.has_time, time.has_time, time.has_zone, zone.has_zone) == (False, True, False, True)


@given(st.text(max_size=70))
def test_any_text_is_a_date_or_none(text: str) -> None:
    moment = read_date(text)
    assert moment is None or moment.at.utcoffset() is not None


@given(st.datetimes(datetime(1991, 1, 1), datetime(2099, 1, 1), timezones=st.timezones()))  # noqa: DTZ001 - zones are drawn
def test_every_iso_moment_is_read_exactly(moment: datetime) -> None:
    read = read_date(moment.isoformat())
    assert read is not None
    assert read.at == moment.astimezone(UTC)
