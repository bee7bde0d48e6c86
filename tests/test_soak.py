"""The soak itself, shortened: half an hour of its day, with the whole verdict but for what only time can tell."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.soak import Samples, replay
from tests.soak_press import HOUR, OUTLETS, Manner, Press


def test_press_of_the_soak_has_every_manner_and_publishes_all_day() -> None:
    press = Press(24)
    assert {outlet.manner for outlet in press.outlets} == set(Manner)
    assert len({outlet.address for outlet in press.outlets}) == OUTLETS == 85
    assert sum(outlet.rules.crawl_delay > 0 for outlet in press.outlets) > 15
    assert sum(outlet.published(24 * HOUR) for outlet in press.outlets) > 2500
    again = Press(24)
    assert [outlet.moments for outlet in press.outlets] == [outlet.moments for outlet in again.outlets]


def test_sample_holds_this_process() -> None:
    samples = Samples()
    samples.take(os.getpid(), 1.0)
    assert samples.memory["owner"][0][1] > 5
    assert samples.files[0][1] > 2


@pytest.mark.alone
@pytest.mark.campaign
async def test_half_an_hour_of_the_press_breaks_no_rule(tmp_path: Path) -> None:
    verdict = await replay(0.5, tmp_path)
    assert verdict["violations"]["count"] == 0, verdict["violations"]
    assert verdict["requests"]["all"] > 200
    # A day at this speed leaves nothing unread; in half a minute a busy machine may not get to the very last page.
    assert verdict["reading"]["share"] >= 0.97, verdict["reading"]
    assert verdict["checks"]["the service stopped by itself"]
