"""Pages out of WARC files take the crawler's path; bad records are named and skipped."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from storage import alert_log, evidence
from storage.articles import get
from storage.database import open_reader
from vigie import packet
from vigie.commands import run_command_line
from vigie.settings import load
from vigie.warc_files import is_warc, read_pages

TITLE = "Le Mali expulse deux diplomates français"
BODY = (
    "Le Mali a expulsé lundi deux diplomates français, a annoncé le ministère des Affaires étrangères à Bamako dans "
    "un communiqué lu à la télévision nationale.",
    "Les deux agents disposent de quarante-huit heures pour faire leurs bagages. Leur nom n’a pas été rendu public "
    "et l’ambassade n’a pas souhaité répondre aux questions de la presse.",
)
PAGE = (
    f"<!doctype html><html lang='fr'><head><meta charset='utf-8'><title>{TITLE}</title>"
    "<meta property='article:published_time' content='2026-03-10T09:00:00+00:00'></head><body><article>"
    f"<h1>{TITLE}</h1>" + "".join(f"<p>{text}</p>" for text in BODY) + "</article></body></html>"
).encode()
HTML = ("Content-Type", "text/html; charset=utf-8")


class Warc:
    """A WARC file in the making."""

    def __init__(self, *, packed: bool = True) -> None:
        self.out = io.BytesIO()
        self._writer = WARCWriter(self.out, gzip=packed)

    def add(
        self,
        url: str = "https://www.maliweb.net/a",
        body: bytes = PAGE,
        headers: tuple[tuple[str, str], ...] = (HTML,),
        *,
        status: str = "200 OK",
        kind: str = "response",
        date: str = "2026-03-10T10:00:00Z",
    ) -> Warc:
        http = StatusAndHeaders(status, list(headers), protocol="HTTP/1.1") if kind == "response" else None
        record = self._writer.create_warc_record(
            url, kind, payload=io.BytesIO(body), length=len(body), http_headers=http,
            warc_content_type="" if http else "text/plain", warc_headers_dict={"WARC-Date": date},
        )  # fmt: skip
        self._writer.write_record(record)
        return self

    def save(self, path: Path) -> str:
        path.write_bytes(self.out.getvalue())
        return str(path)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    assert run_command_line(["init"]) == 0
    return tmp_path


def answers(capsys: pytest.CaptureFixture[str]) -> tuple[list[dict[str, object]], str]:
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")], captured.err


def test_pages_are_stored_with_their_evidence_and_alerts_are_recorded(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    warc = Warc().add(kind="metadata", body=b"x").add().add("https://unknown.example/b", body=PAGE)
    assert run_command_line(["import", warc.save(here / "pages.warc.gz")]) == 0
    found, _ = answers(capsys)
    assert [(answer["id"], answer["outcome"]) for answer in found] == [
        ("https://www.maliweb.net/a", "new"), ("https://unknown.example/b", "copy"),
    ]  # fmt: skip
    database = open_reader(load(here / "vigie.toml").data_dir)
    first, second = get(database, 1), get(database, 2)
    assert (first.title, first.body, first.source_id) == (TITLE, "\n".join(BODY), "maliweb")
    assert second.source_id == "unknown.example"
    stored = evidence.of_revision(database, first.revision_id)
    assert stored is not None
    assert stored.captured_at.isoformat() == "2026-03-10T10:00:00+00:00"
    assert [row.recorded_only for row in alert_log.alerts(database)] == [True]
    database.conn.close()


@pytest.mark.parametrize("packed", [True, False])
def test_records_of_another_kind_are_passed_over_whatever_their_size(here: Path, packed: bool) -> None:
    warc = Warc(packed=packed).add().add(kind="resource", body=b"\x00" * 5_000_000)
    assert run_command_line(["import", warc.save(here / "large.warc")]) == 0


def test_bad_records_are_named_and_the_others_stored(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    warc = (
        Warc(packed=False)
        .add(headers=(HTML, ("Content-Encoding", "gzip")), body=b"\x1f\x8b broken")
        .add("https://")
        .add("https://empty.example/", body=b"<html><body></body></html>")
        .add("https://img.example/a.png", headers=(("Content-Type", "image/png"),))
        .add("https://gone.example/a", status="404 Not Found")
        .add(headers=(HTML, ("Content-Encoding", "gzip")), body=gzip.compress(PAGE))
    )
    assert run_command_line(["import", warc.save(here / "mixed.warc")]) == 1
    found, errors = answers(capsys)
    assert [answer["id"] for answer in found] == ["https://www.maliweb.net/a"]
    assert [f"record {number} " in errors for number in range(1, 7)] == [True, True, True, False, False, False]
    assert "Traceback" not in errors


def test_sources_that_reserve_their_text_are_kept_short_from_files_too(here: Path) -> None:
    assert run_command_line(["import", Warc().add("https://www.rfi.fr/a").save(here / "rfi.warc.gz")]) == 0
    database = open_reader(load(here / "vigie.toml").data_dir)
    stored = get(database, 1)
    assert stored.source_id == "rfi"
    assert len(stored.body) < len("".join(BODY))
    assert evidence.of_revision(database, stored.revision_id) is None
    database.conn.close()


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("share", [0.02, 0.1, 0.3, 0.45, 0.6, 0.9])
def test_a_file_cut_short_gives_what_comes_before_the_cut(
    here: Path, capsys: pytest.CaptureFixture[str], packed: bool, share: float
) -> None:
    first = Warc(packed=packed).add().out.getvalue()
    second = Warc(packed=packed).add("https://www.maliweb.net/b").out.getvalue()
    (here / "cut.warc").write_bytes(first + second[: int(share * len(second))])
    assert run_command_line(["import", "cut.warc"]) == 1
    found, errors = answers(capsys)
    assert [answer["id"] for answer in found] == ["https://www.maliweb.net/a"]
    assert "record 2 " in errors
    assert "Traceback" not in errors


def test_a_page_that_unpacks_without_end_is_refused(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bomb = gzip.compress(b"<p>x</p>" * 4_000_000)
    warc = Warc().add(headers=(HTML, ("Content-Encoding", "gzip")), body=bomb).add("https://www.maliweb.net/b")
    assert run_command_line(["import", warc.save(here / "bomb.warc.gz")]) == 1
    found, errors = answers(capsys)
    assert [answer["id"] for answer in found] == ["https://www.maliweb.net/b"]
    assert "record 1 " in errors


def test_the_pages_of_a_packet_can_be_imported_again(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["import", Warc().add().save(here / "pages.warc")]) == 0
    database = open_reader(load(here / "vigie.toml").data_dir)
    alert_id = alert_log.alerts(database)[0].alert.id
    database.conn.close()
    assert run_command_line(["export", "evidence", alert_id, "-o", "packet"]) == 0
    assert run_command_line(["init", "elsewhere"]) == 0
    capsys.readouterr()
    other = ["-c", "elsewhere/vigie.toml"]
    assert run_command_line([*other, "import", f"packet/{packet.WARC}"]) == 0
    assert [answer["outcome"] for answer in answers(capsys)[0]] == ["new"]
    again = open_reader(load(here / "elsewhere" / "vigie.toml").data_dir)
    assert get(again, 1).body == "\n".join(BODY)
    again.conn.close()


def test_warc_is_told_by_its_content(tmp_path: Path) -> None:
    assert is_warc(Warc(packed=True).add().save(tmp_path / "a"))
    assert is_warc(Warc(packed=False).add().save(tmp_path / "b"))
    (tmp_path / "c.warc").write_text('{"title": "x"}\n', encoding="utf-8")
    assert not is_warc(str(tmp_path / "c.warc"))
    assert not is_warc("-")


WHOLE = {packed: Warc(packed=packed).add().add("https://www.maliweb.net/b").out.getvalue() for packed in (False, True)}


@settings(max_examples=120, deadline=None)
@given(data=st.data(), packed=st.booleans())
def test_damage_never_raises(data: st.DataObject, packed: bool, tmp_path_factory: pytest.TempPathFactory) -> None:
    raw = bytearray(WHOLE[packed])
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "damaged.warc"
    path.write_bytes(bytes(raw[: data.draw(st.integers(1, len(raw)))]))
    bad: list[int] = []
    pages = list(read_pages(str(path), 1_000_000, lambda number, _: bad.append(number)))
    assert len(pages) <= 2
