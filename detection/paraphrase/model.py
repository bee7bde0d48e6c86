"""The trained model: what it answers about a lead, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import exp
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from detection.errors import RuleError
from detection.paraphrase.features import SIZE, features
from detection.paraphrase.lead import Lead

_FILE = Path(__file__).with_name("model.npz")
#: words named as the reason of an answer
_REASONS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the model makes of a lead."""

    #: how sure it is that the lead reports an act as done, 0–1
    probability: float
    #: the most likely type
    type: str
    #: how sure it is that the state named first acts on the other, 0–1
    first_acts: float


@dataclass(frozen=True, slots=True)
class Model:
    """Linear weights: one column for « an act », one for the direction, one for each type."""

    weights: NDArray[np.float32]
    bias: NDArray[np.float32]
    types: tuple[str, ...]

    def answer(self, lead: Lead) -> Answer:
        """Return what the model makes of a lead."""
        places, values = features(lead.words)
        scores = values @ self.weights[places] + self.bias
        best = int(np.argmax(scores[2:]))
        return Answer(
            probability=_sure(float(scores[0])),
            type=self.types[best],
            first_acts=_sure(float(scores[1])),
        )

    def telling(self, passages: Sequence[Sequence[str]], type_: str) -> int:
        """Return which passage of a lead alone speaks most for an act of a type: the sentence that proves it.

        Args:
            passages: words of each, as in :attr:`Lead.words`; not empty.
            type_: what the model answered.
        """
        column = 2 + self.types.index(type_)
        gains = []
        for words in passages:
            places, values = features(words)
            gains.append(float(values @ (self.weights[places, 0] + self.weights[places, column])))
        return int(np.argmax(gains))

    def reasons(self, words: Sequence[str]) -> tuple[int, ...]:
        """Return which words of a passage spoke most for an act, strongest first.

        It takes longer than the answer, and is asked only where there is one.
        """
        gains = []
        for at, word in enumerate(words):
            if word.startswith("<"):
                continue
            places, values = features((word,))
            gains.append((float(values @ self.weights[places, 0]), at))
        gains.sort(key=lambda gain: (-gain[0], gain[1]))
        return tuple(at for gain, at in gains[:_REASONS] if gain > 0)


def _sure(score: float) -> float:
    return 1 / (1 + exp(-max(-30.0, min(30.0, score))))


def save(model: Model, path: Path) -> None:
    """Write a model; half precision is more than its evidence."""
    np.savez_compressed(
        path, weights=model.weights.astype(np.float16), bias=model.bias.astype(np.float32), types=np.array(model.types)
    )


@cache
def shipped_model() -> Model:
    """Return the model that comes with the package.

    Raises:
        RuleError: the file is missing or not a model; reinstall the package.
    """
    try:
        with np.load(_FILE, allow_pickle=False) as data:
            weights = np.asarray(data["weights"], dtype=np.float32)
            model = Model(weights, np.asarray(data["bias"], dtype=np.float32), tuple(str(one) for one in data["types"]))
    except (OSError, ValueError, KeyError) as error:
        raise RuleError(f"the trained model cannot be read ({error}); reinstall the package", file=_FILE) from error
    if model.weights.shape != (SIZE, len(model.types) + 2):
        raise RuleError(
            "the trained model has another shape than this version reads; reinstall the package", file=_FILE
        )
    return model
