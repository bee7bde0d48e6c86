"""Filters that do not exist, values that nothing has, and addresses without measure: said, never passed over."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from review.guard import LONGEST_ADDRESS
from review.settings import ReviewSettings
from storage.database import open_writer
from storage.types import Watch
from tests.filled import fill
from tests.visitor import Visitor, application

LONG = "a" * 3_000


@pytest.fixture(scope="module")
def visitor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    folder = tmp_path_factory.mktemp("strangers") / "data"
    database = open_writer(folder)
    fill(database)
    settings = ReviewSettings(
        public_url="http://127.0.0.1", language="en", timezone="UTC", data_folder=folder, version="0",
        watches=(Watch(id="france-mali", name="France – Mali", pairs=(("FRA", "MLI"),)),),
    )  # fmt: skip
    yield Visitor(application(database, settings))
    database.conn.close()


def test_a_filter_that_does_not_exist_is_named(visitor: Visitor) -> None:
    page = visitor.get("/?unknown=1&sourse=rfi&lang=en&density=compact")
    assert page.status == 200
    assert "no filter called “unknown”" in page.text
    assert "no filter called “sourse”: it narrows nothing. Did you mean source?" in page.text
    assert "“lang”" not in page.text
    assert "“density”" not in page.text


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("type=nope", "Type: “nope” is not known."),
        ("country=XXX", "“XXX” is not known."),
        ("pair=FRA-XXX", "“XXX” is not known."),
        ("language=xx", "“xx” is not known."),
        ("source=nope", "Source: “nope” is not known."),
        ("watch=france-malli", "“france-malli” is not known. Did you mean france-mali?"),
        ("type=expel_diplomat", "Did you mean expel_diplomats?"),
    ],
)
def test_a_value_that_nothing_has_is_named(visitor: Visitor, query: str, said: str) -> None:
    assert said in visitor.get(f"/?{query}").text


def test_a_list_with_rows_names_nothing(visitor: Visitor) -> None:
    page = visitor.get("/?show=all")
    assert "data-row" in page.body
    assert "is not known" not in page.text
    assert "no filter called" not in page.text


def test_a_search_that_is_too_long_says_so(visitor: Visitor) -> None:
    page = visitor.get(f"/?q={LONG}&severity=1")
    assert page.status == 400
    assert "the query has 3000 characters, 2000 at most" in page.text
    assert len(page.body) < 100_000
    assert page.body.count("a" * 100) == 0


@pytest.mark.parametrize("query", [f"q={LONG}", f"tag={LONG}", f"zzz={LONG}", f"{LONG}=1"])
def test_what_cannot_be_read_stands_in_no_link(visitor: Visitor, query: str) -> None:
    body = visitor.get(f"/?show=all&{query}").body
    assert "a" * 100 not in body


def test_an_address_without_measure_is_refused(visitor: Visitor) -> None:
    for path in ("/", "/api/v1/stories"):
        page = visitor.get(f"{path}?q={'a' * LONGEST_ADDRESS}")
        assert page.status == 414
        assert page.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("address", "parameter", "fault"),
    [
        ("stories?nope=1", "nope", "this address takes no such parameter"),
        ("stories?sourc=rfi", "sourc", "did you mean source?"),
        ("watches?limit=3", "limit", "this address takes no such parameter"),
        ("stories?type=nope", "type", "'nope' is not known"),
        ("stories?pair=FRA-XXX", "pair", "'XXX' is not known"),
        ("stories?country=XXX", "country", "'XXX' is not known"),
        ("articles?source=nope", "source", "'nope' is not known"),
    ],
)
def test_programs_are_refused_what_nobody_knows(visitor: Visitor, address: str, parameter: str, fault: str) -> None:
    answer = visitor.get(f"/api/v1/{address}")
    assert answer.status == 422
    (one,) = answer.json()["faults"]
    assert one["parameter"] == parameter
    assert fault in one["fault"]
    assert visitor.get("/api/openapi.json").json()["paths"][f"/api/v1/{address.partition('?')[0]}"]["get"]["responses"][
        "422"
    ]


def test_a_file_that_is_missing_is_kept_by_nobody_and_carries_no_cookie(visitor: Visitor) -> None:
    stranger = Visitor(visitor.app)
    missing = stranger.get("/static/nope.css")
    assert missing.status == 404
    assert missing.headers["cache-control"] == "no-store"
    assert stranger.cookies == {}
    there = stranger.get("/static/base.css")
    assert there.headers["cache-control"] == "public, max-age=86400"
    assert stranger.cookies == {}
