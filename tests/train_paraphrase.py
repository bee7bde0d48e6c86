"""``make model``: trains the second path of detection on the labelled texts and writes its model file.

Only the tune part of the labelled texts is read; the test part stays unseen. Needs the extra ``training``. Prints
what cross-validation says: the rules alone, the model alone, both together.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from detection.paraphrase.features import SIZE, features
from detection.paraphrase.lead import Lead, read_lead
from detection.paraphrase.model import Model, save
from detection.paraphrase.second import SURE
from detection.reading import read
from detection.taxonomy import event_types
from detection.text import fold
from vigie.demo.script import load_script

FORMS = Path("tests/forms")
MODEL = Path("detection/paraphrase/model.npz")
#: inverse strength of regularisation, from cross-validation
STRENGTH = 32.0
FOLDS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A labelled lead."""

    lead: Lead
    #: it asserts an act of severity 2 or more
    act: bool
    #: of the first such act between the lead's sides
    type: str | None
    #: whether the side named first acts
    first_acts: bool | None


def examples(paths: Sequence[Path]) -> Iterator[Example]:
    """Yield the examples of labelled files; texts that do not name two states give none."""
    for path in paths:
        for line in path.read_text("utf-8").splitlines():
            example = _example(json.loads(line))
            if example is not None:
                yield example


def forms() -> Iterator[Example]:
    """Yield the table of forms: each type told plainly, denied, and taken back."""
    for language in ("fr", "en"):
        for line in (FORMS / f"{language}.txt").read_text("utf-8").splitlines():
            if line.startswith("#") or not line.strip():
                continue
            kind, form, actor, target, text = (part.strip() for part in line.split("|", 4))
            told = form not in {"opposite", "denial"} and "-" not in {actor, target}
            events = [{"type": kind, "actor": actor, "target": target, "status": "asserted"}] if told else []
            example = _example({"title": "", "text": text, "lang": language, "events": events})
            if example is not None:
                yield example


def crisis() -> Iterator[Example]:
    """Yield the articles of the demo, most of which tell nothing: what ordinary news reads like."""
    for article in load_script().articles:
        events = [
            {"type": one.type, "actor": one.actor, "target": one.target, "status": str(one.status)}
            for one in article.expect
        ]
        language = next((outlet.language for outlet in load_script().outlets if outlet.id == article.outlet), "fr")
        text = "\n".join((article.lede, *article.paragraphs))
        example = _example({"title": article.title, "text": text, "lang": language, "events": events})
        if example is not None:
            yield example


def _example(record: dict[str, Any]) -> Example | None:
    text = f"{record['title']}\n{record['text']}"
    published = date.fromisoformat(record["published"][:10]) if record.get("published") else None
    reading = read(text, fold(text), title_end=len(record["title"]), published=published)
    lead = None if reading is None else read_lead(reading)
    if lead is None or record["lang"] not in {"fr", "en"}:
        return None
    told = [
        event
        for event in record.get("events", record.get("expect", []))
        if event["status"] == "asserted" and event_types()[event["type"]].severity >= 2
    ]
    own = [event for event in told if {event["actor"], event["target"]} == set(lead.sides)]
    return Example(
        lead=lead,
        act=bool(told),
        type=own[0]["type"] if own else None,
        first_acts=own[0]["actor"] == lead.sides[0] if own else None,
    )


def matrix(known: Sequence[Example]) -> csr_matrix:
    """Return the features of examples, one row each."""
    rows, columns, values = [], [], []
    for row, example in enumerate(known):
        found = features(example.lead.words)
        rows += [row] * len(found.places)
        columns += found.places.tolist()
        values += found.values.tolist()
    return csr_matrix((values, (rows, columns)), shape=(len(known), SIZE))


def train(known: Sequence[Example]) -> Model:
    """Return the model that examples give."""
    sided = [example for example in known if example.type is not None]
    types = tuple(sorted({str(example.type) for example in sided}))
    columns = [
        _fitted(matrix(known), [example.act for example in known]),
        _fitted(matrix(sided), [bool(example.first_acts) for example in sided]),
        *(_fitted(matrix(sided), [example.type == one for example in sided]) for one in types),
    ]
    weights = np.stack([weight for weight, _ in columns], axis=1).astype(np.float32)
    return Model(weights, np.array([bias for _, bias in columns], dtype=np.float32), types)


def _fitted(data: csr_matrix, wanted: Sequence[bool]) -> tuple[np.ndarray[Any, Any], float]:
    fitted = _classifier().fit(data, np.array(wanted))
    return fitted.coef_[0], float(fitted.intercept_[0])


def _classifier() -> LogisticRegression:
    return LogisticRegression(C=STRENGTH, class_weight="balanced", max_iter=3000)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def main(names: Sequence[str]) -> None:
    """Train on the files named, and say how sure the answers are."""
    known = [*examples([Path(name) for name in names]), *forms(), *crisis()]
    wanted = np.array([example.act for example in known])
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=1)
    answers = cross_val_predict(_classifier(), matrix(known), wanted, cv=folds, method="predict_proba")[:, 1]
    for least in (0.5, 0.7, 0.8, SURE, 0.9):
        sure = answers >= least
        right = (sure & wanted).sum()
        _say(f"probability ≥ {least}: precision {right / sure.sum():.3f}, recall {right / wanted.sum():.3f}")
    sided = [example for example in known if example.type is not None]
    for name, labels in (("direction", [e.first_acts for e in sided]), ("type", [e.type for e in sided])):
        told = cross_val_predict(_classifier(), matrix(sided), np.array(labels), cv=4)
        _say(f"{name} right: {(told == np.array(labels)).mean():.3f}")
    save(train(known), MODEL)
    _say(f"{len(known)} examples, {wanted.sum()} acts; {MODEL} has {MODEL.stat().st_size / 1024:.0f} KiB")


if __name__ == "__main__":
    main(sys.argv[1:])
