"""``sources add``, ``import-opml`` and ``export-opml`` against a small press on loopback, and the file they change."""

from __future__ import annotations

import json
import stat
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web

from storage.types import Source
from tests.world import World, vigie
from vigie import sourcefile
from vigie.errors import VigieError
from vigie.settings import load
from vigie.sourcefile import identifier, table_of

TEXT = [
    "La crue du Niger est arrivée cette année avec trois semaines de retard sur le calendrier des pêcheurs de Mopti."
] * 3


@pytest.fixture
def world() -> Iterator[World]:
    with World() as press:
        outlet = press.outlets[0]
        for number in range(7):
            outlet.publish(
                f"le-fleuve-est-haut-a-mopti-{number}",
                f"Le fleuve est haut à Mopti, jour {number}",
                TEXT,
                datetime.now(UTC),
            )
        outlet.files["/"] = (
            "<!doctype html><html lang='fr'><head><title>Le Fleuve - accueil</title>"
            "<link rel='alternate' type='application/rss+xml' title='À la une' href='/feed.xml'></head></html>"
        )
        yield press


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "vigie.toml"
    path.write_text(
        '# ma veille, à ne pas perdre\n[service]\ndata_dir = "data"  # ici\n'
        "[network]\nallow_cidrs = ['127.0.0.0/8']\n"
        '[[source]]\nid = "autre"\nfeeds = ["https://autre.example/rss"]',
        encoding="utf-8",
    )
    path.chmod(0o640)
    return path


def added(config: Path) -> list[dict[str, object]]:
    tables: list[dict[str, object]] = tomllib.loads(config.read_text("utf-8"))["source"]
    return tables[1:]


def test_home_page_is_added_with_its_feed_and_a_preview(world: World, config: Path) -> None:
    before = config.read_text("utf-8")
    base = world.outlets[0].base
    shown = vigie("-c", config, "sources", "add", f"{base}/")
    assert shown.returncode == 1, shown.stderr
    assert "nothing was saved" in shown.stdout
    assert shown.stdout.count("Le fleuve est haut à Mopti, jour") == 5
    assert "La crue du Niger" in shown.stdout
    assert config.read_text("utf-8") == before

    result = vigie("-c", config, "sources", "add", f"{base}/", "--yes", "--id", "fleuve")
    assert result.returncode == 0, result.stderr
    assert config.read_text("utf-8").startswith(before), "what a person wrote stays as it is"
    assert added(config) == [
        {"id": "fleuve", "name": "Le Fleuve", "url": f"{base}/", "feeds": [f"{base}/feed.xml"], "language": "fr"}
    ]
    assert stat.S_IMODE(config.stat().st_mode) == 0o640
    again = vigie("-c", config, "sources", "add", f"{base}/", "--yes", "--id", "fleuve-2")
    assert again.returncode == 2
    assert "is read already" in again.stderr
    checked = vigie("-c", config, "sources", "check", "fleuve", "--json")
    assert json.loads(checked.stdout)["entries"] == 7

    async def moved(_request: web.Request) -> web.StreamResponse:
        world.outlets[0].files["/rss.xml"] = world.outlets[0].feed().encode()
        raise web.HTTPPermanentRedirect("/rss.xml")

    world.outlets[0].fault = moved
    row = json.loads(vigie("-c", config, "sources", "check", "fleuve", "--json").stdout)
    assert (row["ok"], row["moved_to"]) == (True, f"{base}/rss.xml")
    assert "change the address" in row["detail"]


def test_json_tells_what_was_found_and_saves_only_when_told(world: World, config: Path) -> None:
    base = world.outlets[0].base
    told = json.loads(vigie("-c", config, "sources", "add", f"{base}/feed.xml", "--json").stdout)
    assert told["saved"] is False
    assert told["source"]["feeds"] == [f"{base}/feed.xml"]
    assert len(told["preview"]) == 5
    assert told["preview"][0]["published"]
    assert added(config) == []
    assert (
        json.loads(vigie("-c", config, "sources", "add", f"{base}/feed.xml", "--json", "--yes").stdout)["saved"] is True
    )
    assert len(added(config)) == 1


