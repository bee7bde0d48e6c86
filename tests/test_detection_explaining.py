"""A text taken apart: clauses, cues, masks, and every match once."""

import re
from datetime import UTC, datetime
from pathlib import Path

from detection.engine import Document, load_rules
from detection.explaining import explain
from review.app import create_app
from review.health import Readiness
from review.settings import ReviewSettings
from storage.database import open_writer
from tests.outbox_fill import NOW
from tests.test_review_app import Told, store
from tests.visitor import Visitor

TEXT = (
    "Le Mali n’a pas hésité à expulser deux diplomates français, "
    "mais Paris pourrait rappeler son ambassadeur à Bamako. Le marché est calme."
)
DOCUMENT = Document(title="Crise", text=TEXT, published_at=datetime(2026, 3, 1, tzinfo=UTC), language="fr")


def test_clauses_carry_the_cues_that_stand_in_them() -> None:
    _, sentences = explain(DOCUMENT, load_rules())
    (sentence,) = [one for one in sentences if one.index == 1]
    first, *rest = sentence.clauses
    assert {cue.meaning for cue in first.cues} == {"mask"}
    assert any(cue.meaning == "hypothetical" and cue.words == "pourrait" for clause in rest for cue in clause.cues)
    assert " ".join(clause.text for clause in sentence.clauses).startswith("Le Mali n’a pas hésité")


def test_every_step_is_told_once() -> None:
    found, sentences = explain(DOCUMENT, load_rules())
    assert sorted(map(repr, found.trace)) == sorted(repr(step) for one in sentences for step in one.steps)


def test_sentences_without_a_match_are_told_on_demand() -> None:
    _, few = explain(DOCUMENT, load_rules())
    _, all_of_them = explain(DOCUMENT, load_rules(), every=True)
    assert {one.index for one in few} == {1}
    assert {one.index for one in all_of_them} == {0, 1, 2}


def test_a_text_without_a_state_has_nothing_to_explain() -> None:
    assert explain(Document(title="", text="Il pleut."), load_rules())[1] == ()


def test_the_page_of_an_article_shows_every_clause_on_demand(tmp_path: Path) -> None:
    database = open_writer(tmp_path)
    title, sentence = "<b>Crise</b>", "Le Mali n’a pas hésité à expulser deux diplomates français, dit Paris."
    store(database, Told(title=title, sentence=sentence, trigger="expulser", when=NOW))
    settings = ReviewSettings(
        public_url="http://127.0.0.1", language="fr", timezone="UTC", data_folder=tmp_path, watches=(), version="0"
    )

    async def ready() -> Readiness:
        return Readiness(fit=True, checks=())

    visitor = Visitor(create_app(settings, readiness=ready, rules=load_rules, now=lambda: NOW))
    assert 'href="/?article=1&amp;why=1#explained"' in visitor.get("/?article=1").body
    page = visitor.get("/?article=1&why=1")
    explained = page.body.split('id="explained"')[1].split("</section>")[0]
    assert "en a seulement l’air" in explained
    assert re.search(r'class="held">.*expulsion de diplomates.*retenu.*fr\.expel_diplomats', explained, re.DOTALL)
    assert "&lt;b&gt;Crise" in page.body
    # What is closed again leaves nothing of it in the addresses.
    assert "why=1" not in page.body.split('id="row-1"')[1].split("</li>")[0]
    database.conn.close()
