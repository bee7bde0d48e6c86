"""An archive of any size for measuring the pages, with every table filled that an article fills on its way.

``python -m tests.archive_rows FOLDER [ARTICLES]`` builds it in bulk, through the same schema and so with the same
triggers and indices as the service, a million articles in some minutes; what is there already is left as it is.
"""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import sqlite3
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from sqlite_utils import Database

from scheduler.maintenance import FINGERPRINTS_KEPT
from storage import notes, seen, sources, stories, triage
from storage.database import open_writer, transaction
from storage.times import from_text, to_text
from storage.triage_values import YES, key_of, standing_text
from storage.types.people import Person, Role
from storage.types.triage import Standing, TriageField, TriageState, Verdict, VerdictReason
from tests.archive_press import Piece, Press

ARTICLES = 1_000_000
#: watches of the archive, and the channels that they alert through
WATCHES = {"sahel": ("FRA", "MLI"), "maghreb": ("FRA", "DZA")}
CHANNELS = ("mail", "desk")
#: people who read stories, and what they call some of them
READERS = tuple(
    Person(id=number, name=name, role=Role.EDITOR) for number, name in enumerate(("Awa", "Hugo", "Lena"), 1)
)
TAGS = ("à suivre", "consulaire", "défense", "économie", "presse d’État", "réaction")
#: articles in a transaction
_CHUNK = 5_000
_NOTE = "archive-of-the-bench.json"
_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """An archive that stands ready."""

    folder: Path
    articles: int
    #: when its last article came
    end: datetime
    #: seconds it took
    seconds: float


def ensure(folder: Path, count: int = ARTICLES, end: datetime | None = None) -> Built:
    """Return the archive in ``folder``, built now unless one of this size and making is there."""
    note = folder / _NOTE
    if note.exists():
        said = json.loads(note.read_text(encoding="utf-8"))
        if (said["articles"], said["version"]) == (count, _VERSION):
            return Built(
                folder=folder, articles=count, end=datetime.fromisoformat(said["end"]), seconds=said["seconds"]
            )
        shutil.rmtree(folder)
    begun = time.perf_counter()
    last = end or datetime.now(UTC)
    fill(folder, Press(count, last))
    built = Built(folder=folder, articles=count, end=last, seconds=time.perf_counter() - begun)
    said = {"articles": count, "version": _VERSION, "end": last.isoformat(), "seconds": built.seconds}
    note.write_text(json.dumps(said), encoding="utf-8")
    return built


def fill(folder: Path, press: Press) -> None:
    """Write the articles of a press into a new archive."""
    folder.mkdir(parents=True, exist_ok=True)
    database = open_writer(folder)
    connection = database.conn
    # Whoever builds it anew after a crash loses nothing; the rows are made to refer to what there is.
    for pragma in ("synchronous=OFF", "foreign_keys=OFF", "cache_size=-524288", "wal_autocheckpoint=50000"):
        connection.execute(f"PRAGMA {pragma}")
    with transaction(database):
        for outlet in press.outlets:
            sources.ensure(database, outlet.id, outlet.name, f"https://{outlet.id}.example/", press.begin)
            connection.execute(
                "UPDATE source SET language = ?, country = ?, enabled = 1 WHERE id = ?",
                (outlet.language, outlet.country, outlet.id),
            )
    rows = _Rows(connection, press)
    for some in _chunks(press.pieces(), _CHUNK):
        with transaction(database):
            rows.write(some)
    with transaction(database):
        _triage(database, press)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def _chunks(pieces: Iterator[Piece], size: int) -> Iterator[list[Piece]]:
    while some := list(islice(pieces, size)):
        yield some


