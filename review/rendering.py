"""Templates: every value escaped, undefined names are errors, links lead to http and https only."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from alerts import health_wording, wording
from alerts.worded_anew import Worded, worded_anew
from review import naming, said
from review.marking import emphasise
from review.moments import Moments
from review.scopes import told_summary
from review.settings import ReviewSettings
from review.standing import alert_standing, delivery_counts, reasons_of, source_standing
from review.triage_fields import FOR_READERS, OF_MANY
from review.wording import Words
from storage.reading import StoryRow
from storage.types import Alert

_FOLDER = Path(__file__).parent
STATIC_FOLDER = _FOLDER / "static"
#: in the order in which they hold; ``screens.css`` holds over all before it
STYLES = (
    "base.css",
    "forms.css",
    "desk.css",
    "row.css",
    "reading.css",
    "alerts.css",
    "panes.css",
    "triage.css",
    "watches.css",
    "views.css",
    "people.css",
    "charts.css",
    "sources.css",
    "screens.css",
)
#: run in this order once the page is read
SCRIPTS = ("htmx.min.js", "panes.js", "acting.js", "drafts.js", "news.js", "keys.js", "watches.js")

#: no style and no code made up at run time (the content policy forbids both), nothing asked of another site, and no
#: copy of a page kept in the browser's storage
HTMX_CONFIG = json.dumps(
    {
        "includeIndicatorStyles": False,
        "allowEval": False,
        "allowScriptTags": False,
        "selfRequestsOnly": True,
        "historyCacheSize": 0,
        "refreshOnHistoryMiss": True,
        "scrollIntoViewOnBoost": False,
        "timeout": 20_000,
    }
)


def outside_link(url: str) -> str | None:
    """Return an address that may stand in a link to another site, or None."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        return None
    return url if usable and url.isprintable() and " " not in url else None


def environment() -> Environment:
    """Return the template environment."""
    # Autoescaping holds for every template whatever its name.
    found = Environment(
        loader=FileSystemLoader(_FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.globals.update(
        static_version=_static_version(),
        styles=STYLES,
        scripts=SCRIPTS,
        htmx_config=HTMX_CONFIG,
        outside_link=outside_link,
        emphasise=emphasise,
        alert_standing=alert_standing,
        source_standing=source_standing,
        delivery_counts=delivery_counts,
        failure_word=health_wording.failure_word,
        why_decided=wording.why_decided,
        explain_health=health_wording.explain,
        advise=health_wording.advice,
        severity_name=naming.severity_name,
        bulk_choices=(*OF_MANY, *FOR_READERS),
        for_readers=FOR_READERS,
        type_name=naming.type_name,
        state_name=naming.state_name,
        condition_word=condition_word,
        said=said.told,
        said_plainly=said.told_plainly,
        worded=worded,
    )
    found.filters["groupby_day"] = group_by_day
    found.filters["moment_of"] = datetime.fromisoformat
    return found


def worded(alert: Alert, language: str, settings: ReviewSettings) -> Worded:
    """Return what people read of an alert first, in their language; what cannot be worded anew as it was stored."""
    found = worded_anew(alert, "fr" if language == "fr" else "en", settings.zone())
    if found is not None:
        return found
    return Worded(headline=alert.headline, summary=told_summary(alert), why=reasons_of(alert.payload))


def condition_word(say: Words, language: str, settings: ReviewSettings, name: str, value: str) -> str:
    """Return the value of a condition of the desk in words; what nobody wrote words for stays as it is."""
    if name == "type":
        return naming.type_name(value, language)
    if name in {"pair", "side", "country"}:
        return " – ".join(naming.state_name(code, language) for code in value.split("-"))
    if name == "watch":
        return settings.watch_name(value)
    family = {
        "status": "status", "period": "period", "state": "triage.state", "verdict": "triage.state",
        "seen": "whether", "important": "whether", "noted": "whether", "following": "whether",
    }.get(name)  # fmt: skip
    return value if family is None else say.code(family, value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """The rows of one day in the reader's zone."""

    label: str
    rows: tuple[StoryRow, ...]


def group_by_day(rows: Sequence[StoryRow], moments: Moments) -> list[Day]:
    """Return rows under the day they were last reported on, in their order."""
    groups = groupby(rows, key=lambda row: moments.day(row.story.last_seen_at))
    return [Day(label=label, rows=tuple(members)) for label, members in groups]


def language_link(path: str, parameters: dict[str, str], language: str) -> str:
    """Return the address of the same page in another language."""
    return f"{path}?{urlencode({**parameters, 'lang': language})}"


def _static_version() -> str:
    """Return a short hash over the static files, so that browsers fetch them anew after an upgrade."""
    digest = hashlib.sha256()
    for path in sorted(STATIC_FOLDER.iterdir()):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
