"""``export evidence``: all that the archive can prove of one alert, as the files of a packet."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from storage import alert_log, alerts, evidence, revisions, stories
from storage.articles import StoredArticle
from storage.evidence import StoredEvidence
from storage.revisions import Version
from storage.types import Alert
from storage.warc import info_record
from vigie import output, packet

#: more articles than any story has
_EVERYTHING = 1_000_000
STATEMENT = (
    "Read and written by Vigie, a program; no person chose or edited what is inside. Pages are kept as they were "
    "received, content and transfer codings undone. The hashes show that nothing was changed since the packet was "
    "written; they do not show who wrote it. Keep the hash of SHA256SUMS in another place to be able to show that."
)
_README = """\
Evidence for alert {alert}: {headline}

{statement}

README.txt        this file
alert.json        the alert as it was sent to webhooks
articles.jsonl    the story's articles that carry signals: every version with its text, signals and sentences
decisions.jsonl   why each of them did or did not alert, and by which version of the rules
deliveries.jsonl  through which channels the alert was sent, and when
evidence.warc.gz  the pages, as WARC 1.1 records (ISO 28500)
manifest.json     what is here: sizes, SHA-256 hashes, captures
SHA256SUMS        the hashes once more, in the form that sha256sum reads

To check it with any Unix:

    sha256sum --check --strict SHA256SUMS

To check the pages inside evidence.warc.gz as well, with no archive and no configuration:

    vigie verify FOLDER-OR-ZIP
"""


def build(database: Database, alert_id: str, *, now: datetime, version: str) -> dict[str, bytes]:
    """Return the files of the packet of one alert; but for the time of writing they follow from the archive alone.

    Raises:
        NotFoundError: no alert has this id.
    """
    alert = alerts.get(database, alert_id)
    members = [] if alert.story_id is None else stories.members(database, alert.story_id, _EVERYTHING)
    told = [(article, revisions.versions(database, article.id)) for article in members]
    told = [(article, versions) for article, versions in told if any(version.signals for version in versions)]
    captures = {
        version.revision.id: found
        for _, versions in told
        for version in versions
        if (found := evidence.of_revision(database, version.revision.id)) is not None
    }
    files = {
        packet.README: _README.format(
            alert=alert.id, headline=output.printable(alert.headline).replace("\n", " "), statement=STATEMENT
        ).encode("utf-8", "replace"),
        packet.ALERT: alert.payload.encode(),
        packet.ARTICLES: _lines(_article(database, article, versions, captures) for article, versions in told),
        packet.DECISIONS: _lines(_decisions(database, article) for article, _ in told),
        packet.DELIVERIES: _lines(_deliveries(database, alert)),
        packet.WARC: _warc(alert, captures.values(), version),
    }
    about = {
        "alert": alert.id,
        "type": alert.type,
        "watch": alert.watch_id,
        "story": alert.story_id,
        "headline": alert.headline,
        "alerted": output.plain(alert.created_at),
        "created": output.plain(now),
        "software": f"vigie {version}",
        "statement": STATEMENT,
        "captures": [{"revision": number, **_capture(found)} for number, found in sorted(captures.items())],
    }
    return packet.seal(files, about)


def _lines(records: Iterable[Any]) -> bytes:
    lines = (json.dumps(output.plain(record), ensure_ascii=False) + "\n" for record in records)
    return "".join(lines).encode("utf-8", "replace")


def _warc(alert: Alert, captures: Iterable[StoredEvidence], version: str) -> bytes:
    opening = info_record(
        alert.id,
        alert.created_at,
        {
            "software": f"vigie {version}",
            "format": "WARC file version 1.1",
            "conformsTo": "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
            "description": f"evidence for alert {alert.id}; content and transfer codings of the pages are undone",
        },
    )
    pages = sorted(captures, key=lambda found: (found.captured_at, found.revision_id))
    return opening + b"".join(found.warc for found in pages)


def _article(
    database: Database, article: StoredArticle, versions: list[Version], captures: dict[int, StoredEvidence]
) -> dict[str, Any]:
    return {
        "article": article.id,
        "source": article.source_id,
        "source_name": article.source_name,
        "url": article.url,
        "title": article.title,
        "lang": article.language,
        "authors": article.authors,
        "agency": article.agency,
        "origin": article.origin,
        "copy_of": article.copy_of,
        "partial": article.partial,
        "published": article.published_at,
        "first_seen": article.first_seen_at,
        "withdrawn": article.withdrawn_at,
        "revisions": [_version(version, captures.get(version.revision.id)) for version in versions],
        "events": revisions.events(database, article.id),
    }


def _version(version: Version, found: StoredEvidence | None) -> dict[str, Any]:
    revision = version.revision
    return {
        "revision": revision.id,
        "number": revision.number,
        "title": revision.title,
        "lede": revision.lede,
        "text": revision.text,
        "content_hash": revision.content_hash,
        "fetched": revision.fetched_at,
        "modified": revision.modified_at,
        "silent": revision.silent,
        "signals": [output.signal_record(signal) for signal in version.signals],
        "capture": None if found is None else _capture(found),
    }


def _capture(found: StoredEvidence) -> dict[str, Any]:
    return {
        "record_id": found.record_id,
        "url": found.url,
        "captured": output.plain(found.captured_at),
        "status": found.status,
        "sha256": found.sha256,
    }


def _decisions(database: Database, article: StoredArticle) -> dict[str, Any]:
    return {"article": article.id, "decisions": alerts.decisions(database, article.id)}


def _deliveries(database: Database, alert: Alert) -> Iterable[dict[str, Any]]:
    """Yield how the alert was sent; who got it is nobody's business but the sender's."""
    for row in alert_log.alerts(database, story_id=alert.story_id, limit=_EVERYTHING):
        if row.alert.id == alert.id:
            for log in row.deliveries:
                delivery = log.delivery
                yield {
                    "key": delivery.key,
                    "channel": delivery.channel_id,
                    "state": delivery.state,
                    "created": delivery.created_at,
                    "sent": delivery.sent_at,
                    "attempts": [
                        {"started": attempt.started_at, "ended": attempt.ended_at, "outcome": attempt.outcome}
                        for attempt in log.attempts
                    ],
                }