class _Rows:
    """Writes the rows of articles in their order."""

    def __init__(self, connection: sqlite3.Connection, press: Press) -> None:
        self._connection = connection
        self._chance = random.Random(f"{press.seed}/rows")
        self._findable_from = press.end - FINGERPRINTS_KEPT
        self._looked_from = press.end - timedelta(days=30)
        self._revision = self._alert = 0
        #: how many alerts each watch had of a story
        self._told: dict[tuple[str, int], int] = {}

    def write(self, pieces: Sequence[Piece]) -> None:
        """Write articles with all that follows from them."""
        revisions = {piece.number: self._revisions(piece) for piece in pieces}
        self._many("story", (_story(piece) for piece in pieces if not piece.place))
        self._many("article", (self._article(piece, revisions[piece.number][-1]["id"]) for piece in pieces))
        self._many("revision", (row for piece in pieces for row in revisions[piece.number]))
        signals = [
            row for piece in pieces for version in revisions[piece.number] for row in _signals(piece, version["id"])
        ]
        self._many("signal", signals)
        self._many("reading", (_reading(piece, row) for piece in pieces for row in revisions[piece.number]))
        self._many("entry", (_entry(piece) for piece in pieces))
        self._many("look", (_look(piece) for piece in pieces if piece.at >= self._looked_from))
        self._many("story_act", (row for piece in pieces if not piece.place for row in _story_acts(piece)))
        self._many("article_event", (
            {"article_id": piece.number + 1, "kind": "edited", "at": row["fetched_at"], "revision_id": row["id"],
             "silent": 1, "detail": "{}"}
            for piece in pieces for row in revisions[piece.number][1:]
        ))  # fmt: skip
        for piece in pieces:
            self._decide(piece, revisions[piece.number])
            if piece.at >= self._findable_from:
                self._find(piece)

    def _many(self, table: str, rows: Iterable[dict[str, object]]) -> None:
        waiting = iter(rows)
        first = next(waiting, None)
        if first is None:
            return
        names, marks = ", ".join(f'"{name}"' for name in first), ", ".join("?" * len(first))
        self._connection.executemany(
            f"INSERT INTO {table} ({names}) VALUES ({marks})",
            (tuple(row.values()) for row in (first, *waiting)),
        )

    def _revisions(self, piece: Piece) -> list[dict[str, object]]:
        """Return the versions of an article: one in fifty was edited."""
        body = "\n".join(piece.paragraphs)
        versions = [(body, piece.at)]
        if self._chance.random() < 0.02:
            versions.append((f"{body}\nArticle mis à jour.", piece.at + timedelta(minutes=40)))
        rows: list[dict[str, object]] = []
        for number, (text, at) in enumerate(versions, 1):
            self._revision += 1
            parts = "\x00".join((piece.title, piece.lede, *text.split("\n")))
            digest = hashlib.sha256(parts.encode()).hexdigest()
            rows.append(
                {
                    "id": self._revision, "article_id": piece.number + 1, "number": number, "title": piece.title,
                    "lede": piece.lede, "body": text, "content_hash": digest, "fetched_at": to_text(at),
                    "comparison": f"1:{digest}",
                }
            )  # fmt: skip
        return rows

    def _article(self, piece: Piece, revision: object) -> dict[str, object]:
        agency = "afp" if self._chance.random() < 0.3 else None
        at = to_text(piece.at)
        return {
            "id": piece.number + 1, "key": _key(piece), "source_id": piece.outlet.id, "url": _key(piece),
            "language": piece.outlet.language, "authors": '["Awa Diarra"]', "agency": agency,
            "origin": agency or piece.outlet.name, "partial": 0, "published_at": at, "first_seen_at": at,
            "effective_at": at, "revision_id": revision, "story_id": piece.tale.number,
            "novel": json.dumps(list(range(len(piece.paragraphs))) if self._chance.random() < 0.3 else []),
        }  # fmt: skip

    def _decide(self, piece: Piece, revisions: Sequence[dict[str, object]]) -> None:
        """Write what each watch made of an article; what it tells of the watch's pair alerts now and then."""
        for watch, pair in WATCHES.items():
            acts = [act for act, _, _ in piece.acts if {act.actor, act.target} == set(pair) and act.severity > 1]
            told = self._told.get((watch, piece.tale.number), 0)
            alert: str | None = None
            if acts and told < 8 and (not told or self._chance.random() < 0.1):
                self._told[watch, piece.tale.number] = told + 1
                alert = self._raise(piece, watch, max(act.severity for act in acts), told + 1)
            reason = (
                ("new_story" if not told else "new_act") if alert
                else "already_told" if acts else "other_pair" if piece.acts else "no_signal"
            )  # fmt: skip
            self._many("decision", (
                {
                    "article_id": piece.number + 1, "watch_id": watch, "revision_id": row["id"],
                    "kind": ("update" if told else "new") if alert else "none", "reason": reason,
                    "detail": "nothing in it is an act between states" if reason == "no_signal" else f"it is {reason}",
                    "severity": 3 if acts else 0, "alert_id": alert, "rules_version": "b7c0f822c5b6",
                    "decided_at": row["fetched_at"],
                }
                for row in revisions
            ))  # fmt: skip

    def _raise(self, piece: Piece, watch: str, severity: int, sequence: int) -> str:
        self._alert += 1
        number, at = f"alr_{self._alert:020d}", to_text(piece.at)
        acknowledged = to_text(piece.at + timedelta(hours=1)) if self._chance.random() < 0.8 else None
        self._many("alert", [{
            "id": number, "key": f"key-{self._alert}", "type": "alert.new" if sequence == 1 else "alert.update",
            "watch_id": watch, "story_id": piece.tale.number, "article_id": piece.number + 1, "severity": severity,
            "headline": piece.title, "payload": _payload(piece, watch, number, severity),
            "acts": json.dumps([[act.type, act.actor, act.target, act.severity] for act, _, _ in piece.acts]),
            "sequence": sequence, "created_at": at, "acknowledged_at": acknowledged,
            "acknowledged_by": acknowledged and "Awa", "reason": "new_story" if sequence == 1 else "new_act",
            "thread": f"story:{piece.tale.number}",
        }])  # fmt: skip
        for place, channel in enumerate(CHANNELS):
            delivery = self._alert * len(CHANNELS) + place
            self._many("delivery", [{
                "id": delivery, "key": f"{number}/{channel}", "alert_id": number, "channel_id": channel,
                "recipient": "desk@example.org", "state": "sent" if self._chance.random() < 0.998 else "dead",
                "attempts": 1, "created_at": at, "next_attempt_at": at, "sent_at": at,
            }])  # fmt: skip
            self._many("attempt", [{
                "delivery_id": delivery, "started_at": at, "ended_at": at, "outcome": "ok", "code": 200,
                "detail": "accepted",
            }])  # fmt: skip
        return number

    def _find(self, piece: Piece) -> None:
        """Write fingerprints and names as many as an article has, though no other article shares them."""
        period = stories._period(piece.at)
        for table, count in (("fingerprint", 20), ("name", 6)):
            self._connection.executemany(
                f"INSERT OR IGNORE INTO {table} (period, hash, article_id) VALUES (?, ?, ?)",
                ((period, self._chance.getrandbits(36), piece.number + 1) for _ in range(count)),
            )


