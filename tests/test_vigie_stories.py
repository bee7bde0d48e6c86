"""``vigie stories``: an event on the command line, and stories merged or split by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.test_vigie_commands import LINE, TITLE, lines
from vigie.commands import run_command_line

ANSWER = {
    "id": "a2",
    "title": "La France rappelle son ambassadeur au Mali",
    "text": "PARIS (AFP) — La France a décidé mercredi de rappeler son ambassadeur à Bamako pour consultations.\n"
    "Le Mali avait expulsé deux diplomates français mardi.",
    "published": "2025-09-24T10:00:00+00:00",
    "lang": "fr",
}
REPORT = {
    "id": "a3",
    "title": "Mali expels two French diplomats",
    "text": "Bamako said on Tuesday that two French diplomats had to leave the country within two days.",
    "published": "2025-09-23T12:00:00+00:00",
    "lang": "en",
}


@pytest.fixture
def imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> dict[str, int]:
    """Return the story of each article."""
    monkeypatch.chdir(tmp_path)
    assert run_command_line(["init"]) == 0
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(one) + "\n" for one in (LINE, ANSWER, REPORT)), "utf-8")
    capsys.readouterr()
    assert run_command_line(["import", "in.jsonl"]) == 0
    return {str(line["id"]): int(str(line["story"])) for line in lines(capsys)}


def test_an_import_answers_with_the_stories_as_they_stand_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two reports open stories of their own until a third one shows that they tell one event."""
    title, body = "Le Mali expulse deux diplomates français", "Bamako a déclaré persona non grata"
    names = "Luc Berthier et Anne Colin, de l’ambassade de France."
    reports = [
        (
            "a",
            "Mali : Luc Berthier attendu à Paris",
            "La France attend Luc Berthier et Anne Colin.",
            "2025-09-23T09:00:00Z",
        ),
        ("b", title, f"{body} deux conseillers.", "2025-09-24T15:00:00Z"),
        ("c", title, f"{body} {names}", "2025-09-24T00:00:00Z"),
    ]
    given = [
        {"id": name, "title": head, "text": text, "published": at, "lang": "fr", "source": name}
        for name, head, text, at in reports
    ]
    monkeypatch.chdir(tmp_path)
    assert run_command_line(["init"]) == 0
    files = {"first.jsonl": given[:2], "all.jsonl": given}
    for name, rows in files.items():
        (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    capsys.readouterr()
    assert run_command_line(["import", "first.jsonl"]) == 0
    assert len({line["story"] for line in lines(capsys)}) == 2
    assert run_command_line(["import", "all.jsonl"]) == 0
    answers = lines(capsys)
    assert [line["id"] for line in answers] == ["a", "b", "c"]
    assert len({line["story"] for line in answers}) == 1


def test_a_story_shows_its_firsts_and_its_affair(imported: dict[str, int], capsys: pytest.CaptureFixture[str]) -> None:
    assert imported["a1"] == imported["a3"] != imported["a2"]
    assert run_command_line(["stories", "show", str(imported["a1"])]) == 0
    text = capsys.readouterr().out
    assert TITLE in text
    assert "expel_diplomats, MLI → FRA, asserted" in text
    assert f"story {imported['a2']}: La France rappelle" in text
    assert run_command_line(["stories", "show", str(imported["a2"]), "--json"]) == 0
    (record,) = lines(capsys)
    assert record["origins"] == ["AFP"]
    assert record["state"] == "told"
    assert [one["id"] for one in record["affair"]] == [imported["a1"]]  # type: ignore[attr-defined]


def test_stories_are_merged_and_split_with_a_reason(
    imported: dict[str, int], capsys: pytest.CaptureFixture[str]
) -> None:
    one, two = str(imported["a1"]), str(imported["a2"])
    assert run_command_line(["stories", "merge", two, one, "--reason", "same affair", "--author", "awa"]) == 0
    assert run_command_line(["stories", "show", one, "--json"]) == 0
    (record,) = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    assert record["articles"] == 3
    assert [(change["kind"], change["author"], change["reason"]) for change in record["changes"]] == [
        ("merge", "awa", "same affair")
    ]
    assert run_command_line(["stories", "split", "2", "--reason", "no, another act"]) == 0
    assert "holds them now" in capsys.readouterr().out
    assert run_command_line(["stories", "show", one]) == 0
    text = capsys.readouterr().out
    assert "2 articles" in text
    assert "split by" in text


def test_what_is_not_there_is_said(imported: dict[str, int], capsys: pytest.CaptureFixture[str]) -> None:
    assert imported
    assert run_command_line(["stories", "show", "99"]) == 1
    assert "no story 99" in capsys.readouterr().err
    assert run_command_line(["stories", "split", "99", "--reason", "r"]) == 1
    assert "no article 99" in capsys.readouterr().err
