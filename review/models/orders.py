"""What programs order, and what they are told when it is done."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import ConfigDict, Field, StrictBool, StringConstraints

from review.forms import LONGEST_NAME, LONGEST_REASON
from review.models.base import NUMBER, Model, Pair

#: one line that says something
Line = Annotated[str, StringConstraints(pattern=r"\w", max_length=LONGEST_NAME)]
#: how long a silence may hold
SHORTEST_SILENCE, LONGEST_SILENCE = timedelta(minutes=1), timedelta(days=90)


class Order(Model):
    """Base of what is sent; keys that nothing reads are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Signed(Order):
    """An order with the name of who gives it."""

    author: Line | None = Field(
        default=None, description="needed where there are no accounts; else the account's name is taken"
    )


class SilenceOrder(Signed):
    """What to silence; every part that is given must match."""

    watch_id: str | None = Field(default=None, max_length=100)
    story_id: Annotated[int | None, Field(ge=1, le=2**53 - 1), NUMBER] = None
    pair: Pair | None = Field(default=None, description="codes of two states, in any order")
    one_way: StrictBool = Field(default=False, description="of a pair: only acts of the first on the second")
    types: tuple[Annotated[str, StringConstraints(max_length=60)], ...] = Field(default=(), max_length=60)
    max_severity: Annotated[int | None, Field(ge=1, le=5, description="what is graver rings all the same"), NUMBER] = (
        None
    )
    source_id: str | None = Field(default=None, max_length=100)
    reason: Annotated[str, StringConstraints(pattern=r"\w", max_length=LONGEST_REASON)]
    seconds: Annotated[
        int,
        Field(
            ge=int(SHORTEST_SILENCE.total_seconds()),
            le=int(LONGEST_SILENCE.total_seconds()),
            description="how long it holds",
        ),
        NUMBER,
    ]


class Done(Model):
    """An order that was carried out."""

    detail: str = Field(description="what was done, in English")
