"""The base of all models."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


class Model(BaseModel):
    """Base of all answers."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


def _number(value: object) -> object:
    if isinstance(value, bool | str):
        raise ValueError("a number is needed here")  # noqa: TRY004 (pydantic's own kind of refusal)
    return value


#: of a number that is sent, after its bounds: neither ``true`` nor ``"1"`` passes for 1
NUMBER = BeforeValidator(_number)

#: the codes of two states
Pair = Annotated[tuple[str, ...], Field(min_length=2, max_length=2)]