def _key(piece: Piece) -> str:
    return f"https://{piece.outlet.id}.example/{piece.at:%Y/%m/%d}/{piece.number}.html"


def _story(piece: Piece) -> dict[str, object]:
    tale = piece.tale
    return {
        "id": tale.number, "headline": piece.title, "severity": max((act.severity for act in tale.acts), default=0),
        "first_seen_at": to_text(tale.first_at), "last_seen_at": to_text(tale.last_at), "thread_id": tale.number,
        "telling": int(bool(tale.acts)),
    }  # fmt: skip


def _signals(piece: Piece, revision: object) -> Iterator[dict[str, object]]:
    for act, start, end in piece.acts:
        yield {
            "article_id": piece.number + 1, "revision_id": revision, "type": act.type, "severity": act.severity,
            "actor": act.actor, "target": act.target, "status": act.status, "sentence": act.sentence,
            "start": start, "end": end, "rule": f"fr/{act.type}", "cues": "[]", "confidence": 0.9,
        }  # fmt: skip


def _story_acts(piece: Piece) -> Iterator[dict[str, object]]:
    told = {(act.type, act.actor, act.target, act.status): act for act in piece.tale.acts}
    for act in told.values():
        yield {
            "story_id": piece.tale.number, "type": act.type, "actor": act.actor, "target": act.target,
            "status": act.status, "persons": 0, "at": to_text(piece.at), "severity": act.severity, "raised": 0,
            "headline": 0, "reaction": 0, "confidence": 0.9, "tellings": piece.tale.size,
            "article_id": piece.number + 1, "sentence": act.sentence,
        }  # fmt: skip


