"""Starting the service: who is refused, and with what."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from storage.folder import ownership
from tests.world import vigie
from vigie.commands import OWNED


def test_second_service_hears_who_owns_the_archive_though_the_port_is_taken_as_well(tmp_path: Path) -> None:
    config = tmp_path / "vigie.toml"
    with socket.socket() as taken, ownership(tmp_path / "data"):
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        listen = f'listen = "127.0.0.1:{taken.getsockname()[1]}"'
        config.write_text(f'[service]\ndata_dir = "data"\n{listen}\ncatalogue = false\n', encoding="utf-8")
        refused = vigie("-c", config, "run")
    assert refused.returncode == OWNED, refused.stderr
    assert str(os.getpid()) in refused.stderr
