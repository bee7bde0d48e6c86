"""Why a search found a row."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from review.models.base import Model

#: first character and the one after the last
Mark = Annotated[tuple[int, ...], Field(min_length=2, max_length=2)]


class MatchModel(Model):
    """The sentence of an article that holds the words of a search; a long one is cut, with … where it was."""

    article_id: int
    source_name: str
    title: str = Field(description="of the article")
    in_title: bool = Field(description="the sentence is the title")
    sentence: str
    marks: tuple[Mark, ...] = Field(
        description="what matched: first character in `sentence` and the one after the last"
    )
