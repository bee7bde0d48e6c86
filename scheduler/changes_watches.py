"""Changes to watches: new versions, back to the file's, examples. They hold from the next article on.

What a version says was checked where it was written (:mod:`vigie.watch_definitions`); one that cannot be used, as when
its channel left the configuration, is left out when watches are read, and the file's definition holds.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlite_utils import Database

from storage import watch_edits
from storage.types import Done, Person

if TYPE_CHECKING:
    from scheduler.changes import Change


def _save(database: Database, given: dict[str, Any], now: datetime, by: Person) -> Done:
    definition = given["definition"]
    if not isinstance(definition, dict):
        raise TypeError("definition is no table")
    version = watch_edits.save(
        database, str(given["watch"]), definition, base=int(given["base"]), based_on=str(given["based_on"]), by=by,
        now=now, enabled=bool(given.get("enabled", True)),
        accepted=tuple(str(one) for one in given.get("accepted") or ()),
    )  # fmt: skip
    return Done(sentence=f"watch {given['watch']} is saved as version {version}", id=str(given["watch"]))


def _revert(database: Database, given: dict[str, Any], now: datetime, by: Person) -> str:
    watch_edits.save(
        database, str(given["watch"]), None, base=int(given["base"]), based_on=str(given["based_on"]), by=by, now=now
    )  # fmt: skip
    return f"watch {given['watch']} is the configuration file's again"


def _add_example(database: Database, given: dict[str, Any], now: datetime, by: Person) -> str:
    article = given.get("article")
    number = watch_edits.add_example(
        database, str(given["watch"]), must=bool(given["must"]), title=str(given.get("title") or ""),
        text=str(given.get("text") or ""), language=given.get("language"), source_id=str(given.get("source") or ""),
        article_id=None if article is None else int(article), by=by, now=now,
    )  # fmt: skip
    return f"example {number} is kept with watch {given['watch']}"


def _drop_example(database: Database, given: dict[str, Any], _now: datetime, _by: Person) -> str:
    watch_edits.drop_example(database, str(given["watch"]), int(given["example"]))
    return f"example {given['example']} is deleted"


CHANGES: dict[str, Change] = {
    "save_watch": _save,
    "revert_watch": _revert,
    "add_example": _add_example,
    "drop_example": _drop_example,
}
#: those after which watches must be read anew
REREAD = frozenset({"save_watch", "revert_watch"})
