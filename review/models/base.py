"""The base of all models."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Model(BaseModel):
    """Base of all answers."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


#: the codes of two states
Pair = Annotated[tuple[str, ...], Field(min_length=2, max_length=2)]
