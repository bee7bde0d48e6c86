"""Parameters that several addresses of the interface share."""

from __future__ import annotations

from typing import Annotated, TypeVar

from fastapi import HTTPException, Path, Query
from pydantic import AwareDatetime, BeforeValidator

from review.paging import LARGEST_ID

Place = TypeVar("Place")


def _written_out(text: object) -> object:
    """Refuse a bare number, which would pass for seconds since 1970 and is more likely a mistake."""
    if isinstance(text, str) and not text.count("-") >= 2:
        raise ValueError("a time is written as 2026-03-10T09:00:00Z")
    return text


#: a time with its zone (RFC 3339)
Moment = Annotated[AwareDatetime, BeforeValidator(_written_out)]
RowId = Annotated[int, Path(ge=1, le=LARGEST_ID)]
Limit = Annotated[int, Query(ge=1, le=200)]
#: a time within three centuries, in microseconds, and the id of a row
Before = Annotated[
    str | None, Query(pattern=r"^-?[0-9]{1,16}-[A-Za-z0-9_]{1,80}$", description="`next` of the page before")
]
#: the same where ids are numbers
BeforeRow = Annotated[
    str | None, Query(pattern=r"^-?[0-9]{1,16}-[1-9][0-9]{0,17}$", description="`next` of the page before")
]
Language = Annotated[str | None, Query(pattern="^[a-z]{2,3}$")]
SourceId = Annotated[str | None, Query(max_length=100)]


def known_place(place: Place | None) -> Place:
    """Return a place in a list that was read from ``before``.

    Raises:
        HTTPException: 422, it was none.
    """
    if place is None:
        raise HTTPException(status_code=422, detail="before is not the `next` of a page of this list")
    return place