def _reading(piece: Piece, revision: dict[str, object]) -> dict[str, object]:
    facts = {"language": piece.outlet.language, "published_at": to_text(piece.at)}
    return {
        "article_id": piece.number + 1, "revision_id": revision["id"], "at": revision["fetched_at"], "sent": 1,
        "facts": json.dumps(facts), "rules_version": "b7c0f822c5b6",
    }  # fmt: skip


def _entry(piece: Piece) -> dict[str, object]:
    at = to_text(piece.at)
    return {
        "key": _key(piece), "source_id": piece.outlet.id, "url": _key(piece), "title": piece.title,
        "summary": piece.lede, "authors": "[]", "published_at": at, "seen_at": at, "state": "done", "attempts": 1,
        "next_attempt_at": at, "article_id": piece.number + 1, "guid": _key(piece), "kind": "feed",
    }  # fmt: skip


def _look(piece: Piece) -> dict[str, object]:
    return {
        "article_id": piece.number + 1, "host": f"{piece.outlet.id}.example", "looks": 4,
        "has_signal": int(bool(piece.acts)), "reason": "done", "looked_at": to_text(piece.at),
    }  # fmt: skip


def _payload(piece: Piece, watch: str, alert: str, severity: int) -> str:
    events = [
        {"type": act.type, "actor": act.actor, "target": act.target, "status": act.status, "severity": act.severity,
         "sentence": act.sentence}
        for act, _, _ in piece.acts
    ]  # fmt: skip
    at = to_text(piece.at)
    data = {
        "alert": alert, "watch": watch, "severity": severity, "headline": piece.title,
        "summary": " ".join(act.sentence for act, _, _ in piece.acts), "events": events,
        "story": {"id": piece.tale.number, "url": f"http://127.0.0.1:8470/stories/{piece.tale.number}",
                  "articles": piece.place + 1, "origins": ["afp"], "outlets": 1, "first_seen": at},
        "articles": [{"title": piece.title, "url": _key(piece), "source": piece.outlet.name, "at": at}],
        "why": ["the first article on this story that is over the bar"],
    }  # fmt: skip
    return json.dumps({"type": "alert.new", "timestamp": at, "data": data}, ensure_ascii=False)


def _triage(database: Database, press: Press) -> None:
    """Let people have worked on the stories that tell an act: a verdict on a third, some tags, notes and stars."""
    chance = random.Random(f"{press.seed}/triage")
    told = database.execute("SELECT id, last_seen_at FROM story WHERE telling = 1 ORDER BY id").fetchall()
    for story, seen_at in told:
        by, at = chance.choice(READERS), from_text(seen_at)

        def put(
            field: TriageField, value: str, subject: str = "", *, story: int = story, by: Person = by, at: datetime = at
        ) -> None:
            triage.write(database, story, field, value, by=by, now=at, subject=subject)

        if chance.random() < 0.4:
            seen.see(database, story, by, at)
        if chance.random() < 0.35:
            good = chance.random() < 0.7
            state = chance.choice((TriageState.RELEVANT, TriageState.ESCALATED, TriageState.CLOSED))
            standing = Standing(
                state=state if good else TriageState.NOT_RELEVANT,
                verdict=Verdict.RELEVANT if good else Verdict.NOT_RELEVANT,
                reason=None if good else VerdictReason.BACKGROUND,
                by=by.name,
                at=at,
            )
            put(TriageField.STANDING, standing_text(standing))
        if chance.random() < 0.1:
            tag = chance.choice(TAGS)
            put(TriageField.TAG, tag, key_of(tag))
        if chance.random() < 0.05:
            notes.add(database, story, "À vérifier.", by=by, now=at)
        if chance.random() < 0.03:
            put(TriageField.IMPORTANT, YES)


if __name__ == "__main__":
    made = ensure(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else ARTICLES)
    print(f"{made.articles} articles in {made.folder}, built in {made.seconds:.0f} s")  # noqa: T201
