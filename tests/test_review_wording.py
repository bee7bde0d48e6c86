"""Interface texts: both languages say the same things in their own typography, and templates find their words."""

from __future__ import annotations

import re
import string
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import review
from alerts.notices import TYPES
from review.moments import Moments
from review.standing import AlertStanding, Emptiness, SourceStanding
from review.wording import words
from scheduler.changes import CHANGES, UNRECORDED
from storage.types import DecisionKind, DeliveryState, FailureReason, OutcomeClass, Status

FRENCH, ENGLISH = words("fr"), words("en")
FOLDER = Path(review.__file__).parent


def places(text: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_both_languages_have_the_same_texts_with_the_same_values() -> None:
    assert FRENCH.texts.keys() == ENGLISH.texts.keys()
    assert {key: places(text) for key, text in FRENCH.texts.items()} == {
        key: places(text) for key, text in ENGLISH.texts.items()
    }
    assert {key: len(items) for key, items in FRENCH.sequences.items()} == {
        key: len(items) for key, items in ENGLISH.sequences.items()
    }


@pytest.mark.parametrize("key", sorted(FRENCH.texts))
def test_french_typography(key: str) -> None:
    text = FRENCH.texts[key]
    assert "'" not in text
    assert '"' not in text or key == "desk.search_hint"  # what is typed, not what is read
    typed = re.sub(r"(?:\b(?:type|text|title|date|since|until|tag|severity|sy)|\{\w+\}):\S*|\d\d:\d\d", "", text)
    assert not re.search(r"(?<!\u202f)[;:!?»]", typed)
    assert not re.search(r"«(?!\u202f)", text)


@pytest.mark.parametrize(
    ("family", "codes"),
    [
        ("status", Status), ("standing", AlertStanding), ("source_state", SourceStanding), ("delivery", DeliveryState),
        ("outcome", OutcomeClass), ("failure", FailureReason), ("decision", DecisionKind),
    ],
)  # fmt: skip
def test_every_code_has_a_text(family: str, codes: type[Status]) -> None:
    for language in (FRENCH, ENGLISH):
        assert {f"{family}.{code.value}" for code in codes} <= language.texts.keys()


def test_every_type_of_notice_has_a_text() -> None:
    for language in (FRENCH, ENGLISH):
        assert {f"alert_type.{kind}" for kind in TYPES} <= language.texts.keys()


def test_every_reason_for_an_empty_list_has_a_text() -> None:
    for reason in Emptiness:
        assert {f"empty.{reason.value}.title", f"empty.{reason.value}.text"} <= FRENCH.texts.keys()


@pytest.mark.parametrize("template", sorted((FOLDER / "templates").iterdir()), ids=lambda path: path.name)
def test_every_text_that_a_template_names_exists(template: Path) -> None:
    source = template.read_text("utf-8")
    for key in re.findall(r'\bt\(["\']([\w.]+)["\'](?!\s*~)', source):
        assert key in FRENCH.texts
    for key in re.findall(r'\bt\.count\("([\w.]+)"', source):
        assert {f"{key}.one", f"{key}.other"} <= FRENCH.texts.keys()
    assert "|safe" not in source.replace(" ", "")
    assert "autoescape" not in source


def test_every_change_that_the_audit_keeps_has_words() -> None:
    for language in (FRENCH, ENGLISH):
        assert {f"change.{name}" for name in CHANGES.keys() - UNRECORDED} <= language.texts.keys()


def test_numbers_and_counts() -> None:
    assert [FRENCH.decimal(value, 2) for value in (13.0, 0.25, 7)] == ["13", "0,25", "7"]
    assert ENGLISH.decimal(1.5, 1) == "1.5"
    assert [FRENCH.count("desk.articles", n) for n in (0, 1, 2)] == ["0 article", "1 article", "2 articles"]
    assert [ENGLISH.count("desk.articles", n) for n in (0, 1, 2)] == ["0 articles", "1 article", "2 articles"]
    assert FRENCH.number(1234567) == "1\u202f234\u202f567"
    assert ENGLISH.number(1234567) == "1,234,567"


def test_times_stand_in_the_readers_zone_with_utc_beside() -> None:
    now = datetime(2026, 3, 29, 12, tzinfo=UTC)
    there = Moments(zone=ZoneInfo("Europe/Zurich"), words=FRENCH, now=now)
    before, after = datetime(2026, 3, 29, 0, 59, tzinfo=UTC), datetime(2026, 3, 29, 1, 1, tzinfo=UTC)
    assert [there.clock(before), there.clock(after)] == ["01:59", "03:01"]  # summer time begins between them
    assert there.day(after) == "dimanche 29 mars 2026"
    assert there.utc(after) == "01:01 UTC"
    assert there.utc(datetime(2026, 3, 28, 23, 30, tzinfo=UTC)) == "28 mars 23:30 UTC"
    assert there.full(after) == "29 mars 2026, 03:01"
    assert there.machine(after) == "2026-03-29T01:01:00Z"


@pytest.mark.parametrize(
    ("ago", "text"),
    [
        (timedelta(seconds=5), "il y a 5 s"),
        (timedelta(minutes=3, seconds=59), "il y a 3 min"),
        (timedelta(hours=47), "il y a 47 h"),
        (timedelta(days=4), "il y a 4 j"),
        (timedelta(minutes=-12), "dans 12 min"),
        (timedelta(), "à l’instant"),
        (timedelta(milliseconds=999), "à l’instant"),
        (timedelta(milliseconds=-999), "maintenant"),
    ],
)
def test_spans(ago: timedelta, text: str) -> None:
    now = datetime(2026, 3, 29, 12, tzinfo=UTC)
    assert Moments(zone=ZoneInfo("UTC"), words=FRENCH, now=now).relative(now - ago) == text
