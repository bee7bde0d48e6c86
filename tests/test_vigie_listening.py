"""Where the page may listen, and TLS of its own."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from review import server
from review.server import Tls, open_listener, serve
from storage import accounts
from storage.database import open_writer, transaction
from tests.accounts import hashed
from tests.certificates import write_certificates
from tests.outbox_fill import NOW
from tests.test_review_server import hello
from vigie.commands import USAGE, run_command_line
from vigie.errors import ConfigurationError
from vigie.listening import Listening, Refusal, judge
from vigie.settings import parse_settings

ELSEWHERE = Listening(host="192.0.2.1")
TLS = Tls(certificate=Path("chain.pem"))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10", "localhost", "::1"])
def test_on_this_machine_nothing_is_asked_for(host: str) -> None:
    assert judge(Listening(host=host), accounts=False) is None


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "10.0.0.1", "2001:db8::1", "vigie.example", "fe80::1"])
def test_elsewhere_only_over_tls_and_with_an_account(host: str) -> None:
    plain = Listening(host=host, named=True)
    assert judge(plain, accounts=True) is Refusal.PLAIN
    for secure in (replace(plain, behind_tls=True), replace(plain, tls=TLS)):
        assert judge(secure, accounts=False) is Refusal.NO_ACCOUNT
        assert judge(secure, accounts=True) is None


def test_who_takes_every_address_says_by_which_name_people_come() -> None:
    assert judge(Listening(host="::", behind_tls=True), accounts=True) is Refusal.NAMELESS
    assert judge(replace(ELSEWHERE, behind_tls=True), accounts=True) is None


def test_the_service_does_not_start_to_listen_before_all_is_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "vigie.toml"
    file.write_text(
        '[service]\ndata_dir = "data"\nlisten = "0.0.0.0:0"\npublic_url = "https://vigie.example"\n', "utf-8"
    )
    started: list[object] = []

    async def run(settings: object) -> int:
        started.append(settings)
        return 0

    monkeypatch.setattr("vigie.running.run_service", run)

    def refusal(*options: str) -> str:
        assert run_command_line(["-c", str(file), "run", *options]) == USAGE
        return capsys.readouterr().err

    assert "vigie.toml:3: service.listen: '0.0.0.0' is reachable from elsewhere, where the login needs TLS" in refusal()
    assert "'vigie user add NAME'" in refusal("--behind-tls")
    database = open_writer(tmp_path / "data")
    with transaction(database):
        accounts.add(database, "Awa", None, hashed(), NOW)
    database.conn.close()
    assert "needs TLS" in refusal()
    assert not started
    assert run_command_line(["-c", str(file), "run", "--behind-tls"]) == 0
    assert len(started) == 1


def write_pair(folder: Path) -> tuple[Path, Path]:
    write_certificates(folder, "127.0.0.1")
    certificate, _, key = (folder / "sound.pem").read_text("utf-8").partition("-----BEGIN PRIVATE KEY-----")
    (folder / "chain.pem").write_text(certificate, "utf-8")
    (folder / "key.pem").write_text(f"-----BEGIN PRIVATE KEY-----{key}", "utf-8")
    (folder / "key.pem").chmod(0o600)
    return folder / "chain.pem", folder / "key.pem"


def problem(folder: Path, text: str) -> str:
    with pytest.raises(ConfigurationError) as found:
        parse_settings(f"[service]\n{text}\n", None, folder)
    return str(found.value)


def test_a_certificate_that_cannot_be_used_is_told_at_once(tmp_path: Path) -> None:
    chain, key = write_pair(tmp_path)
    assert "service.key_file: a key needs its certificate" in problem(tmp_path, f'key_file = "{key.name}"')
    assert "is not there" in problem(tmp_path, 'certificate = "none.pem"')
    key.chmod(0o644)
    both = f'certificate = "{chain.name}"\nkey_file = "{key.name}"'
    assert "can be read by everybody" in problem(tmp_path, both)
    key.chmod(0o600)
    assert parse_settings(f"[service]\n{both}\n", None, tmp_path).public_url == "https://127.0.0.1:8470"
    chain.write_text("no certificate", "utf-8")
    assert "service.certificate: cannot be used" in problem(tmp_path, both)
    assert "service.trusted_proxies: 'proxy.example' is not" in problem(tmp_path, 'trusted_proxies = ["proxy.example"]')


@asynccontextmanager
async def speaking_tls(folder: Path) -> AsyncIterator[tuple[int, ssl.SSLContext]]:
    """Serve over TLS; give the port, and a context that trusts the certificate."""
    chain, key = write_pair(folder)
    stop, port = asyncio.Event(), asyncio.get_running_loop().create_future()
    listener = await open_listener("127.0.0.1", 0)
    serving = asyncio.create_task(
        serve(hello, listener, stop, tls=Tls(certificate=chain, key=key), on_listening=port.set_result)
    )
    yield await asyncio.wait_for(port, 5), ssl.create_default_context(cafile=str(folder / "authority.pem"))
    stop.set()
    await asyncio.wait_for(serving, 5)


async def test_the_page_speaks_tls_with_a_certificate_of_its_own(tmp_path: Path) -> None:
    async with speaking_tls(tmp_path) as (port, context):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
        writer.write(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        answer = await asyncio.wait_for(reader.read(), 5)
        writer.close()
    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.endswith(b"ok")


async def test_a_handshake_that_never_comes_is_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "HANDSHAKE_DEADLINE", 0.2)
    async with speaking_tls(tmp_path) as (port, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert await asyncio.wait_for(reader.read(), 5) == b""
        writer.close()
