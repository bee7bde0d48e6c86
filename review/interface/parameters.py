"""Parameters that several addresses of the interface share."""

from __future__ import annotations

from typing import Annotated, TypeVar

from fastapi import HTTPException, Path, Query

from review.paging import LARGEST_ID

Place = TypeVar("Place")
RowId = Annotated[int, Path(ge=1, le=LARGEST_ID)]
Limit = Annotated[int, Query(ge=1, le=200)]
Before = Annotated[str | None, Query(max_length=120, description="`next` of the page before")]
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
