"""What notices say of alerts, in French and in English: what a silence hid, what nobody acknowledged."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from alerts import wording
from alerts.settings import Language
from alerts.text import clean_line, shorten
from alerts.wording import Act

_FINE = "\u202f"
_NBSP = "\u00a0"


class Told(Protocol):
    """What wording needs of an alert."""

    @property
    def watch(self) -> str:
        """Whose alert it is."""
        ...

    @property
    def severity(self) -> int:
        """1 to 5."""
        ...

    @property
    def headline(self) -> str:
        """As it was told."""
        ...

    @property
    def summary(self) -> str:
        """The proof and who reports it, or nothing."""
        ...

    @property
    def created(self) -> datetime:
        """When it was decided."""
        ...

    @property
    def url(self) -> str:
        """Where it shows."""
        ...

    @property
    def act(self) -> Act | None:
        """What it tells first."""
        ...

    @property
    def acts(self) -> int:
        """How many acts it tells."""
        ...

    @property
    def update(self) -> bool:
        """Whether its story was told before."""
        ...

    @property
    def reason(self) -> str:
        """Why it was raised."""
        ...


class Ended(Protocol):
    """What wording needs of a silence."""

    @property
    def author(self) -> str:
        """Who asked for it."""
        ...

    @property
    def reason(self) -> str:
        """Why."""
        ...

    @property
    def starts(self) -> datetime:
        """When it began."""
        ...

    @property
    def ends(self) -> datetime:
        """When it ended."""
        ...


def headline(alert: Told, language: Language) -> str:
    """Return an alert's first line in a language; a notice has only the one it was told in."""
    if alert.act is None:
        return clean_line(alert.headline)
    mark = alert.reason if alert.reason in wording.MARKS[language] else ""
    return wording.headline(
        [alert.act] * max(1, alert.acts), language, severity=alert.severity, mark=mark, update=alert.update
    )


def mail_item(alert: Told, language: Language, zone: ZoneInfo) -> dict[str, str]:
    """Return what a mail shows of an alert."""
    return {
        "headline": headline(alert, language),
        "credit": " · ".join(part for part in (wording.moment(alert.created, language, zone), alert.watch) if part),
        "summary": clean_line(alert.summary),
        "url": alert.url,
    }


def ended(count: int, language: Language) -> str:
    """Return the first line of the notice that a silence ended."""
    if language == "fr":
        several = "s" if count > 1 else ""
        return f"Fin de sourdine{_FINE}: {count}{_NBSP}alerte{several} retenue{several}"
    return f"Silence over: {count} alert{'' if count == 1 else 's'} held back"


def ended_summary(silence: Ended, language: Language, zone: ZoneInfo) -> str:
    """Return who silenced what, why and when."""
    author, reason = shorten(clean_line(silence.author), 80), shorten(clean_line(silence.reason), 200)
    begin, end = (wording.moment(at, language, zone) for at in (silence.starts, silence.ends))
    if language == "fr":
        return (
            f"{author} avait mis en sourdine, du {begin} au {end}{_FINE}: {wording.quoted(reason, language)}. "
            "Voici ce qui n’a pas été envoyé."
        )
    return f"{author} had silenced, from {begin} to {end}: {wording.quoted(reason, language)}. This was not sent:"


def unacknowledged(alert: Told, language: Language) -> str:
    """Return the first line of the notice that nobody took an alert in hand."""
    word = "Non prise en charge" if language == "fr" else "Unacknowledged"
    return shorten(f"{word} · {headline(alert, language)}", wording.HEADLINE_LIMIT)


def since(sent_at: datetime, language: Language, zone: ZoneInfo) -> str:
    """Return « Personne ne l’a prise en charge depuis … »."""
    when = wording.moment(sent_at, language, zone)
    if language == "fr":
        return f"Personne n’a pris cette alerte en charge depuis le {when}."
    return f"Nobody has acknowledged this since {when}."


def page_link(kind: str, language: Language) -> str:
    """Return the name of the page that a notice leads to."""
    if kind == "silence.ended":
        return "La sourdine" if language == "fr" else "The silence"
    return wording.label("story_link", language)
