"""The command line: exit codes, messages, and what each command prints."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import pytest

from vigie.commands import run_command_line

TITLE = "Le Mali expulse deux diplomates français"
TEXT = (
    "Le Mali a déclaré mardi persona non grata deux diplomates français, a annoncé le ministère malien des Affaires "
    "étrangères.\nParis a regretté une décision qu'il juge sans fondement."
)
LINE = {"id": "a1", "title": TITLE, "text": TEXT, "published": "2025-09-23T10:00:00+00:00", "lang": "fr"}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory with the configuration that ``init`` writes."""
    monkeypatch.chdir(tmp_path)
    assert run_command_line(["init"]) == 0
    return tmp_path


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_init_writes_a_configuration_that_passes_check_and_never_overwrites(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command_line(["check"]) == 0
    assert "85 sources, 1 watch, 0 channels; " in capsys.readouterr().out
    assert run_command_line(["check", "--send"]) == 0
    assert "add a [[channel]]" in capsys.readouterr().out
    before = (here / "vigie.toml").read_bytes()
    assert run_command_line(["init"]) == 2
    assert (here / "vigie.toml").read_bytes() == before


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[service]\nlistn = '127.0.0.1:1'\n", ["service.listn", "did you mean 'listen'", ":2"]),
        ("[[source]]\nid = 'a'\nfeeds = ['ftp://example.org/feed']\n", ["source[1].feeds", "https://"]),
        ("[[source]]\nid = 'a'\nfeeds = 'https://example.org/feed'\n", ["source[1].feeds", ":3"]),
        ("[[source]]\nid='a'\nfeeds=['https://a.org/f']\n" * 2, ["two sources"]),
        ("[[channel]]\nid='h'\ntype='webhook'\nurl='https://a.org'\nsecret_file='no.key'\n", ["secret_file", "no.key"]),
        ("[[watch]]\nid='w'\nquery='mali AND ('\n", ["watch[1].query", "^"]),
        ("[[watch]]\nid='w'\nchannels=['pager']\n", ["watch[1].channels", "pager"]),
        ("[service]\nlisten = '0.0.0.0:8470'\n", ["service.listen", "login", "TLS", "vigie user add"]),
        ("[service\n", ["TOML"]),
    ],
)  # fmt: skip
def test_wrong_configuration_ends_with_2_naming_key_and_cure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, named: list[str]
) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text(text, encoding="utf-8")
    assert run_command_line(["-c", str(file), "check"]) == 2
    message = capsys.readouterr().err
    assert "wrong.toml" in message
    assert [part for part in named if part not in message] == []
    assert "Traceback" not in message


def test_missing_configuration_file_ends_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["-c", str(tmp_path / "none.toml"), "check"]) == 2
    assert "vigie init" in capsys.readouterr().err


def test_flag_reads_json_lines_and_names_bad_ones(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "in.jsonl").write_text(f"{json.dumps(LINE)}\nnot json\n\n", encoding="utf-8")
    assert run_command_line(["flag", "--jsonl", "in.jsonl"]) == 1
    captured = capsys.readouterr()
    answer = json.loads(captured.out)
    assert "in.jsonl:2" in captured.err
    assert answer["id"] == "a1"
    assert answer["lang"] == "fr"
    assert answer["watches"]["france-mali"]["alert"] is True
    whole = f"{TITLE}\n{TEXT}"
    for signal in answer["signals"]:
        assert whole[signal["start"] : signal["end"]] in signal["sentence"]
    assert {(s["type"], s["actor"], s["target"], s["status"]) for s in answer["signals"]} >= {
        ("expel_diplomats", "MLI", "FRA", "asserted")
    }


def test_flag_marks_plain_text(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "article.txt").write_text(f"{TITLE}\n\n{TEXT}\n", encoding="utf-8")
    assert run_command_line(["flag", "article.txt"]) == 0
    shown = capsys.readouterr().out
    assert TITLE in shown
    assert "MLI → FRA" in shown
    assert "⟦1: " in shown
    assert "france-mali: alerts" in shown


def test_flag_of_a_missing_file_is_an_error_not_a_bug(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["flag", "nothing.txt"]) == 2
    assert "nothing.txt" in capsys.readouterr().err


