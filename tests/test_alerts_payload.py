"""The webhook body: the contract's keys, its size, and its wording in both languages."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts import wording
from alerts.errors import RenderError
from alerts.payload import LIMIT, build_payload, read_payload
from alerts.settings import Language
from storage.types import Alert, Decision, DecisionKind, Signal, Status, Story, StoryArticle, Watch

NOW = datetime(2026, 9, 19, 14, 5, 30, tzinfo=UTC)
SENTENCE = "Paris a déclaré « persona non grata » deux membres de l’ambassade du Mali."
WATCH = Watch(id="france-mali", name="France–Mali")
EXPEL = Signal(
    type="expel_diplomats", severity=4, actor="FRA", target="MLI", status=Status.ASSERTED, sentence=SENTENCE, start=40,
    end=60, rule="fr.expel_diplomats.1", cues=("a déclaré",),
)  # fmt: skip
SUSPEND = replace(EXPEL, type="suspend_cooperation", severity=3, sentence="La coopération est suspendue.", start=5)
STORY = Story(
    id=7, headline="h", first_seen_at=NOW - timedelta(minutes=3), last_seen_at=NOW, articles=4, outlets=3,
    origins=("AFP", "Studio Tamani"), severity=4,
)  # fmt: skip
ARTICLE = StoryArticle(
    id=1, title="La France expulse deux diplomates maliens", url="https://journal.example/a/1", source_id="journal",
    source_name="Le Journal", origin="AFP", published_at=NOW - timedelta(minutes=9), first_seen_at=NOW, copy_of=None,
)  # fmt: skip


def decision(*signals: Signal, kind: DecisionKind = DecisionKind.NEW) -> Decision:
    return Decision(
        watch_id=WATCH.id, kind=kind, reason="new_story" if kind is DecisionKind.NEW else "new_act", detail="because",
        severity=max(s.severity for s in signals), signals=signals,
    )  # fmt: skip


def build(
    what: Decision, articles: tuple[StoryArticle, ...] = (ARTICLE,), language: Language = "fr", story: Story = STORY,
    sequence: int = 1,
) -> str:  # fmt: skip
    return build_payload(
        watch=WATCH, decision=what, story=story, articles=articles, alert_id="alr_x",
        public_url="https://vigie.example/", language=language, created_at=NOW, sequence=sequence,
    )  # fmt: skip


def test_alert_that_rests_on_feeds_alone_says_so() -> None:
    partial = replace(ARTICLE, partial=True)
    warning = "Aucune page n’a pu être lue en entier\u202f: seuls le titre et un extrait sont connus"
    alone = json.loads(build(decision(EXPEL), (partial,)))["data"]
    assert alone["why"][1] == warning
    beside = json.loads(build(decision(EXPEL), (partial, ARTICLE)))["data"]
    assert warning not in beside["why"]


def body(*signals: Signal, language: Language = "fr") -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(build(decision(*signals), language=language))
    return parsed


def test_the_body_has_exactly_the_keys_of_the_contract() -> None:
    whole = body(EXPEL)
    assert set(whole) == {"type", "timestamp", "data"}
    assert (whole["type"], whole["timestamp"]) == ("alert.new", "2026-09-19T14:05:30Z")
    data = whole["data"]
    assert set(data) == {
        "alert", "watch", "severity", "headline", "summary", "events", "story", "articles", "why", "links", "sequence",
            "reason",
    }  # fmt: skip
    assert data["events"] == [
        {
            "type": "expel_diplomats", "actor": "FRA", "target": "MLI", "status": "asserted", "severity": 4,
            "sentence": SENTENCE,
        }
    ]  # fmt: skip
    assert data["story"] == {
        "id": 7, "url": "https://vigie.example/stories/7", "articles": 4, "origins": ["AFP", "Studio Tamani"],
        "outlets": 3, "first_seen": "2026-09-19T14:02:30Z",
    }  # fmt: skip
    assert data["articles"] == [
        {
            "title": "La France expulse deux diplomates maliens", "url": "https://journal.example/a/1",
            "source": "Le Journal", "origin": "AFP", "published": "2026-09-19T13:56:30Z",
            "first_seen": "2026-09-19T14:05:30Z",
        }
    ]  # fmt: skip
    assert set(data["links"]) == {"story", "ack", "silence"}
    assert (data["alert"], data["watch"], data["sequence"]) == ("alr_x", "france-mali", 1)


def test_what_raised_the_severity_is_told() -> None:
    raised = replace(EXPEL, severity=5, modifiers=("many", "reciprocal"), confidence=0.9)
    told = "severity raised: three diplomats or more, an answer in kind, confidence\u00a00.90"
    assert told in body(raised, language="en")["data"]["why"][1]


def test_french_words_carry_french_spaces() -> None:
    data = body(EXPEL)["data"]
    assert data["headline"] == "Grave · France → Mali\u202f: expulsion de diplomates"
    assert data["summary"] == (
        f"«\u00a0{SENTENCE}\u00a0» 4\u00a0articles, 3\u00a0médias — Origines\u202f: AFP, Studio Tamani."
    )
    assert data["why"] == [
        "Premier article retenu sur cet événement",
        "France → Mali\u202f: expulsion de diplomates "
        "(règle\u00a0fr.expel_diplomats.1, indices\u202f: «\u00a0a déclaré\u00a0», confiance\u00a01,00)",
    ]


def test_english_words() -> None:
    data = body(EXPEL, SUSPEND, language="en")["data"]
    assert data["headline"] == "Severe · France → Mali: diplomats expelled (+1 more)"
    assert data["summary"] == f"“{SENTENCE}” 4 articles, 3 outlets — Origins: AFP, Studio Tamani."


def test_an_update_says_so() -> None:
    text = build(decision(SUSPEND, kind=DecisionKind.UPDATE), sequence=3)
    whole = json.loads(text)
    assert whole["type"] == "alert.update"
    assert whole["data"]["sequence"] == 3
    assert whole["data"]["headline"].startswith("Sérieux (suite) · ")


def test_events_stand_most_severe_first_then_complete_then_in_reading_order() -> None:
    vague = replace(EXPEL, actor=None, start=1)
    late = replace(EXPEL, type="close_mission", start=900)
    types = [(e["type"], e["actor"]) for e in body(SUSPEND, vague, late, EXPEL)["data"]["events"]]
    assert types == [
        ("expel_diplomats", "FRA"), ("close_mission", "FRA"), ("expel_diplomats", None), ("suspend_cooperation", "FRA"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("actor", "target", "line"),
    [
        ("FRA", None, "France\u202f: expulsion de diplomates"),
        (None, "MLI", "→ Mali\u202f: expulsion de diplomates"),
        (None, None, "Expulsion de diplomates"),
        ("XXX", "MLI", "XXX → Mali\u202f: expulsion de diplomates"),
    ],
)
def test_a_side_the_text_leaves_out_is_not_invented(actor: str | None, target: str | None, line: str) -> None:
    assert wording.act_line(replace(EXPEL, actor=actor, target=target), "fr") == line


def test_every_type_of_the_ladder_has_words_in_both_languages() -> None:
    from detection.taxonomy import event_types

    for type_id in event_types():
        act = replace(EXPEL, type=type_id)
        lines = [wording.headline([act], language, severity=5, mark="update") for language in ("fr", "en")]
        assert lines[0] != lines[1]
        for line in lines:
            assert "_" not in line
            assert len(line) <= 100, "too long for a lock screen"


def test_times_are_told_in_utc_and_in_the_readers_zone() -> None:
    late = datetime(2026, 9, 30, 22, 30, tzinfo=UTC)
    paris, bamako = ZoneInfo("Europe/Paris"), ZoneInfo("Africa/Bamako")
    assert wording.moment(NOW, "en", paris) == "19\u00a0September 2026, 14:05 UTC (16:05, Paris)"
    assert wording.moment(NOW, "en", bamako) == "19\u00a0September 2026, 14:05 UTC"
    assert wording.moment(late, "fr", paris) == (
        "30\u00a0septembre 2026, 22\u00a0h\u00a030 UTC (1er\u00a0octobre 2026, 0\u00a0h\u00a030, Paris)"
    )
    offset = NOW.astimezone(timezone(timedelta(hours=5)))
    assert wording.moment(offset, "en", bamako) == wording.moment(NOW, "en", bamako)


def test_only_web_addresses_reach_the_wire() -> None:
    text = build(decision(EXPEL), articles=(replace(ARTICLE, url="javascript:alert(1)"),))
    assert json.loads(text)["data"]["articles"][0]["url"] == ""


def test_a_decision_without_signals_cannot_be_told() -> None:
    nothing = Decision(watch_id="w", kind=DecisionKind.NEW, reason="new_story", detail="", severity=4)
    with pytest.raises(RenderError, match="without signals"):
        build(nothing)


def test_the_body_stays_under_20_kb_with_everything_at_its_longest() -> None:
    emoji = "\U0001f1f2\U0001f1f1" * 3000
    signals = tuple(replace(EXPEL, sentence=emoji, type=f"t{n}" * 20, start=n, cues=(emoji,)) for n in range(60))
    article = replace(ARTICLE, title=emoji, url="https://e.example/" + "é" * 1900, source_name=emoji, origin=emoji)
    story = replace(STORY, origins=tuple(f"{n}{emoji}" for n in range(100)))
    text = build(decision(*signals), articles=(article,) * 50, story=story)
    assert len(text.encode()) < LIMIT
    data = json.loads(text)["data"]
    assert data["events"]
    assert data["events"][0]["sentence"].endswith("…")


def test_an_ordinary_story_is_told_in_full() -> None:
    articles = tuple(replace(ARTICLE, id=n, url=f"https://journal.example/a/{n}") for n in range(30))
    data = json.loads(build(decision(EXPEL, SUSPEND), articles=articles))["data"]
    assert [a["url"] for a in data["articles"]] == [f"https://journal.example/a/{n}" for n in range(10)]


HOSTILE = st.text(
    alphabet=st.characters() | st.sampled_from('\r\n\x00\x0b\x1c\x85\u2028\ud800\u202e"\\<'), max_size=900
)


@given(sentence=HOSTILE, title=HOSTILE, origin=HOSTILE, cue=HOSTILE, language=st.sampled_from(("fr", "en")))
@settings(max_examples=150, deadline=None)
def test_any_text_of_the_press_gives_one_readable_body(
    sentence: str, title: str, origin: str, cue: str, language: Language
) -> None:
    signals = tuple(replace(EXPEL, sentence=sentence, cues=(cue,), start=n) for n in range(14))
    articles = (replace(ARTICLE, title=title, origin=origin, source_name=title),) * 12
    text = build(decision(*signals), articles, language, replace(STORY, origins=(origin,) * 30))
    raw = text.encode("utf-8")
    assert len(raw) < LIMIT
    assert "\n" not in text
    for value in strings(json.loads(raw)):
        assert not re.search("[\x00-\x1f\u2028\u2029\x85\u202e]", value)
    alert = Alert(
        id="alr_x", key="k", type="alert.new", watch_id="w", story_id=7, severity=4, headline="h", payload=text,
        created_at=NOW,
    )  # fmt: skip
    assert read_payload(alert).model_dump_json() == text


def strings(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for part in value.values() for text in strings(part)]
    if isinstance(value, list):
        return [text for part in value for text in strings(part)]
    return [value] if isinstance(value, str) else []
