"""Changes people make from outside while the service may be running.

The owner of the data folder is the only writer. So a change is a name with plain values: applied at once
where the folder is free, else handed to the owner over its control socket (:mod:`scheduler.control`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlite_utils import Database

from alerts.silencing import describe
from scheduler import (
    changes_channels,
    changes_people,
    changes_sources,
    changes_triage,
    changes_views,
    changes_watches,
    ladder,
    rule_files,
)
from scheduler.errors import UnknownChangeError
from storage import alerts, audit, channels, deliveries, order_keys, silences, threads
from storage.order_keys import FIELD, OrderKey
from storage.types import Done, Person

#: answers with a sentence for the person who made it, or with what else follows from it
Change = Callable[[Database, dict[str, Any], datetime, Person], str | Done]


def _acknowledge(database: Database, given: dict[str, Any], now: datetime, _by: Person) -> str:
    alert = alerts.acknowledge(database, str(given["alert"]), now, author=str(given["author"]).strip())
    by = f" by {alert.acknowledged_by}" if alert.acknowledged_by else ""
    return f"{alert.id} acknowledged{by} at {alert.acknowledged_at:%Y-%m-%d %H:%M} UTC"


def _replay(database: Database, given: dict[str, Any], now: datetime, _by: Person) -> str:
    deliveries.replay(database, int(given["delivery"]), now)
    return f"delivery {given['delivery']} is due again"


def _discard(database: Database, given: dict[str, Any], now: datetime, _by: Person) -> str:
    deliveries.discard(database, int(given["delivery"]), now)
    return f"delivery {given['delivery']} discarded"


def _silence(database: Database, given: dict[str, Any], now: datetime, _by: Person) -> str:
    story, pair, severity = given.get("story"), given.get("pair"), given.get("max_severity")
    added = silences.add(
        database,
        watch_id=given["watch"],
        author=str(given["author"]),
        reason=str(given["reason"]),
        starts_at=now,
        ends_at=now + timedelta(seconds=float(given["seconds"])),
        story_id=None if story is None else int(story),
        pair=None if pair is None else (str(pair[0]), str(pair[1])),
        one_way=bool(given.get("one_way", False)),
        types=tuple(str(one) for one in given.get("types") or ()),
        max_severity=None if severity is None else int(severity),
        source_id=given.get("source"),
    )
    return f"silence {added.id} ({describe(added)}) holds until {added.ends_at:%Y-%m-%d %H:%M} UTC"


def _end_silence(database: Database, given: dict[str, Any], now: datetime, _by: Person) -> str:
    silences.end(database, int(given["silence"]), now)
    return f"silence {given['silence']} ended"


def _reset_channel(database: Database, given: dict[str, Any], _now: datetime, _by: Person) -> str:
    channels.forget(database, str(given["channel"]))
    return f"channel {given['channel']} is tried again"


def _merge_stories(database: Database, given: dict[str, Any], now: datetime, _by: Person) -> str:
    story, into = int(given["story"]), int(given["into"])
    threads.merge(database, story, into, author=str(given["author"]), reason=str(given["reason"]), now=now)
    ladder.catch_up(database, now)
    return f"story {story} went into story {into}"


def _split_story(database: Database, given: dict[str, Any], now: datetime, _by: Person) -> Done:
    articles = [int(one) for one in given["articles"]]
    new = threads.split(database, articles, author=str(given["author"]), reason=str(given["reason"]), now=now)
    ladder.catch_up(database, now)
    return Done(sentence=f"story {new} holds them now", id=str(new))


#: what somebody has looked at is their own affair, and there is more of it than of all changes together
UNRECORDED = frozenset({"seen"}) | changes_views.UNRECORDED | changes_people.UNRECORDED


def _unarrange(database: Database, given: dict[str, Any], now: datetime, _by: Person) -> str:
    change = threads.take_back(database, int(given["arrangement"]), author=str(given["author"]), now=now)
    ladder.catch_up(database, now)
    return f"the {change.kind} of stories {change.story_id} and {change.other_id} is taken back"


CHANGES: dict[str, Change] = {
    "acknowledge": _acknowledge,
    "replay": _replay,
    "discard": _discard,
    "silence": _silence,
    "end_silence": _end_silence,
    "reset_channel": _reset_channel,
    "merge_stories": _merge_stories,
    "split_story": _split_story,
    "unarrange": _unarrange,
    **changes_channels.CHANGES,
    **changes_triage.CHANGES,
    **changes_watches.CHANGES,
    **changes_views.CHANGES,
    **changes_people.CHANGES,
    **changes_sources.CHANGES,
    **rule_files.CHANGES,
}


def apply(database: Database, name: str, given: dict[str, Any], now: datetime, *, by: Person) -> Done:
    """Make one change inside a transaction, with its line in the audit, and return what it did.

    Raises:
        UnknownChangeError: there is no such change, or a value is missing.
        NotFoundError: what it is about is not in the archive.
    """
    change = CHANGES.get(name)
    if change is None:
        raise UnknownChangeError(f"there is no change called {name!r}")
    try:
        named = OrderKey(**given[FIELD]) if FIELD in given else None
        answer = change(database, given, now, by)
    except (KeyError, TypeError, ValueError) as error:
        raise UnknownChangeError(f"{name}: a value is missing or has the wrong form ({error})") from error
    done = answer if isinstance(answer, Done) else Done(sentence=answer)
    if name not in UNRECORDED:
        audit.record(database, by, name, given, now)
    if named is not None:
        order_keys.remember(database, by, named, done.sentence, now)
    return done
