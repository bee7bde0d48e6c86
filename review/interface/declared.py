"""What every address of the interface may answer beside its result, as its OpenAPI declares it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Header
from fastapi.security import HTTPBearer

from review.etags import LONGEST_CONDITION
from review.models.refusals import Refusal

Responses = dict[int | str, dict[str, Any]]

_ETAG = {"description": "of exactly this body", "schema": {"type": "string", "pattern": '^"[0-9a-f]{32}"$'}}
#: an answer that anybody may get
_ANYBODY: Responses = {
    401: {
        "model": Refusal,
        "description": "No token, or none that holds.",
        "headers": {"WWW-Authenticate": {"schema": {"type": "string"}}},
    },
    414: {"model": Refusal, "description": "The address is too long."},
    421: {"model": Refusal, "description": "The service does not answer to that host name."},
    431: {"model": Refusal, "description": "The request's headers are too large."},
    503: {"model": Refusal, "description": "The archive cannot be read now; try again in a moment."},
}
#: of an address that only shows
READING: Responses = {
    200: {"headers": {"ETag": _ETAG}},
    304: {"description": "Nothing changed since the tag was given.", "headers": {"ETag": _ETAG}},
    405: {
        "model": Refusal,
        "description": "Only reading is possible at this address.",
        "headers": {"Allow": {"schema": {"type": "string"}}},
    },
    422: {"model": Refusal, "description": "A parameter cannot be read."},
    **_ANYBODY,
}
#: of an address that takes orders
WRITING: Responses = {
    400: {"model": Refusal, "description": "The body is not JSON."},
    403: {"model": Refusal, "description": "Whoever asks may not give this order."},
    405: {
        "model": Refusal,
        "description": "Only orders are taken at this address.",
        "headers": {"Allow": {"schema": {"type": "string"}}},
    },
    408: {"model": Refusal, "description": "The body did not arrive in time."},
    409: {"model": Refusal, "description": "It cannot be done as things stand; the detail says why."},
    413: {"model": Refusal, "description": "The body is too large."},
    415: {"model": Refusal, "description": "The body is not application/json."},
    422: {"model": Refusal, "description": "The body or a parameter cannot be read."},
    **_ANYBODY,
}
#: of an address that shows one thing
MISSING: Responses = {404: {"model": Refusal, "description": "No such row is stored."}}
#: of an address that searches
SEARCHING: Responses = {400: {"model": Refusal, "description": "The search cannot be read."}}


#: how programs say who they are (RFC 6750); :mod:`review.doorkeeper` reads it
TOKEN = HTTPBearer(
    scheme_name="token",
    auto_error=False,
    description="A token of an account. As long as there are no accounts, this machine needs none.",
)


def condition(
    if_none_match: Annotated[
        str | None,
        Header(max_length=LONGEST_CONDITION, description="a tag given before: 304 while nothing changed"),
    ] = None,
) -> None:
    """Declare the header that :mod:`review.etags` reads."""


def repetition(
    idempotency_key: Annotated[
        str | None,
        Header(max_length=100, description="names the order: sent again under the same key it is carried out once"),
    ] = None,
) -> None:
    """Declare the header that :mod:`review.interface.repeats` reads."""
