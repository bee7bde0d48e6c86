"""What the crawler asks for, what it connects to, and how fast."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.guard import GuardedConnector, is_allowed_literal, url_refusal
from crawler.pace import MAX_CRAWL_DELAY, MAX_WAIT, excess_wait, pace_of, slowed
from crawler.settings import CrawlerSettings
from storage.egress import EgressPolicy, refusal_in

LOCAL = CrawlerSettings(user_agent="Vigie/1", allow_cidrs=("127.0.0.0/8", "10.1.0.0/16"))


@pytest.mark.parametrize(
    "url",
    [
        "https://journal.example/a",
        "http://journal.example:8080/a?b=c#d",
        "http://127.0.0.1/",
        "http://[2606:4700::1111]/",
        "https://présse.example/été",
    ],
)
def test_ordinary_address_is_asked(url: str) -> None:
    assert url_refusal(url) is None


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/a",
        "//journal.example/a",
        "file:///etc/passwd",
        "ftp://journal.example/",
        "javascript:alert(1)",
        "data:text/html,x",
        "gopher://journal.example/",
        "http://",
        "http:///a",
        "http://:80/",
        "http://journal.example:0/",
        "http://journal.example:99999/",
        "http://journal.example:x/",
        "http://[::1/",
        "http://user@journal.example/",
        "http://user:secret@journal.example/",
        "http://journal.example\\@127.0.0.1/",
        "http://journal.example/\r\nHost: a",
        "http://journal.example/a b",
        "http://journal.example/\x00",
        "http://journal.example/\ud800",
        " http://journal.example/",
        "http://journal.example/" + "a" * 5000,
    ],
)
def test_odd_address_is_refused_with_a_reason(url: str) -> None:
    reason = url_refusal(url)
    assert reason
    assert "secret" not in reason
    assert len(reason) < 400


@given(st.text())
def test_any_text_is_judged(url: str) -> None:
    url_refusal(url)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.9:8080", "localhost", "LOCALHOST.", "10.1.2.3"])
def test_own_literals_are_known(host: str) -> None:
    assert is_allowed_literal(f"http://{host}/", LOCAL.policy)


@pytest.mark.parametrize("host", ["10.2.0.1", "journal.example", "localhost.example", "[::1]", "8.8.8.8"])
def test_other_hosts_are_not_own(host: str) -> None:
    assert not is_allowed_literal(f"http://{host}/", LOCAL.policy)


class Names:
    """A resolver that gives prepared answers, the next one each time."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[dict[str, Any]]:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [
            {"hostname": host, "host": ip, "port": port, "family": socket.AF_INET, "proto": 0, "flags": 0}
            for ip in answer
        ]

    async def close(self) -> None:
        """Nothing to close."""


async def ask(policy: EgressPolicy, names: Names, *, times: int = 1) -> tuple[int, list[BaseException]]:
    """Ask a local server through the guard; return how often it was reached, and the errors."""
    reached = 0

    async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal reached
        reached += 1
        writer.write(b"HTTP/1.1 204 X\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(count, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    policy = EgressPolicy(allow_cidrs=policy.allow_cidrs, ports=frozenset({80, 443, port}))
    connector = GuardedConnector(policy, limit=10, through_proxy=False, max_body=1000)
    await connector._resolver.close()
    connector._resolver = names  # type: ignore[assignment]
    connector._use_dns_cache = False
    errors: list[BaseException] = []
    timeout = aiohttp.ClientTimeout(total=1)
    async with server, aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        for _ in range(times):
            try:
                async with session.get(f"http://journal.example:{port}/"):
                    pass
            except (aiohttp.ClientError, TimeoutError) as error:
                errors.append(error)
    return reached, errors


async def test_name_of_a_forbidden_address_is_not_connected_to() -> None:
    reached, errors = await ask(EgressPolicy(), Names(["127.0.0.1"]))
    assert reached == 0
    assert refusal_in(errors[0])


async def test_one_forbidden_answer_among_several_is_enough() -> None:
    reached, errors = await ask(EgressPolicy(allow_cidrs=("127.0.0.1/32",)), Names(["127.0.0.1", "10.0.0.1"]))
    assert reached == 0
    assert refusal_in(errors[0])


async def test_name_that_changes_its_address_gains_nothing() -> None:
    policy = EgressPolicy(allow_cidrs=("127.0.0.2/32",))
    reached, errors = await ask(policy, Names(["127.0.0.2"], ["127.0.0.1"]), times=3)
    assert reached == 0
    assert [bool(refusal_in(error)) for error in errors] == [False, True, True]


async def test_allowed_name_is_connected_to() -> None:
    assert await ask(EgressPolicy(allow_cidrs=("127.0.0.0/8",)), Names(["127.0.0.1"])) == (1, [])


# --- pace --------------------------------------------------------------------------------------------


def test_public_host_gets_one_request_in_two_seconds() -> None:
    pace = pace_of("https://Journal.example./a", LOCAL)
    assert (pace.slot, pace.delay, pace.concurrency) == ("journal.example", 2.0, 1)
    assert pace_of("http://journal.example:8080/b", LOCAL).slot == pace.slot


def test_own_machines_are_not_slowed_and_told_apart_by_port() -> None:
    pace = pace_of("http://127.0.0.1:8001/a", LOCAL)
    assert (pace.slot, pace.delay) == ("127.0.0.1:8001", 0.0)
    assert pace_of("http://127.0.0.1:8002/a", LOCAL).slot != pace.slot


def test_configured_delay_holds_everywhere() -> None:
    settings = CrawlerSettings(user_agent="Vigie/1", allow_cidrs=("127.0.0.0/8",), delay_seconds=5.0)
    assert pace_of("https://journal.example/", settings).delay == 5.0
    assert pace_of("http://127.0.0.1/", settings).delay == 5.0


@pytest.mark.parametrize(
    ("asked", "delay"),
    [(None, 2.0), (1.0, 2.0), (2.0, 2.0), (30.0, 30.0), (3600.0, MAX_CRAWL_DELAY), (float("nan"), 2.0), (-1.0, 2.0)],
)
def test_crawl_delay_only_slows_and_within_reason(asked: float | None, delay: float) -> None:
    assert slowed(pace_of("https://journal.example/", LOCAL), asked).delay == delay


def test_queue_that_is_too_long_says_how_long() -> None:
    assert excess_wait(0, MAX_CRAWL_DELAY) is None
    assert excess_wait(1000, 0.0) is None
    assert excess_wait(45, 2.0) is None
    assert excess_wait(46, 2.0) == 92.0
    assert excess_wait(2, 60.0) == 120.0
    assert MAX_WAIT == 90.0
