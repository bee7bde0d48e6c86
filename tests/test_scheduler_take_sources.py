"""Sources that are added while the service runs are read from then on."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from scheduler.archive import Archive
from scheduler.service import Service, ports_of
from storage import sources
from storage.types import Source
from vigie.running import service_settings
from vigie.settings import parse_settings

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
FILE = """
[service]
data_dir = "data"
[[source]]
id = "soir"
name = "Le Soir"
url = "https://soir.example:8443/"
feeds = ["https://soir.example:8443/rss.xml"]
"""


def outlet(source_id: str, port: str = "") -> Source:
    home = f"https://{source_id}.example{port}/"
    return Source(id=source_id, name=source_id, url=home, feeds=(f"{home}rss.xml",))


async def test_a_source_is_due_once_it_is_added_but_for_ports_nobody_knows(tmp_path: Path) -> None:
    settings = service_settings(parse_settings(FILE, None, tmp_path, with_secrets=False))
    settings.data_dir.mkdir(exist_ok=True)
    service = Service(settings, clock=lambda: NOW)
    service.archive = Archive(settings.data_dir)
    await service.archive.open()
    try:
        await service.archive.write(sources.sync, settings.sources, NOW)
        await service.take_sources([outlet("fleuve"), outlet("known", ":8443"), outlet("own", ":8080")])
        assert sorted(await service.archive.read(sources.due, NOW)) == ["fleuve", "known", "soir"]
        assert [source.id for source in service.settings.sources] == ["soir", "fleuve", "known"]
    finally:
        await service.archive.close()


def test_usual_ports_are_none_of_its_own() -> None:
    assert ports_of(outlet("a")) == set()
    assert ports_of(outlet("a", ":443")) == set()
    assert ports_of(outlet("a", ":8080")) == {8080}
