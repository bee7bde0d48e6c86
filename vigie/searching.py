"""The archive for one command: read beside a running service, changed here or through it."""

from __future__ import annotations

import contextlib
import getpass
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from sqlite_utils import Database

from detection.query import matches, parse, plan
from review.found import Match, match_of
from review.searching import Subjects, needed_of_articles
from scheduler import changes, control
from scheduler.clock import now_utc
from storage import search
from storage.articles import StoredArticle
from storage.database import open_reader, open_writer, transaction
from storage.errors import AlreadyOwnedError
from storage.folder import ownership
from storage.search import ArticleFilter
from storage.types import Person, Role
from vigie.settings import Settings

#: articles looked at in one go while a query is checked word by word
_BATCH = 200


@contextlib.contextmanager
def open_archive(settings: Settings) -> Iterator[Database]:
    """Open the archive read-only.

    Raises:
        DataRefusedError: there is none, or it must not be touched.
    """
    database = open_reader(settings.data_dir)
    try:
        yield database
    finally:
        database.conn.close()


def change(settings: Settings, name: str, **given: Any) -> str:
    """Make one of :data:`scheduler.changes.CHANGES`: here if the archive is free, else through the running service.

    Returns:
        What was done, as a sentence.

    Raises:
        NotFoundError: what it is about is not in the archive.
        ControlError: the running service could not make it.
    """
    try:
        with ownership(settings.data_dir):
            database = open_writer(settings.data_dir)
            try:
                with transaction(database):
                    by = Person(id=None, name=_user(), role=Role.ADMIN)
                    return changes.apply(database, name, given, now_utc(), by=by).sentence
            finally:
                database.conn.close()
    except AlreadyOwnedError:
        return control.ask(settings.data_dir, name, given, by=_user())


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # an account without a name, as in some containers
        return "command line"


def found(database: Database, query: str, wanted: ArticleFilter) -> Iterator[StoredArticle]:
    """Yield the articles a query finds, newest first, with the meaning it has in a watch.

    Raises:
        QueryError: the query cannot be read.
    """
    parsed = parse(query)
    steps = plan(parsed)
    subjects = Subjects(database, parsed)
    left = wanted.limit
    wanted = needed_of_articles(database, wanted, parsed)
    page = replace(wanted, expression=steps.expression, limit=wanted.limit if steps.exact else _BATCH)
    while left > 0:
        rows = search.articles(database, page)
        for article in rows:
            if left > 0 and (steps.exact or matches(parsed, subjects.of(article), once=True)):
                left -= 1
                yield article
        if len(rows) < page.limit:
            return
        page = replace(page, before=(rows[-1].effective_at, rows[-1].id))


def with_matches(
    database: Database, query: str, rows: Iterator[StoredArticle]
) -> Iterator[tuple[StoredArticle, Match | None]]:
    """Yield articles that a query found, each with the sentence that holds its words.

    Raises:
        QueryError: the query cannot be read.
    """
    parsed = parse(query)
    subjects = Subjects(database, parsed)
    for article in rows:
        yield article, match_of(parsed, subjects.of(article), article)
