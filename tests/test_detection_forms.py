"""Every type of act in the forms a sentence may give it, and beside its opposite, in French and English."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from detection.engine import Document, detect, load_rules
from detection.taxonomy import event_types
from storage.types import Status

FORMS = Path(__file__).with_name("forms")
LANGUAGES = ("fr", "en")


@cache
def _rows(language: str) -> tuple[tuple[str, ...], ...]:
    """Return (type, form, actor, target, sentence) of each line."""
    lines = (FORMS / f"{language}.txt").read_text("utf-8").splitlines()
    return tuple(tuple(part.strip() for part in line.split("|")) for line in lines if not line.startswith("#"))


def _cases() -> list[tuple[str, tuple[str, ...]]]:
    return [(language, row) for language in LANGUAGES for row in _rows(language)]


@pytest.mark.parametrize(
    ("language", "row"), _cases(), ids=[f"{language}-{row[0]}-{row[1]}-{row[2]}" for language, row in _cases()]
)
def test_a_form_gives_its_act_and_an_opposite_never_does(language: str, row: tuple[str, ...]) -> None:
    kind, form, actor, target, sentence = row
    found = detect(Document(title="", text=sentence, language=language), load_rules()).signals
    told = [(one.type, one.status.value, one.actor, one.target, one.rule) for one in found]
    own = [one for one in found if one.type == kind]
    if form == "opposite":
        assert Status.ASSERTED not in {one.status for one in own}, told
    elif form == "denial":
        assert {one.status for one in own} == {Status.DENIED}, told
    else:
        expected = (Status.ASSERTED, None if actor == "-" else actor, target)
        assert expected in [(one.status, None if actor == "-" else one.actor, one.target) for one in own], told


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_type_is_in_the_table(language: str) -> None:
    forms = {kind: {row[1] for row in _rows(language) if row[0] == kind} for kind in event_types()}
    assert [kind for kind, some in forms.items() if "active" not in some] == []
