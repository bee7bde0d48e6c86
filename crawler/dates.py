"""Dates as feeds and pages print them for machines: ISO 8601 / RFC 3339 and RFC 822 / 5322."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_YEARS = range(1990, 2101)
# Zone names that the e-mail standard does not list but feeds of our region use.
_ZONES = {
    "CET": "+0100",
    "CEST": "+0200",
    "WAT": "+0100",
    "CAT": "+0200",
    "EAT": "+0300",
    "WET": "+0000",
    "BST": "+0100",
}
_ZONE_NAME = re.compile(r"(?<=\d) ?\b(" + "|".join(_ZONES) + r")$")
_SPACED_OFFSET = re.compile(r"(?<=\d)\s+(?=(?:[+-]\d\d:?\d\d|Z)$)")
_ISO_START = re.compile(r"\d{4}-?\d\d-?\d\d")
_MAX_LENGTH = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A date as printed: the instant, and what of it was stated rather than assumed."""

    #: aware, UTC; midnight where no time of day was given, UTC assumed where no zone was
    at: datetime
    has_time: bool
    has_zone: bool


def read_date(text: str) -> Moment | None:
    """Return the moment ``text`` states, or None when it states none between 1990 and 2100.

    A missing zone is read as UTC.
    """
    text = text.strip()
    if not text or len(text) > _MAX_LENGTH:
        return None
    text = _ZONE_NAME.sub(lambda match: " " + _ZONES[match[1]], text)
    try:
        if _ISO_START.match(text):
            moment = datetime.fromisoformat(_SPACED_OFFSET.sub("", text))
        else:
            moment = parsedate_to_datetime(text)
        has_zone = moment.tzinfo is not None
        at = moment.astimezone(UTC) if has_zone else moment.replace(tzinfo=UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if at.year not in _YEARS:
        return None
    return Moment(at=at, has_time=":" in text or "T" in text[8:], has_zone=has_zone)


def read_epoch(value: object) -> Moment | None:
    """Return the moment of a number of seconds or milliseconds since 1970, as some pages state theirs."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    seconds = value / 1000 if value > 1e11 else value
    try:
        at = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return Moment(at=at, has_time=True, has_zone=True) if at.year in _YEARS else None


_MONTHS = (
    ("janvier", "janv", "january", "jan"),
    ("février", "fevrier", "févr", "fevr", "fév", "february", "feb"),
    ("mars", "march", "mar"),
    ("avril", "avr", "april", "apr"),
    ("mai", "may"),
    ("juin", "june", "jun"),
    ("juillet", "juil", "july", "jul"),
    ("août", "aout", "august", "aug"),
    ("septembre", "sept", "september", "sep"),
    ("octobre", "oct", "october"),
    ("novembre", "nov", "november"),
    ("décembre", "decembre", "déc", "dec", "december"),
)
_MONTH_NUMBERS = {name: number for number, names in enumerate(_MONTHS, 1) for name in names}
_NAMES = "|".join(sorted(_MONTH_NUMBERS, key=len, reverse=True))
_PRINTED = re.compile(
    rf"\b(?:(?P<day>\d{{1,2}})(?:er)?[\s ]+(?P<month>{_NAMES})\.?[\s ,]+(?P<year>\d{{4}})"
    r"|(?P<nday>\d{1,2})[/.-](?P<nmonth>\d{1,2})[/.-](?P<nyear>\d{4}|\d{2}))\b"
    r"(?:[\s ,|·–—-]*(?:à|a|at)?[\s ]*(?P<hour>\d{1,2})[\s ]?[h:.][\s ]?(?P<minute>\d{2})"
    r"(?:\s?(?P<zone>gmt|tu|utc|z)\b)?)?",
    re.IGNORECASE,
)
_CHANGED = re.compile(r"(?:mise? à jour|modifiée?|actualisée?|updated|modification)\W+(?:le\W+|on\W+)?$", re.IGNORECASE)


def read_printed_date(text: str) -> Moment | None:
    """Return the first moment a line prints for people, day before month; dates of changes are passed over.

    ``Publié le mardi 16 septembre 2025 à 22h30``, ``18/09/2025 - 07:05``, ``1er oct. 2025``. The clock is read as
    UTC unless the line says so itself; ``has_zone`` tells which.
    """
    for match in _PRINTED.finditer(text[:300]):
        if _CHANGED.search(text[: match.start()]):
            continue
        part = match.groupdict()
        month = int(part["nmonth"]) if part["nmonth"] else _MONTH_NUMBERS[part["month"].lower()]
        try:
            at = datetime(
                int(part["year"] or part["nyear"]) + (2000 if part["nyear"] and len(part["nyear"]) == 2 else 0),
                month,
                int(part["day"] or part["nday"]),
                int(part["hour"] or 0),
                int(part["minute"] or 0),
                tzinfo=UTC,
            )
        except ValueError:
            continue
        if at.year in _YEARS:
            return Moment(at=at, has_time=part["hour"] is not None, has_zone=part["zone"] is not None)
    return None
