"""The evidence of an alert as a packet: complete, the same bytes each time, and any change is named."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import random
import subprocess
import zipfile
import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator

from scheduler.building import build_pipeline
from storage import alerts, sources
from storage.database import instance_id, open_reader, open_writer, transaction
from storage.types import Article, Evidence
from vigie import packet, packing
from vigie.commands import run_command_line
from vigie.running import service_settings
from vigie.settings import load
from vigie.verifying import verify

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
REPORT = Article(
    source_id="rfi", url="https://rfi.example/a", title="Le Mali expulse deux diplomates français",
    paragraphs=(
        "Le Mali a expulsé lundi deux diplomates français, a annoncé le ministère des Affaires étrangères à Bamako.",
        "Les deux agents disposent de quarante-huit heures pour faire leurs bagages.",
    ),
    language="fr", published_at=NOW, fetched_at=NOW,
)  # fmt: skip
RECALL = "En réponse, la France a rappelé mardi son ambassadeur au Mali pour consultations."
QUIET = replace(
    REPORT, url="https://rfi.example/q", title="Le fleuve monte à Mopti", paragraphs=("La crue est en avance.",)
)
FILES = {
    "README.txt", "alert.json", "articles.jsonl", "decisions.jsonl", "deliveries.jsonl", "evidence.warc.gz",
    "manifest.json", "SHA256SUMS",
}  # fmt: skip


def page(article: Article, moment: datetime) -> Evidence:
    body = "".join(f"<p>{text}</p>" for text in (article.title, *article.paragraphs)).encode()
    return Evidence(
        url=article.url, captured_at=moment, status=200, headers=(("content-type", "text/html"),),
        sha256=hashlib.sha256(body).hexdigest(), body_gzip=gzip.compress(body),
    )  # fmt: skip


@pytest.fixture(scope="module")
def newsroom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a configuration and an archive with one alert over two versions of an article."""
    folder = tmp_path_factory.mktemp("newsroom")
    assert run_command_line(["init", str(folder)]) == 0
    chosen = load(folder / "vigie.toml")
    database = open_writer(chosen.data_dir)
    pipeline = build_pipeline(service_settings(chosen), instance_id(database))
    with transaction(database):
        sources.sync(database, chosen.sources, NOW)
        for hours, article in enumerate((QUIET, REPORT, replace(REPORT, paragraphs=(*REPORT.paragraphs, RECALL)))):
            moment = NOW + hours * HOUR
            pipeline.process(database, article, key=article.url, now=moment, evidence=page(article, moment))
    database.conn.close()
    return folder


@pytest.fixture
def alert_id(newsroom: Path) -> str:
    database = open_reader(load(newsroom / "vigie.toml").data_dir)
    found = alerts.recent(database)
    database.conn.close()
    assert [alert.type for alert in found] == ["alert.edited", "alert.new"]
    return found[1].id


def built(newsroom: Path, alert_id: str, now: datetime = NOW) -> dict[str, bytes]:
    database = open_reader(load(newsroom / "vigie.toml").data_dir)
    try:
        return packing.build(database, alert_id, now=now, version="0.1.0")
    finally:
        database.conn.close()


@pytest.fixture
def files(newsroom: Path, alert_id: str) -> dict[str, bytes]:
    return built(newsroom, alert_id)


def test_a_packet_holds_all_that_proves_an_alert(files: dict[str, bytes], alert_id: str) -> None:
    assert set(files) == FILES
    manifest = json.loads(files["manifest.json"])
    assert (manifest["alert"], manifest["software"]) == (alert_id, "vigie 0.1.0")
    assert json.loads(files["alert.json"])["data"]["alert"] == alert_id
    (article,) = [json.loads(line) for line in files["articles.jsonl"].splitlines()]
    assert article["title"] == REPORT.title
    assert [revision["number"] for revision in article["revisions"]] == [1, 2]
    assert [event["kind"] for event in article["events"]] == ["edited"]
    sentences = {signal["sentence"] for revision in article["revisions"] for signal in revision["signals"]}
    assert RECALL in sentences
    captures = [revision["capture"] for revision in article["revisions"]]
    assert [capture["captured"] for capture in captures] == ["2026-03-10T10:00:00+00:00", "2026-03-10T11:00:00+00:00"]
    kinds = [record.rec_type for record in ArchiveIterator(io.BytesIO(files["evidence.warc.gz"]))]
    assert kinds == ["warcinfo", "response", "metadata", "response", "metadata"]
    decisions = [json.loads(line) for line in files["decisions.jsonl"].splitlines()]
    assert {decision["kind"] for decision in decisions[0]["decisions"]} == {"new", "edited"}


