"""The ladder over HTTP, and the same on the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from scheduler.ladder import note
from storage import articles, sources, stories
from storage.articles import content_hash
from storage.database import open_writer, transaction
from storage.types import Article, Signal, Source, Status
from tests.test_review_app import NOW, Site, run_site
from vigie.commands import run_command_line

OUTLET = Source(id="fleuve", name="Fleuve", url="https://fleuve.example/", language="fr", country="MLI")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    folder = tmp_path / "archive"
    folder.mkdir()
    database = open_writer(folder)
    with transaction(database):
        sources.sync(database, [OUTLET], NOW)
        for hours, who, title in ((60, "FRA", "Paris expulse deux diplomates"), (55, "MLI", "Bamako en renvoie cinq")):
            target, number = ("MLI", "deux diplomates maliens") if who == "FRA" else ("FRA", "cinq agents français")
            sentence = f"{title} : {number}" + (", en représailles." if who == "MLI" else ".")
            at = NOW - timedelta(hours=hours)
            one = Article(
                source_id="fleuve", url=f"https://fleuve.example/{who}", title=title, paragraphs=(sentence,),
                published_at=at, fetched_at=NOW,
            )  # fmt: skip
            signal = Signal(
                type="expel_diplomats", severity=4, actor=who, target=target, status=Status.ASSERTED, sentence=sentence,
                start=0, end=5, rule="r",
            )  # fmt: skip
            saved = articles.save(database, one, key=content_hash(one), origin="Fleuve", now=NOW)
            articles.save_signals(database, saved.article_id, saved.revision_id, (signal,))
            story = stories.create(database, title, at)
            stories.attach(
                database, saved.article_id, story, at, severity=4, copy_of=None, coverage=None, origin="Fleuve"
            )
            note(database, saved, (signal,), NOW)
    database.conn.close()
    yield from run_site(folder)


def test_the_interface_gives_rungs_changes_answers_and_points(site: Site) -> None:
    answer = site.get("/api/v1/ladder?pair=FRA-MLI&days=10")
    assert answer.status == 200
    found = answer.json()
    assert found["pair"] == ["FRA", "MLI"]
    sides = _list(found["sides"])
    assert [(side["actor"], side["rung"], len(_list(side["points"]))) for side in sides] == [
        ("FRA", 4, 11), ("MLI", 5, 11),
    ]  # fmt: skip
    assert _list(sides[0]["points"])[-1] == {"day": NOW.date().isoformat(), "rung": 4}
    assert [(one["before"], one["after"], one["reason"]) for one in _list(found["changes"])] == [
        (0, 4, "act"), (0, 5, "act"),
    ]  # fmt: skip
    (reply,) = _list(found["replies"])
    assert (reply["after_seconds"], reply["numbers"], reply["matched"]) == (5 * 3600, [2, 5], True)
    assert isinstance(reply["action"], dict)
    assert reply["action"]["sentence"] == "Paris expulse deux diplomates : deux diplomates maliens."


def _list(value: object) -> list[dict[str, object]]:
    assert isinstance(value, list)
    return value


@pytest.mark.parametrize(
    "query",
    [
        "",
        "pair=FRA",
        "pair=fra-mli",
        "pair=FRA-FRA",
        "pair=FRA-MLI&days=0",
        "pair=FRA-MLI&window=99999",
        "pair=FRA-MLI&until=x",
        "pair=FRA-MLI&until=0001-01-01T00:00:00Z",
    ],
)
def test_a_question_that_cannot_be_read_is_refused(site: Site, query: str) -> None:
    assert site.get(f"/api/v1/ladder?{query}").status == 422


def test_the_interface_is_described(site: Site) -> None:
    described = json.dumps(site.get("/api/openapi.json").json())
    assert "/api/v1/ladder" in described
    assert "how long the answer took" in described


def test_the_command_line_says_the_same(site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "vigie.toml"
    config.write_text(f'[service]\ndata_dir = "{tmp_path / "archive"}"\n', "utf-8")
    call = ["-c", str(config), "ladder"]
    day = (NOW + timedelta(hours=1)).isoformat()
    assert run_command_line([*call, "FRA", "MLI", "--days", "10", "--until", NOW.isoformat(), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == site.get("/api/v1/ladder?pair=FRA-MLI&days=10").json()
    assert run_command_line([*call, "mli-fra", "--until", day]) == 0
    text = capsys.readouterr().out
    assert "Mali → France: rung 5, diplomats expelled (5)" in text
    assert "after 5 h; the text says so; in kind, 2 → 5" in text
    assert run_command_line([*call, "--until", day, "--json"]) == 0
    (row,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert (row["pair"], row["forth"], row["back"], row["answers"]) == ("FRA-MLI", 4, 5, 1)


@pytest.mark.parametrize(
    "arguments",
    [
        ["FRA"],
        ["FRA", "FRA"],
        ["FRA", "MLI", "NER"],
        ["FRA", "MAL"],
        ["--since", "2999-01-01"],
        ["--until", "0001-01-01"],
    ],
)
def test_the_command_line_refuses_what_is_no_pair_and_no_time(arguments: list[str], tmp_path: Path) -> None:
    config = tmp_path / "vigie.toml"
    config.write_text(f'[service]\ndata_dir = "{tmp_path}"\n', "utf-8")
    assert run_command_line(["-c", str(config), "ladder", *arguments]) == 2
