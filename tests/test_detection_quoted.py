"""Quotations in another language are read by that language's rules."""

from datetime import UTC, datetime

import pytest

from detection.engine import Document, detect, load_rules
from detection.quoted import quoted_passages

ENGLISH = "“Mali has expelled two French diplomats and we will answer this outrage,” a spokesman said."


def test_a_passage_is_found_where_it_stands() -> None:
    text = f"Le porte-parole a parlé mardi devant la presse. {ENGLISH} Puis il est parti."
    found = quoted_passages(text, "fr")
    assert list(found) == ["en"]
    (start, end) = found["en"][0]
    assert text[start:end] == ENGLISH[: ENGLISH.index("”") + 1]


@pytest.mark.parametrize("text", ["« Nous ne reviendrons pas sur cette décision, elle est définitive »", "“Court”", ""])
def test_the_text_s_own_language_and_scraps_are_no_passages(text: str) -> None:
    assert quoted_passages(text, "fr") == {}


def test_a_quoted_act_is_told_with_offsets_into_the_whole_text() -> None:
    text = f"Le porte-parole du ministère a parlé mardi devant la presse, sans répondre aux questions. {ENGLISH}"
    document = Document(title="Réaction", text=text, published_at=datetime(2026, 3, 1, tzinfo=UTC), language="fr")
    signals = detect(document, load_rules(), learned=False).signals
    assert [(one.type, one.actor, one.target) for one in signals] == [("expel_diplomats", "MLI", "FRA")]
    assert "expelled two French diplomats" in f"{document.title}\n{text}"[signals[0].start : signals[0].end]
