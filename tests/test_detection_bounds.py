"""No text makes detection raise, or take long for its length."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detection.engine import MAX_CHARACTERS, MAX_MATCHES, Detection, Document, detect, load_rules
from storage.types import Status

ACT = "Le Mali expulse deux diplomates français"
#: seconds of processor time for 10,000 characters; the aim is 0.1 on an idle machine, and what is not linear takes
#: many times more than this
BOUND = 0.3

HOSTILE = {
    "a word of a million letters": "a" * 1_000_000,
    "a word of states": "mali" * 250_000,
    "a hundred thousand sentences": "Non. " * 100_000,
    "an act a sentence": f"{ACT}. " * 5_000,
    "acts without a full stop": f"{ACT} " * 5_000,
    "ten thousand triggers": f"{'expulse ' * 10_000}le Mali, la France",
    "one act in many hands": "le Mali expulse " * 10_000,
    "a hundred thousand states": "Mali France " * 50_000,
    "states around one act": f"{'Mali, France, Niger, ' * 4_000}expulse deux diplomates {'Togo ' * 10_000}",
    "several acts a sentence": "le Mali suspend la coopération avec la France et ferme l’ambassade. " * 2_900,
    "negations": "le Mali n’a pas expulsé deux diplomates français ni " * 4_000,
    "conditionals": f"{'aurait serait pourrait ' * 8_000}{ACT}",
    "dates": f"le 3 mars 2020 {ACT} en 2021 " * 3_000,
    "open quotes": f"{ACT} « " * 4_500,
    "quotes of every kind": f"{'« ” “ » ‘ ’ ' * 16_000}{ACT}",
    "parentheses": f"{'(' * 90_000}{ACT}{')' * 90_000}",
    "full stops": f"{ACT}{'.' * 190_000}",
    "full stops and closing quotes": f"{'.»' * 95_000}{ACT}",
    "full stops and spaces": f"{ACT}{('.' + ' ' * 999) * 190}",
    "marks of every kind": f"{ACT}{'!?…»' * 47_000} ",
    "spaces": f"{ACT}{' ' * 190_000}.",
    "lines": "\n".join([ACT, *[""] * 190_000]),
    "datelines": "Bamako, le 3 mars (AFP) - \n" * 7_000,
    "half a dateline": f"{'Bamako, le ' * 6_000}\n" * 3,
    "combining accents": f"{ACT}{chr(0x301) * 190_000}",
    "soft hyphens": chr(0xAD).join(ACT) * 2_000,
    "capitals": f"{'UN US UE ' * 20_000}{ACT}",
    "juntas": "la junte du Mali et la junte du Niger expulsent les diplomates français. " * 2_700,
    "rumours": f"{'Selon une rumeur, ' * 8_000}{ACT}",
    "Arabic": "طرد السفير الفرنسي مالي " * 8_000,
}


def _timed(title: str, text: str, language: str | None) -> tuple[Detection, float]:
    load_rules()
    document = Document(title=title, text=text, published_at=datetime(2026, 3, 10, tzinfo=UTC), language=language)
    begun = time.process_time()
    found = detect(document, load_rules())
    # However long a text is, only so much of it is read.
    read = min(max(len(title) + len(text), 10_000), MAX_CHARACTERS)
    return found, (time.process_time() - begun) * 10_000 / read


@pytest.mark.alone
@pytest.mark.parametrize("name", HOSTILE)
def test_the_cost_of_a_text_is_bounded_by_its_length(name: str) -> None:
    text = HOSTILE[name]
    language = "ar" if name == "Arabic" else "fr"
    for title, body in (("", text), (text[:15_000], ACT), ("", text[:10_000])):
        _, seconds = _timed(title, body, language)
        assert seconds < BOUND, f"{seconds * 1000:.0f} ms for 10,000 characters"


@pytest.mark.alone
@pytest.mark.parametrize("name", ["open quotes", "acts without a full stop", "states around one act"])
def test_a_text_in_no_known_language_costs_no_more_than_a_reading_in_each(name: str) -> None:
    _, seconds = _timed("", HOSTILE[name][:50_000], None)
    assert seconds < BOUND


WORDS = [
    ACT,
    "Mali",
    "la France",
    "l’ambassadeur",
    "n’a pas",
    "aurait",
    "expelled",
    "если",
    "السفير",
    "Bamako (AFP) — ",
]
SIGNS = [". ", ", ", "« ", " »", "\n", "\r", "\x85", "\u2028", "\u00ad", "\u0301", "\u00a0", "\ud800", "İ", "ß", "ﬁ"]
DATES = ["il y a trois ans", "2022", "1er", "er mars", "31 février 0000", "٣ mars", "²", "𝟗 mars 2020"]
PIECES = st.sampled_from([*WORDS, *SIGNS, *DATES])
TEXTS = st.lists(PIECES | st.text(max_size=6), max_size=14).map("".join)


@settings(max_examples=300, deadline=None)
@given(
    TEXTS,
    TEXTS,
    st.sampled_from(["fr", "en", "ar", "ru", "xx", None]),
    st.none() | st.datetimes(timezones=st.just(UTC)),
)
def test_any_text_is_read(title: str, text: str, language: str | None, published: datetime | None) -> None:
    document = Document(title=title, text=text, published_at=published, language=language)
    found = detect(document, load_rules())
    whole = f"{title}\n{text}"
    for signal in found.signals:
        assert 0 <= signal.start < signal.end <= len(whole)
        assert signal.status in Status
        assert 1 <= signal.severity <= 5
        assert signal.sentence in whole
    assert detect(document, load_rules()) == found
    assert not found.unread


def test_what_is_not_read_is_said() -> None:
    found, _ = _timed("", f"{ACT}. {'Il pleut. ' * 25_000}", "fr")
    assert found.signals
    assert found.unread == ("only the first 200,000 of 250,043 characters were read",)
    far, _ = _timed("", f"{'Il pleut. ' * 25_000}{ACT}. ", "fr")
    assert not far.signals
    assert far.unread


def test_reading_stops_after_so_many_matches_and_says_so() -> None:
    found, _ = _timed("", f"{ACT}. " * 1_000, "fr")
    assert [(one.type, one.actor, one.target) for one in found.signals] == [("expel_diplomats", "MLI", "FRA")]
    assert MAX_MATCHES <= len(found.trace) < MAX_MATCHES * 1.5
    assert found.unread == ("reading stopped after 250 matches (fr); what follows was not weighed",)
