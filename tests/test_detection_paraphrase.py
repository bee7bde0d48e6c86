"""The second path: what the trained model sees, when it speaks, and that it never does where it must not."""

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detection.engine import Document, detect, load_rules
from detection.paraphrase.features import SIZE, features
from detection.paraphrase.lead import Lead, read_lead
from detection.paraphrase.model import Model, save, shipped_model
from detection.paraphrase.second import SURE
from detection.reading import read
from detection.taxonomy import event_types
from detection.text import fold
from storage.types import Status

DATA = Path(__file__).parent / "data"


def _lead(title: str, text: str) -> Lead | None:
    whole = f"{title}\n{text}"
    reading = read(whole, fold(whole), title_end=len(title), published=None)
    return None if reading is None else read_lead(reading)


def test_a_lead_hides_who_is_meant() -> None:
    one = _lead("Le Mali congédie l’envoyé de la France", "Les Maliens approuvent.")
    other = _lead("Le Niger congédie l’envoyé de la Chine", "Les Nigériens approuvent.")
    assert one is not None
    assert other is not None
    assert one.words == other.words
    assert one.sides == ("MLI", "FRA")
    assert other.sides == ("NER", "CHN")
    assert "<1n>" in one.words
    assert "<1p>" in one.words


def test_one_state_makes_no_lead_and_three_make_a_crowd() -> None:
    assert _lead("Le Mali", "À Bamako, on attend.") is None
    crowd = _lead("Le Mali, la France et le Niger", "")
    assert crowd is not None
    assert crowd.crowded


@given(st.lists(st.text(max_size=8).filter(lambda word: " " not in word), max_size=30))
def test_features_are_places_of_the_vector(words: list[str]) -> None:
    found = features(words)
    assert all(0 <= place < SIZE for place in found.places)
    assert len(found.places) == len(found.values)
    assert found.places.tolist() == features(words).places.tolist()


def test_the_shipped_model_knows_types_of_the_ladder_and_stays_small() -> None:
    model = shipped_model()
    assert set(model.types) <= set(event_types())
    assert (Path("detection") / "paraphrase" / "model.npz").stat().st_size < 4 * 1024 * 1024


def test_a_saved_model_gives_the_same_answer(tmp_path: Path) -> None:
    model = shipped_model()
    save(model, tmp_path / "model.npz")
    with np.load(tmp_path / "model.npz") as data:
        again = Model(data["weights"].astype(np.float32), data["bias"], tuple(str(one) for one in data["types"]))
    lead = _lead("Bamako prie le consul de France de boucler sa valise", "Le ministère malien l’a annoncé.")
    assert lead is not None
    assert again.answer(lead) == model.answer(lead)


def _learned(title: str, text: str, language: str = "fr") -> list[tuple[str, str | None, str | None]]:
    document = Document(title=title, text=text, published_at=datetime(2026, 3, 1, tzinfo=UTC), language=language)
    return [
        (one.type, one.actor, one.target)
        for one in detect(document, load_rules()).signals
        if one.rule.startswith("learned.")
    ]


def test_its_signals_say_what_they_rest_on() -> None:
    told = []
    for line in (DATA / "detection_tune.jsonl").read_text("utf-8").splitlines():
        record = json.loads(line)
        document = Document(title=record["title"], text=record["text"], language=record["lang"])
        told += [(one, document) for one in detect(document, load_rules()).signals if one.rule.startswith("learned.")]
    assert told, "the model never speaks"
    for signal, document in told:
        whole = f"{document.title}\n{document.text}"
        assert signal.status is Status.ASSERTED
        assert signal.actor != signal.target
        assert signal.cues
        assert all(cue in whole for cue in signal.cues)
        assert whole[signal.start : signal.end]
        assert signal.confidence >= round(SURE * 0.8, 2)
        assert event_types()[signal.type].severity >= 2


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Selon une rumeur, Bamako prie le consul de France de boucler sa valise", ""),
        ("Il y a trois ans, Bamako priait le consul de France de boucler sa valise", ""),
        ("Bamako prie-t-il le consul de France de boucler sa valise ?", ""),
        ("Football : l’entraîneur malien montre la sortie au joueur français", "Le match a basculé."),
        ("Le Mali, la France et l’Algérie", "Bamako prie le consul de boucler sa valise."),
    ],
)
def test_it_is_silent_where_cues_doubt_or_a_third_state_stands(title: str, text: str) -> None:
    assert _learned(title, text) == []


@pytest.mark.parametrize(
    "opening", ["Selon une rumeur, ", "D’après des rumeurs non confirmées, ", "Il y a trois ans, "]
)
def test_a_doubt_that_opens_the_text_is_a_doubt_about_the_headline(opening: str) -> None:
    title, text = (
        "Humanitaire : Bamako met quatre associations françaises à la porte",
        "leur agrément a été retiré jeudi.",
    )
    assert _learned(title, text)
    assert _learned(title, opening + text) == []


def test_the_proof_is_the_sentence_that_tells_most_of_the_act() -> None:
    text = "Two Malian soldiers died in Saturday’s strike. A joint inquiry opens this week."
    document = Document(title="French jet bombs Malian army column near Tessalit", text=text, language="en")
    (signal,) = [one for one in detect(document, load_rules()).signals if one.rule.startswith("learned.")]
    assert signal.sentence == document.title


def test_other_languages_are_left_to_the_rules() -> None:
    assert _learned("Франция и Мали", "Посол покинул Бамако.", language="ru") == []


def test_a_rule_of_one_s_own_is_never_contradicted(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(
        'language = "fr"\n[[rule]]\nid = "own.cake"\ntype = "sanctions"\nmatch = ["~partager > gateau <= 3"]\n'
        'actor = ["subject"]\ntarget = ["with", "other"]\n'
        'test = [{ text = "Le Mali partage un gâteau avec la France.", actor = "MLI", target = "FRA" }]\n',
        "utf-8",
    )
    document = Document(title="", text="Le Mali partage un gâteau avec la France.", language="fr")
    (signal,) = [one for one in detect(document, load_rules((tmp_path,))).signals if one.rule == "own.cake"]
    assert signal.confidence > 0.3