def test_packets_of_one_archive_differ_in_the_time_of_writing_alone(newsroom: Path, alert_id: str) -> None:
    one, other = built(newsroom, alert_id), built(newsroom, alert_id)
    assert one == other
    assert packet.zipped(one) == packet.zipped(other)
    later = built(newsroom, alert_id, NOW + HOUR)
    assert {name for name in FILES if later[name] != one[name]} == {"manifest.json", "SHA256SUMS"}


def test_the_command_line_exports_and_verifies(
    newsroom: Path, alert_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = str(newsroom / "vigie.toml")
    monkeypatch.chdir(tmp_path)
    assert run_command_line(["-c", config, "export", "evidence", alert_id]) == 0
    assert run_command_line(["-c", config, "export", "evidence", alert_id, "--output", "folder"]) == 0
    assert run_command_line(["-c", config, "export", "evidence", alert_id, "--output", "folder"]) == 2
    assert "nothing is overwritten" in capsys.readouterr().err
    for name in (f"{alert_id}.zip", "folder"):
        # A configuration that cannot be read must not matter.
        assert run_command_line(["-c", "none.toml", "verify", name]) == 0
        assert f"alert {alert_id}, 8 files, 2 pages" in capsys.readouterr().out
    assert {path.name for path in (tmp_path / "folder").iterdir()} == FILES
    (tmp_path / "folder" / "alert.json").write_bytes(b"{}")
    assert run_command_line(["verify", "folder", "--json"]) == 1
    verdict = json.loads(capsys.readouterr().out)
    assert any(problem.startswith("alert.json:") for problem in verdict["problems"])
    assert run_command_line(["verify", "nowhere"]) == 2


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["export", "evidence"], 2),
        (["export", "evidence", "alr_none"], 1),
        (["export", "articles", "alr_none"], 2),
        (["export", "alerts", "--output", "x"], 2),
    ],
)
def test_wrong_calls_are_refused(newsroom: Path, arguments: list[str], code: int) -> None:
    assert run_command_line(["-c", str(newsroom / "vigie.toml"), *arguments]) == code


def test_sha256sum_verifies_a_packet(files: dict[str, bytes], tmp_path: Path) -> None:
    packet.write(files, tmp_path / "p")
    command = ["sha256sum", "--check", "--strict", "SHA256SUMS"]
    assert subprocess.run(command, cwd=tmp_path / "p", capture_output=True, check=False).returncode == 0


def problems(files: dict[str, bytes], folder: Path) -> tuple[str, ...]:
    packet.write(files, folder)
    return verify(folder).problems


