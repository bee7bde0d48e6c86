"""Whatever a server does, it ends in a named failure, in time, and nobody else notices.

A real crawler process is let loose on the hostile press (``tests/hostile.py``) once; each test looks at one
fault of that campaign. Deadlines are shortened, sizes are those of the service.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio

from crawler.client import ClientLimits, CrawlerProcess
from crawler.pool import CLOCK_FACTOR
from crawler.settings import CrawlerSettings
from storage.types import FailureReason, FetchOrder, FetchResult
from tests.hostile import BOMBS, BROKEN, ENDLESS, FAULTS, MONSTERS, SOUND, Fault, HostilePress
from tests.hostile_bodies import TOKEN
from tests.processes import MEBIBYTE, descendants, forget_peak, peak, resident

pytestmark = pytest.mark.asyncio(loop_scope="module")

TIMEOUT = 2.5
QUICK, SLOW = 1.0, 2.0
#: seconds that a busy machine may add to a deadline
SLACK = 1.0
SETTINGS = CrawlerSettings(
    user_agent="Vigie/0.1 (+https://vigie.invalid/contact)",
    allow_cidrs=("127.0.0.0/8",),
    timeout_seconds=TIMEOUT,
    workers=2,
    quick_seconds=QUICK,
    extraction_seconds=SLOW,
)
_ids = itertools.count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one order ended."""

    result: FetchResult
    seconds: float

    @property
    def reason(self) -> FailureReason | None:
        return self.result.failure.reason if self.result.failure else None


@dataclass(slots=True, kw_only=True)
class Campaign:
    """What came of all faults, and what was measured meanwhile."""

    faults: dict[str, Outcome] = field(default_factory=dict)
    #: what an outlet where nothing is wrong got to feel
    sound: list[Outcome] = field(default_factory=list)
    #: largest resident memory of the crawler process while it met bombs and endless answers
    crawler_peak: int = 0
    #: what all bombs at once took
    crawler_peak_at_once: int = 0
    #: largest resident memory of any extraction process
    worker_peak: int = 0
    #: how much the owner's memory grew
    owner_growth: int = 0
    starts: int = 0
    ledger: dict[str, Any] = field(default_factory=dict)


@pytest.fixture(scope="module")
def press(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostilePress]:
    with HostilePress(tmp_path_factory.mktemp("press")) as press:
        yield press


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def crawler(press: HostilePress) -> AsyncIterator[CrawlerProcess]:
    with pytest.MonkeyPatch.context() as patch:
        # The authority of the sound certificate is trusted, so that the others fail for their own faults.
        patch.setenv("SSL_CERT_FILE", str(press.folder / "authority.pem"))
        process = CrawlerProcess(SETTINGS, limits=ClientLimits(order_seconds=60.0))
        await process.start()
        yield process
        await process.stop()


async def fetch(crawler: CrawlerProcess, url: str, source: str = "hostile") -> Outcome:
    start = time.monotonic()
    result = await crawler.fetch(FetchOrder(id=f"f{next(_ids)}", source_id=source, url=url))
    return Outcome(result=result, seconds=time.monotonic() - start)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def campaign(crawler: CrawlerProcess, press: HostilePress) -> Campaign:
    """Meet every fault once: bombs one by one and all at once, then everything else together."""
    found = Campaign()
    await fetch(crawler, f"{press.sound}/article", "sound")
    assert crawler.pid is not None
    forget_peak("self")
    before = resident(os.getpid())
    meanwhile = asyncio.create_task(_meanwhile(found, crawler, press))
    forget_peak(crawler.pid)
    for fault in BOMBS + ENDLESS:
        found.faults[fault.name] = await fetch(crawler, press.url(fault.path))
    found.crawler_peak = peak(crawler.pid)
    forget_peak(crawler.pid)
    await asyncio.gather(*(fetch(crawler, press.url(fault.path)) for fault in BOMBS + ENDLESS))
    found.crawler_peak_at_once = peak(crawler.pid)
    # Its own host would ask two at a time of a source at most.
    two = asyncio.Semaphore(2)
    rest = [fault for fault in FAULTS if fault.name not in found.faults]
    await asyncio.gather(*(_meet(found, crawler, press, fault, two) for fault in rest))
    meanwhile.cancel()
    found.owner_growth = peak("self") - before
    found.starts = crawler.starts
    found.ledger = press.ledger()
    return found


async def _meet(
    found: Campaign, crawler: CrawlerProcess, press: HostilePress, fault: Fault, two: asyncio.Semaphore
) -> None:
    if fault in MONSTERS:
        async with two:
            found.faults[fault.name] = await fetch(crawler, press.url(fault.path), "monsters")
    else:
        found.faults[fault.name] = await fetch(crawler, press.url(fault.path), fault.name)


async def _meanwhile(found: Campaign, crawler: CrawlerProcess, press: HostilePress) -> None:
    """Read a sound outlet again and again, and watch the extraction processes."""
    while True:
        found.sound.append(await fetch(crawler, f"{press.sound}/article", "sound"))
        assert crawler.pid is not None
        workers = descendants(crawler.pid) - {crawler.pid}
        found.worker_peak = max(found.worker_peak, *map(resident, workers))
        await asyncio.sleep(0.1)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.row}-{fault.name}")
