"""Detection on the demo's crisis: what a careful reader finds there is found, and nothing false is asserted."""

from __future__ import annotations

import pytest

from detection.engine import Detection, Document, detect, load_rules
from storage.types import Signal, Status
from vigie.demo.script import DemoArticle, Expectation, Kind, Script, load_script

PAIR = {"FRA", "MLI"}
#: articles that must not wake anybody who watches France and Mali
QUIET = {Kind.NOISE, Kind.DENIAL, Kind.OTHER_PAIR, Kind.RETROSPECTIVE}


@pytest.fixture(scope="module")
def script() -> Script:
    return load_script()


@pytest.fixture(scope="module")
def detections(script: Script) -> dict[str, Detection]:
    languages = {outlet.id: outlet.language for outlet in script.outlets}
    return {article.slug: read(article, languages[article.outlet]) for article in script.articles}


def read(article: DemoArticle, language: str) -> Detection:
    """Read an article as the service does: the standfirst is the first line of the text."""
    text = "\n".join((*((article.lede,) if article.lede else ()), *article.paragraphs))
    document = Document(title=article.title, text=text, published_at=article.published, language=language)
    return detect(document, load_rules())


def fits(signal: Signal, expected: Expectation) -> bool:
    """Say whether a signal is the expected one; a rupture of relations may be told from either side."""
    roles = {(expected.actor, expected.target)}
    if expected.type == "sever_relations":
        roles.add((expected.target, expected.actor))
    same = signal.type == expected.type and signal.status is expected.status
    return same and (signal.actor, signal.target) in roles


def test_what_a_careful_reader_finds_is_found(script: Script, detections: dict[str, Detection]) -> None:
    wanted = [(article.slug, expected) for article in script.articles for expected in article.expect]
    missed = [
        (slug, expected)
        for slug, expected in wanted
        if not any(fits(signal, expected) for signal in detections[slug].signals)
    ]
    assert len(wanted) >= 30
    assert len(missed) <= 0.05 * len(wanted), missed


def test_nothing_between_france_and_mali_is_asserted_where_nothing_happened(
    script: Script, detections: dict[str, Detection]
) -> None:
    quiet = [article for article in script.articles if article.kind in QUIET]
    loud = [
        (article.slug, signal.type, signal.sentence)
        for article in quiet
        for signal in detections[article.slug].signals
        if signal.status is Status.ASSERTED and signal.severity >= 2 and {signal.actor, signal.target} == PAIR
    ]
    assert len(quiet) >= 15
    assert not loud


def test_nobody_is_said_to_be_held_by_the_state_that_protests(detections: dict[str, Detection]) -> None:
    held = [signal for found in detections.values() for signal in found.signals if signal.type == "detain_national"]
    assert any((signal.actor, signal.target) == ("MLI", "FRA") for signal in held)
    assert not [signal.sentence for signal in held if (signal.actor, signal.target) == ("FRA", "MLI")]


def test_every_original_with_news_of_the_pair_asserts_it(script: Script, detections: dict[str, Detection]) -> None:
    silent = [
        article.slug
        for article in script.articles
        if any({one.actor, one.target} == PAIR and one.status is Status.ASSERTED for one in article.expect)
        and not any(
            signal.status is Status.ASSERTED and {signal.actor, signal.target} == PAIR
            for signal in detections[article.slug].signals
        )
    ]
    assert not silent