def test_a_changed_byte_in_any_file_is_named(files: dict[str, bytes], tmp_path: Path) -> None:
    chance = random.Random(7)
    for name, data in files.items():
        places = {0, len(data) - 1, *(chance.randrange(len(data)) for _ in range(12))} if data else set()
        for place in places:
            changed = bytearray(data)
            changed[place] ^= 1 << chance.randrange(8)
            found = problems({**files, name: bytes(changed)}, tmp_path / f"{name}-{place}")
            # A changed name in the list of hashes is a file that is missing and one too many.
            assert found if name == "SHA256SUMS" else any(name in problem for problem in found), (name, place)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_changed_byte_anywhere_in_the_archive_is_found(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    packed = bytearray(packet.zipped(packet.seal(SMALL, {"alert": "alr"})))
    target = tmp_path_factory.getbasetemp() / "changed.zip"
    target.write_bytes(packed)
    assert verify(target).problems == ()
    place = data.draw(st.integers(0, len(packed) - 1))
    packed[place] ^= 1 << data.draw(st.integers(0, 7))
    target.write_bytes(packed)
    assert verify(target).problems


SMALL = {"alert.json": b"{}", "articles.jsonl": b"{}\n", "evidence.warc.gz": b""}


def test_missing_added_and_renamed_files_are_named(files: dict[str, bytes], tmp_path: Path) -> None:
    for name in FILES:
        found = problems({key: data for key, data in files.items() if key != name}, tmp_path / f"no-{name}")
        assert any(name in problem for problem in found)
    assert problems({**files, "extra.txt": b"x"}, tmp_path / "extra")[0].startswith("extra.txt: is in no list")
    packet.write(files, tmp_path / "linked")
    (tmp_path / "linked" / "link").symlink_to("/etc/passwd")
    assert verify(tmp_path / "linked").problems == ("link: is no plain file",)


def test_a_page_whose_digest_lies_is_found_even_when_the_lists_were_made_anew(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    members = packed_members(files["evidence.warc.gz"])
    forged = b"".join(gzip.compress(member.replace(b"quarante-huit", b"soixante-huit")) for member in members)
    inside = {name: data for name, data in files.items() if name not in {"manifest.json", "SHA256SUMS"}}
    manifest = json.loads(files["manifest.json"])
    about = {key: value for key, value in manifest.items() if key not in {"format", "files"}}
    resealed = packet.seal({**inside, "evidence.warc.gz": forged}, about)
    found = problems(resealed, tmp_path / "forged")
    assert all(problem.startswith("evidence.warc.gz:") for problem in found)
    assert any("does not have the digest it states" in problem for problem in found)
    assert any("exactly the captures" in problem for problem in found)


def packed_members(data: bytes) -> list[bytes]:
    members = []
    while data:
        reader = zlib.decompressobj(31)
        members.append(reader.decompress(data))
        data = reader.unused_data
    return members


@pytest.mark.parametrize(
    "name", ["../evil", "/etc/passwd", "a/b", "..", "C:\\x", "nul\x00byte", ".hidden", "a" * 200, "sub/../../x"]
)
def test_names_that_lead_elsewhere_are_refused_unread(files: dict[str, bytes], tmp_path: Path, name: str) -> None:
    target = tmp_path / "hostile.zip"
    with zipfile.ZipFile(target, "w") as archive:
        for key, data in {**files, name: b"x"}.items():
            archive.writestr(key, data)
    assert verify(target).problems
    assert [path.name for path in tmp_path.iterdir()] == ["hostile.zip"]


def test_an_archive_that_unpacks_without_end_is_refused_unread(tmp_path: Path) -> None:
    target = tmp_path / "bomb.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("alert.json", b"\x00" * 50_000_000)
    assert any("not stored as packets store files" in problem for problem in verify(target).problems)
    target.write_bytes(b"PK no archive")
    assert any("no ZIP archive" in problem for problem in verify(target).problems)


def test_a_packet_made_anew_by_another_tool_asks_to_be_unpacked(files: dict[str, bytes], tmp_path: Path) -> None:
    target = tmp_path / "again.zip"
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    (problem,) = verify(target).problems
    assert "unpack it and verify the folder" in problem


def test_an_alert_without_a_kept_page_has_a_packet_all_the_same(tmp_path: Path) -> None:
    assert run_command_line(["init", str(tmp_path)]) == 0
    chosen = load(tmp_path / "vigie.toml")
    database = open_writer(chosen.data_dir)
    pipeline = build_pipeline(service_settings(chosen), instance_id(database))
    with transaction(database):
        sources.sync(database, chosen.sources, NOW)
        pipeline.process(database, REPORT, key=REPORT.url, now=NOW)
    (alert,) = alerts.recent(database)
    sealed = packing.build(database, alert.id, now=NOW, version="0.1.0")
    database.conn.close()
    assert problems(sealed, tmp_path / "packet") == ()
    assert verify(tmp_path / "packet").pages == 0


def test_explain_tells_what_happened_to_an_article(newsroom: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["-c", str(newsroom / "vigie.toml"), "explain", "2"]) == 0
    shown = capsys.readouterr().out
    assert "2026-03-10 11:00 edited (the page does not date it): + recall_ambassador FRA → MLI, asserted" in shown


def test_the_packet_of_an_alert_reads_as_json_throughout(files: dict[str, bytes]) -> None:
    for name, data in files.items():
        if name.endswith(".jsonl"):
            records: list[Any] = [json.loads(line) for line in data.splitlines()]
            assert all(isinstance(record, dict) for record in records)