async def test_fault_ends_by_name_and_in_time(campaign: Campaign, fault: Fault) -> None:
    outcome = campaign.faults[fault.name]
    assert outcome.reason in fault.reasons, outcome.result.failure
    if outcome.result.failure is not None:
        assert outcome.result.failure.detail
        assert outcome.result.article is None
        assert outcome.result.evidence is None
    allowed = TIMEOUT
    if fault in MONSTERS:
        # The quick lane, then the slow one after the other page of this source.
        allowed += CLOCK_FACTOR * (QUICK + 2 * SLOW)
    assert outcome.seconds < allowed + SLACK


async def test_crawler_process_survives_everything(campaign: Campaign) -> None:
    assert campaign.starts == 1


async def test_bombs_and_endless_answers_take_little_memory(campaign: Campaign) -> None:
    assert campaign.crawler_peak <= 256 * MEBIBYTE
    assert campaign.crawler_peak_at_once <= 512 * MEBIBYTE


async def test_owner_hardly_notices(campaign: Campaign) -> None:
    assert campaign.owner_growth <= 32 * MEBIBYTE


async def test_monstrous_pages_stay_within_their_process(campaign: Campaign) -> None:
    assert campaign.worker_peak <= 512 * MEBIBYTE


async def test_sound_outlet_is_read_all_the_while(campaign: Campaign) -> None:
    assert len(campaign.sound) > 20
    assert {outcome.reason for outcome in campaign.sound} == {None}
    # Until its source is known as slow, a monster may hold up a quick lane.
    assert max(outcome.seconds for outcome in campaign.sound) < CLOCK_FACTOR * QUICK + 2 * SLACK
    usual = sorted(outcome.seconds for outcome in campaign.sound)[len(campaign.sound) // 2]
    assert usual < SLACK


async def test_redirects_end_after_five_hops(campaign: Campaign) -> None:
    hits = campaign.ledger["hits"]
    assert (hits["/hop-1"], hits["/hop-5"], hits.get("/hop-6", 0)) == (1, 1, 0)
    assert hits["/loop"] == 6


async def test_refresh_is_not_followed(campaign: Campaign) -> None:
    assert "/followed" not in campaign.ledger["hits"]


@pytest.mark.parametrize("fault", BROKEN, ids=lambda fault: fault.name)
async def test_nothing_is_kept_of_half_an_answer(campaign: Campaign, fault: Fault) -> None:
    result = campaign.faults[fault.name].result
    assert TOKEN not in repr(result)


async def test_no_session_crosses_to_another_origin(crawler: CrawlerProcess, press: HostilePress) -> None:
    for _ in range(2):
        assert (await fetch(crawler, press.url("/across"))).reason is None
    for request in press.ledger()["requests"]:
        headers = {line.partition(":")[0].lower() for line in request.splitlines()[1:]}
        assert not headers & {"cookie", "authorization", "proxy-authorization", "referer"}, request


# --- TLS ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["self-signed", "expired", "wrong-host"])
async def test_certificate_that_proves_nothing_is_refused(
    crawler: CrawlerProcess, press: HostilePress, fault: str
) -> None:
    outcome = await fetch(crawler, f"https://{SOUND}:{press.tls[fault]}/article?{fault}")
    assert outcome.reason is FailureReason.TLS
    assert outcome.result.failure is not None
    assert "certificate" in outcome.result.failure.detail.lower()
    assert f"/article?{fault}" not in press.ledger()["hits"]


async def test_sound_certificate_is_accepted(crawler: CrawlerProcess, press: HostilePress) -> None:
    assert (await fetch(crawler, f"https://{SOUND}:{press.tls['sound']}/article")).reason is None


async def test_way_down_to_plain_http_is_followed_and_shows(crawler: CrawlerProcess, press: HostilePress) -> None:
    outcome = await fetch(crawler, f"https://{SOUND}:{press.tls['sound']}/down")
    assert outcome.reason is None
    assert outcome.result.evidence is not None
    assert outcome.result.evidence.url == f"{press.sound}/article"


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("listener", ["mute", "full"])
async def test_listener_that_takes_no_part_costs_one_deadline(
    crawler: CrawlerProcess, press: HostilePress, scheme: str, listener: str
) -> None:
    outcome = await fetch(crawler, f"{scheme}://{SOUND}:{press.tls[listener]}/article")
    # The rules are asked for first, and not having them allows nothing.
    assert outcome.reason in {FailureReason.TIMEOUT, FailureReason.ROBOTS, FailureReason.CONNECTION}
    assert outcome.seconds < TIMEOUT + SLACK
    assert outcome.result.failure is not None
    assert f"{TIMEOUT:g} s" in outcome.result.failure.detail


async def test_every_fault_has_an_address_of_its_own() -> None:
    names = [fault.name for fault in FAULTS]
    assert len(names) == len(set(names))
    assert len(names) >= 40
