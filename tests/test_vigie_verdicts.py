"""Verdicts as labels: written out, and scored by ``evaluate``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from vigie.commands import run_command_line
from vigie.searching import change
from vigie.settings import load

EXPULSION = "Le Mali a déclaré mardi persona non grata deux diplomates français, a annoncé le ministère malien."
FOOTBALL = "Le club de Bamako a battu celui de Ségou samedi soir devant un stade plein, sur deux buts tardifs."
LINES = (
    {"id": "a", "title": "Le Mali expulse deux diplomates français", "text": EXPULSION, "lang": "fr"},
    {"id": "b", "title": "Bamako bat Ségou", "text": FOOTBALL, "lang": "fr"},
    {"id": "c", "title": "Le Niger expulse un attaché togolais", "text": "Niamey a expulsé un attaché.", "lang": "fr"},
)  # fmt: skip


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive with three stories: rightly alerted to, rightly passed over, nobody's."""
    folder = tmp_path_factory.mktemp("verdicts")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert run_command_line(["init"]) == 0
        rows = [{**line, "published": "2025-09-23T10:00:00+00:00", "source": "s"} for line in LINES]
        (folder / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        assert run_command_line(["import", "in.jsonl"]) == 0
        settings = load(folder / "vigie.toml", with_secrets=False)
        change(settings, "verdict", story=1, state="relevant")
        change(settings, "verdict", story=2, state="not_relevant", reason="other")
    return folder


def run(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str, code: int = 0
) -> list[dict[str, Any]]:
    monkeypatch.chdir(here)
    capsys.readouterr()
    assert run_command_line(list(arguments)) == code
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_verdicts_are_written_as_labelled_articles(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = run(here, capsys, monkeypatch, "export", "verdicts")
    assert [(row["title"], row["should_alert"], row["reason"]) for row in rows] == [
        ("Le Mali expulse deux diplomates français", True, None),
        ("Bamako bat Ségou", False, "other"),
    ]
    assert [row["watches"] for row in rows] == [["france-mali"], []]
    (here / "labelled.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (from_file,) = run(here, capsys, monkeypatch, "evaluate", "labelled.jsonl", "--json")
    (from_archive,) = run(here, capsys, monkeypatch, "evaluate", "--verdicts", "--json")
    assert from_file == from_archive
    assert (from_archive["precision"], from_archive["recall"]) == (1.0, 1.0)


def test_what_the_rules_get_wrong_by_the_verdicts_is_named(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load(here / "vigie.toml", with_secrets=False)
    change(settings, "verdict", story=2, state="relevant")
    (scored,) = run(here, capsys, monkeypatch, "evaluate", "--verdicts", "--json")
    assert (scored["missed"], scored["recall"]) == (1, 0.5)
    assert any("Bamako bat Ségou" in miss for miss in scored["misses"])
    change(settings, "verdict", story=2, state="not_relevant", reason="other")


def test_what_belongs_to_verdicts_alone_is_refused_elsewhere(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(here, capsys, monkeypatch, "evaluate", code=2)
    run(here, capsys, monkeypatch, "evaluate", "x.jsonl", "--verdicts", code=2)
    run(here, capsys, monkeypatch, "evaluate", "x.jsonl", "--since", "2026-01-01", code=2)
    run(here, capsys, monkeypatch, "evaluate", "--verdicts", "--since", "2999-01-01", "--json", code=1)
