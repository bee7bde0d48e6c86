"""What a child process tells of one attempt through apprise, and whom that asks to act.

Pure. Apprise itself says no more than yes or no; the child watches its requests, so that an answer, a silence
after the message was written and a connection that never was can be told apart.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from alerts.webhook import status_class
from storage.types import Outcome, OutcomeClass


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How far an attempt came."""

    #: something was written for which no answer has come yet
    written: bool = False
    #: the last status, where the service speaks HTTP
    code: int | None = None
    #: seconds the service asked to wait
    retry_after: float | None = None
    #: what the service said, or why nothing was said; may hold secrets until it is redacted
    said: str = ""
    #: apprise's verdict, None while there is none
    sent: bool | None = None
    #: only a person can mend it: no such service, a wrong certificate, an address that is forbidden
    needs_a_person: bool = False


def heard(report: Report, line: bytes) -> Report:
    """Return the report after one line of the child: JSON with the fields that changed.

    Raises:
        ValueError: it is no such line.
    """
    told = json.loads(line)
    if not isinstance(told, dict):
        raise ValueError("not a report")  # noqa: TRY004 (a fault of the data)
    return replace(report, **{name: told[name] for name in Report.__slots__ if name in told})


def outcome_of(report: Report, *, cut: str = "") -> Outcome:
    """Return what an attempt came to.

    Args:
        report: what the child told last.
        cut: why the child ended without a verdict; empty when it gave one.
    """
    said = f": {report.said}" if report.said else ""
    if report.sent:
        return Outcome(outcome=OutcomeClass.OK, code=report.code, detail=f"accepted{said}")
    if report.written:
        return Outcome(
            outcome=OutcomeClass.UNKNOWN, code=None,
            detail=f"no answer after the message was written, it may have arrived{_why(cut)}{said}",
        )  # fmt: skip
    if report.needs_a_person:
        return Outcome(outcome=OutcomeClass.CHANNEL_CONFIG, code=report.code, detail=report.said)
    if cut:
        # Everything written was answered, but apprise had not finished: the message may be among it.
        kind = OutcomeClass.CHANNEL_TRANSIENT if report.code is None else OutcomeClass.UNKNOWN
        return Outcome(outcome=kind, code=report.code, detail=f"not finished{_why(cut)}{said}")
    if report.code is None:
        return Outcome(outcome=OutcomeClass.CHANNEL_TRANSIENT, detail=f"could not be sent{said}")
    kind = status_class(report.code)
    if kind is not OutcomeClass.CHANNEL_TRANSIENT:
        # Among them: 2xx with a refusal in the body, and 410, after which other services of the channel live on.
        return Outcome(outcome=OutcomeClass.CHANNEL_CONFIG, code=report.code, detail=f"HTTP {report.code}{said}")
    return Outcome(outcome=kind, code=report.code, retry_after=report.retry_after, detail=f"HTTP {report.code}{said}")


def _why(cut: str) -> str:
    return f" ({cut})" if cut else ""