def test_extract_prints_what_the_crawler_would_store(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paragraphs = "".join(f"<p>{line}</p>" for line in TEXT.splitlines() * 3)
    page = f"<html lang=fr><head><title>{TITLE}</title></head><body><h1>{TITLE}</h1>{paragraphs}</body></html>"
    (here / "page.html").write_text(page, encoding="utf-8")
    assert run_command_line(["extract", "--json", "page.html"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["title"] == TITLE
    assert record["lang"] == "fr"
    assert record["failure"] is None


def test_import_search_export_and_explain(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = {
        **LINE,
        "id": "a2",
        "title": "Crue à Mopti",
        "text": "Le fleuve monte depuis lundi et les pêcheurs s'en vont.",
    }
    (here / "in.jsonl").write_text("\n".join(json.dumps(line) for line in (LINE, other)), encoding="utf-8")
    assert run_command_line(["import", "in.jsonl"]) == 0
    first, second = lines(capsys)
    assert (first["id"], first["outcome"], second["outcome"]) == ("a1", "new", "new")
    assert first["alerts"] == [{"watch": "france-mali", "alert": True, "kind": "new", "reason": "new_story"}]
    assert run_command_line(["import", "in.jsonl"]) == 0
    assert {line["outcome"] for line in lines(capsys)} == {"same"}
    assert run_command_line(["search", "PECHEURS", "--json"]) == 0
    assert [line["title"] for line in lines(capsys)] == ["Crue à Mopti"]
    assert run_command_line(["search", "type:expel_diplomats AND NOT crue", "--json"]) == 0
    assert [line["title"] for line in lines(capsys)] == [TITLE]
    assert run_command_line(["search", "mali AND ("]) == 2
    assert "^" in capsys.readouterr().err
    assert run_command_line(["search", "--json", "--", "-crue since:2020"]) == 0
    assert [line["title"] for line in lines(capsys)] == [TITLE]
    assert run_command_line(["search", "--help"]) == 0
    assert "date:2025-09-18..2025-09-20" in capsys.readouterr().out
    assert run_command_line(["explain", str(first["article"])]) == 0
    explained = capsys.readouterr().out
    assert "new_story" in explained
    assert "to nobody" in explained
    assert run_command_line(["deliveries", "list", "--json"]) == 0
    assert lines(capsys) == []
    assert run_command_line(["export", "articles", "--format", "csv"]) == 0
    assert len(list(csv.DictReader(io.StringIO(capsys.readouterr().out)))) == 2


def test_explain_gives_json_with_every_clause(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "in.jsonl").write_text(json.dumps(LINE), encoding="utf-8")
    assert run_command_line(["import", "in.jsonl"]) == 0
    (first,) = lines(capsys)
    assert run_command_line(["explain", str(first["article"]), "--json", "--all"]) == 0
    (told,) = lines(capsys)
    sentences = told["sentences"]
    assert isinstance(sentences, list)
    assert sentences[0]["index"] == 0
    assert all(sentence["clauses"] for sentence in sentences)
    assert told["decisions"]
    assert told["partial"] is None


def test_explain_and_show_tell_what_became_of_each_delivery(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = here / "vigie.toml"
    hook = '[[channel]]\nid = "hook"\ntype = "webhook"\nurl = "https://hooks.example.org/"\nsecret_file = "key"\n'
    text = config.read_text("utf-8").replace('# channels = ["press-room", "crisis-desk"]', 'channels = ["hook"]')
    config.write_text(f"{text}\n{hook}", encoding="utf-8")
    (here / "key").write_text("whsec_" + "c2VjcmV0" * 5, encoding="utf-8")
    (here / "in.jsonl").write_text(json.dumps(LINE), encoding="utf-8")
    assert run_command_line(["import", "--alerts", "in.jsonl"]) == 0
    (first,) = lines(capsys)
    assert run_command_line(["explain", str(first["article"])]) == 0
    assert "\n  hook: pending\n" in capsys.readouterr().out
    assert run_command_line(["explain", str(first["article"]), "--json"]) == 0
    (told,) = lines(capsys)
    (decision,) = cast("list[dict[str, Any]]", told["decisions"])
    (delivery,) = decision["deliveries"]
    assert (delivery["channel_id"], delivery["state"], delivery["reason"]) == ("hook", "pending", "at_once")
    alert = str(decision["alert_id"])
    assert run_command_line(["alerts", "ack", alert, "--author", "Awa"]) == 0
    assert run_command_line(["alerts", "show", alert]) == 0
    shown = capsys.readouterr().out
    assert "watch france-mali · story 1" in shown
    assert "\n  acknowledged by Awa at " in shown
    assert run_command_line(["alerts", "list"]) == 0
    assert "france-mali" in capsys.readouterr().out


def test_explain_says_why_an_article_is_partial(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "in.jsonl").write_text(json.dumps(LINE), encoding="utf-8")
    assert run_command_line(["import", "in.jsonl"]) == 0
    (told,) = lines(capsys)
    (data,) = here.rglob("vigie.db")
    with closing(sqlite3.connect(data)) as database, database:
        database.execute("UPDATE article SET partial = 1")
    command = ["explain", str(told["article"])]
    assert run_command_line(command) == 0
    assert "partial: only title and summary are known, the page was not read\n" in capsys.readouterr().out
    with closing(sqlite3.connect(data)) as database, database:
        database.execute(
            """
            INSERT INTO entry (key, source_id, url, title, summary, authors, seen_at, state, next_attempt_at, failure,
                detail) SELECT key, source_id, url, 't', '', '[]', first_seen_at, 'failed', first_seen_at, 'blocked',
                'HTTP 403' FROM article
            """
        )
    assert run_command_line(command) == 0
    assert "the page was not read: blocked: HTTP 403" in capsys.readouterr().out


def test_only_what_sends_needs_secrets(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VIGIE_UNSET", raising=False)
    hook = '\n[[channel]]\nid = "hook"\ntype = "webhook"\nurl = "https://a.example/"\nsecret = "env:VIGIE_UNSET"\n'
    with (here / "vigie.toml").open("a", encoding="utf-8") as stream:
        stream.write(hook)
    (here / "in.jsonl").write_text(json.dumps(LINE), encoding="utf-8")
    for command in (
        ["import", "in.jsonl"], ["search", "mali"], ["explain", "1"], ["alerts", "list"], ["deliveries", "list"],
        ["sources", "list"], ["sources", "export-opml"], ["export", "articles"], ["flag", "in.jsonl"],
        ["backup", "copy"],
    ):  # fmt: skip
        assert run_command_line(command) == 0, command
    capsys.readouterr()
    for command in (["check"], ["check", "--send"], ["run", "--once"], ["doctor"]):
        assert run_command_line(command) == 2, command
        told = capsys.readouterr().err
        assert told.count("VIGIE_UNSET") == 1
        assert len(told.strip().splitlines()) == 1


def test_a_spreadsheet_runs_no_formula_of_an_export(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "in.jsonl").write_text(json.dumps({**LINE, "title": "=cmd|' /C calc'!A0"}), encoding="utf-8")
    assert run_command_line(["import", "in.jsonl"]) == 0
    capsys.readouterr()
    assert run_command_line(["export", "articles", "--format", "csv"]) == 0
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert row["title"].startswith("'=")


def test_backup_and_restore_bring_the_archive_back(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "in.jsonl").write_text(json.dumps(LINE), encoding="utf-8")
    assert run_command_line(["import", "in.jsonl"]) == 0
    assert run_command_line(["backup", "copy.db"]) == 0
    (here / "vigie-data" / "vigie.db").write_bytes(b"")
    assert run_command_line(["search", "mali"]) == 3
    assert run_command_line(["restore", "copy.db"]) == 0
    capsys.readouterr()
    assert run_command_line(["export", "articles"]) == 0
    assert len(lines(capsys)) == 1
    assert run_command_line(["doctor"]) == 0
    (here / "vigie-data" / "vigie.db").unlink()
    assert run_command_line(["doctor"]) == 1, "an archive that is gone beside its marker is no new start"


def test_evaluate_names_every_miss(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = {**LINE, "id": "b", "title": "Crue à Mopti", "text": "Le fleuve monte.", "should_alert": True}
    rows = [{**LINE, "should_alert": True}, wrong]
    (here / "gold.jsonl").write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    assert run_command_line(["evaluate", "gold.jsonl", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert (figures["precision"], figures["recall"]) == (1.0, 0.5)
    assert figures["misses"] == ["missed: b: Crue à Mopti [no_signal]"]
    assert figures["languages"] == {"fr": {"precision": 1.0, "recall": 0.5}}


def test_evaluate_scores_events_by_type_and_status(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = {"type": "expel_diplomats", "actor": "MLI", "target": "FRA", "status": "asserted"}
    row = {**LINE, "should_alert": True, "events": [told, {**told, "type": "sanctions"}]}
    (here / "gold.jsonl").write_text(json.dumps(row), encoding="utf-8")
    assert run_command_line(["evaluate", "gold.jsonl", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["types"] == {
        "expel_diplomats": {"right": 1, "events": 1},
        "sanctions": {"right": 0, "events": 1},
    }
    assert figures["statuses"] == {"asserted": {"right": 1, "events": 2}}


@pytest.mark.parametrize("arguments", [["nonsense"], ["run", "--twice"], ["explain", "abc"], ["search"], ["alerts"]])
def test_wrong_usage_ends_with_2(here: Path, arguments: list[str]) -> None:
    assert run_command_line(arguments) == 2
