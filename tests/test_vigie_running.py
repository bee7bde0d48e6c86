"""Starting the service: who is refused, and with what."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from storage.errors import AlreadyOwnedError
from storage.folder import ownership
from vigie.running import run_service
from vigie.settings import parse_settings


async def test_second_service_hears_who_owns_the_archive_though_the_port_is_taken_as_well(tmp_path: Path) -> None:
    with socket.socket() as taken, ownership(tmp_path / "data"):
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        text = f'[service]\ndata_dir = "data"\nlisten = "127.0.0.1:{taken.getsockname()[1]}"\ncatalogue = false\n'
        with pytest.raises(AlreadyOwnedError, match=str(os.getpid())):
            await run_service(parse_settings(text, None, tmp_path))
