"""What came since a list was made: counted within its filters, never moving it, and quick to say that nothing did."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlite_utils import Database

from review.news import MOST
from review.settings import ReviewSettings
from storage.database import open_writer
from tests.outbox_fill import NOW
from tests.test_review_app import ORTM, Told, store
from tests.visitor import Visitor, application


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Database]:
    database = open_writer(tmp_path / "data")
    store(database, Told(when=NOW))
    yield database
    database.conn.close()


@pytest.fixture
def visitor(archive: Database, tmp_path: Path) -> Visitor:
    settings = ReviewSettings(
        public_url="http://127.0.0.1",
        language="en",
        timezone="UTC",
        data_folder=tmp_path / "data",
        watches=(),
        version="0",
    )
    return Visitor(application(archive, settings))


def poll_of(visitor: Visitor, path: str) -> str:
    """What the page at an address asks for while it is looked at."""
    (address,) = re.findall(r'data-poll="([^"]+)"', visitor.get(path).body)
    return str(address).replace("&amp;", "&")


def tell(database: Database, number: int, **changes: object) -> int:
    """Store another event."""
    told = Told(title=f"Fait {number}", url=f"https://o.example/{number}", source=ORTM, when=NOW, **changes)  # type: ignore[arg-type]
    return store(database, told)[1]


def test_only_what_came_after_the_list_and_passes_its_filters_is_new(visitor: Visitor, archive: Database) -> None:
    every, grave = poll_of(visitor, "/"), poll_of(visitor, "/?severity=5&story=1")
    assert visitor.get(every).json() == {"count": 0, "label": "", "mark": ""}
    tell(archive, 1, severity=5)
    tell(archive, 2, severity=3)
    tell(archive, 3, signal=False)
    assert visitor.get(every).json() == {"count": 2, "label": "2 new", "mark": "2"}
    assert visitor.get(grave).json()["count"] == 1
    assert visitor.get(poll_of(visitor, "/")).json()["count"] == 0


def test_an_event_that_grew_counts_once(visitor: Visitor, archive: Database) -> None:
    poll = poll_of(visitor, "/")
    for number in range(3):
        store(archive, Told(title="Suite", url=f"https://o.example/s{number}", source=ORTM, when=NOW), story=1)
    assert visitor.get(poll).json()["count"] == 1


def test_more_than_can_be_counted_is_said_to_be_more(visitor: Visitor, archive: Database) -> None:
    poll = poll_of(visitor, "/")
    for number in range(MOST + 1):
        tell(archive, number)
    assert visitor.get(poll).json() == {"count": MOST, "label": f"more than {MOST} new", "mark": f"{MOST}+"}


def test_asking_again_costs_no_answer(visitor: Visitor, archive: Database) -> None:
    poll = poll_of(visitor, "/")
    tag = visitor.get(poll).headers["etag"]
    assert visitor.get(poll, {"If-None-Match": tag}).status == 304
    tell(archive, 1)
    assert visitor.get(poll, {"If-None-Match": tag}).status == 200


def test_earlier_pages_of_the_list_ask_for_nothing(visitor: Visitor) -> None:
    assert "data-poll" not in visitor.get("/?before=1773133200000000-9").body
    assert "data-poll" not in visitor.get("/?q=(").body


def test_what_is_no_number_is_refused(visitor: Visitor) -> None:
    for newest in ("", "x", "-1", "1e3", "9" * 20, "%D9%A3"):
        assert visitor.get(f"/desk/new?newest={newest}").status == 422