def test_page_without_feed_is_taken_as_a_section_else_by_convention(world: World, config: Path) -> None:
    outlet = world.outlets[0]
    links = "".join(f"<h2><a href='/{slug}.html'>{title}</a></h2>" for slug, (title, _) in outlet.pages.items())
    outlet.files["/afrique/"] = f"<html><body><main>{links}</main></body></html>"
    result = vigie("-c", config, "sources", "add", f"{outlet.base}/afrique/", "--yes", "--id", "section")
    assert result.returncode == 0, result.stderr
    assert added(config)[0]["sections"] == [f"{outlet.base}/afrique/"]
    outlet.files["/"] = "<html><body><p>Bienvenue</p></body></html>"
    found = vigie("-c", config, "sources", "add", f"{outlet.base}/", "--yes", "--id", "usual")
    assert found.returncode == 0, found.stderr
    assert "Nothing is declared" in found.stdout
    assert added(config)[1]["feeds"] == [f"{outlet.base}/feed.xml"]


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("file:///etc/passwd", "only http and https"),
        ("http://10.1.2.3/", "10.1.2.3"),
        ("http://127.0.0.1:9/", "cannot be read"),
    ],
)
def test_address_that_cannot_be_asked_is_refused(config: Path, url: str, told: str) -> None:
    result = vigie("-c", config, "sources", "add", url, "--yes")
    assert result.returncode == 2
    assert told in result.stderr
    assert added(config) == []


def test_opml_goes_in_and_out(config: Path, tmp_path: Path) -> None:
    listed = tmp_path / "feeds.opml"
    listed.write_text(
        '<opml version="2.0"><body>\n<outline text="Sahel" xmlUrl="https://sahel.example/feed"/>\n'
        '<outline text="Autre" xmlUrl="https://autre.example/rss"/>\n<outline text="x" xmlUrl="file:///x"/></body></opml>',
        encoding="utf-8",
    )
    dry = vigie("-c", config, "sources", "import-opml", listed, "--dry-run")
    assert (dry.returncode, added(config)) == (1, [])
    assert "[[source]]" in dry.stdout
    result = vigie("-c", config, "sources", "import-opml", listed)
    assert result.returncode == 1
    assert f"{listed}:4: refused" in result.stderr
    assert [source["id"] for source in added(config)] == ["sahel"]
    out = vigie("-c", config, "sources", "export-opml")
    assert 'xmlUrl="https://sahel.example/feed"' in out.stdout
    assert 'xmlUrl="https://autre.example/rss"' in out.stdout


# --- the file --------------------------------------------------------------------------------------

SOURCE = Source(
    id="fleuve", name='Le "Fleuve" \\ d\'été\x07', url="https://fleuve.example/", feeds=("https://fleuve.example/rss",)
)


def test_table_is_toml_whatever_the_name_holds() -> None:
    table = tomllib.loads(table_of(SOURCE))["source"][0]
    assert table["name"] == 'Le "Fleuve" \\ d\'été'


@pytest.mark.parametrize("end", ["", "\n", "\n\n", "\r\n"])
def test_appended_text_is_a_table_of_its_own(config: Path, end: str) -> None:
    config.write_bytes(config.read_bytes() + end.encode())
    before = config.read_bytes()
    sourcefile.add(load(config), config, [SOURCE])
    assert config.read_bytes().startswith(before)
    assert [source.id for source in load(config).sources] == ["autre", "fleuve"]
    assert not [path for path in config.parent.iterdir() if path.name.startswith(".vigie.toml")]


def test_what_would_not_load_is_not_written(config: Path) -> None:
    before = config.read_bytes()
    with pytest.raises(VigieError, match="language"):
        sourcefile.add(
            load(config),
            config,
            [Source(id="x", name="X", url="https://x.example/", feeds=("https://x.example/f",), language="français")],
        )
    assert config.read_bytes() == before


def test_duplicates_are_refused(config: Path) -> None:
    settings = load(config)
    twice = Source(id="autre", name="A", url="https://a.example/", feeds=("https://a.example/f",))
    with pytest.raises(VigieError, match="there is a source 'autre' already"):
        sourcefile.add(settings, config, [twice])
    with pytest.raises(VigieError, match="there is a source 'fleuve' already"):
        sourcefile.add(settings, config, [SOURCE, SOURCE])


def test_ids_come_from_the_host() -> None:
    assert identifier("Le Fleuve", "https://www.le-fleuve.ml/", ()) == "le-fleuve"
    assert identifier("Le Fleuve", "http://127.0.0.1:8000/", ()) == "le-fleuve"
    assert identifier("«»", "http://127.0.0.1/", {"source"}) == "source-2"
    assert identifier("x", "https://bbc.co.uk/", {"bbc-co", "bbc-co-2"}) == "bbc-co-3"
