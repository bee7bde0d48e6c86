"""What the JSON interface answers when it cannot give what was asked for."""

from __future__ import annotations

from pydantic import Field

from review.models.base import Model


class ParameterFault(Model):
    """What is wrong with one parameter, or with one key of a body."""

    parameter: str
    fault: str


class Refusal(Model):
    """The body of every answer from 400 on."""

    detail: str = Field(description="what is wrong and what to do, in English")
    position: int | None = Field(default=None, description="of a search: the character where it cannot be read on")
    faults: tuple[ParameterFault, ...] | None = Field(default=None, description="of a request that cannot be read")
