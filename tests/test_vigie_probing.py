"""A test through one channel, as the page of alerts asks for it: what the far end answered, and no row anywhere."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from alerts.settings import WebhookChannel
from scheduler.errors import UnknownChangeError
from vigie.demo.receiver import WebhookReceiver
from vigie.probing import test_channel as try_channel
from vigie.settings import Settings, parse_settings


def with_hook(folder: Path, url: str, secret: str) -> Settings:
    channel = WebhookChannel(id="hook", url=url, secrets=(secret,), allow_cidrs=("127.0.0.0/8",))
    return replace(parse_settings("", None, folder), channels=(channel,))


def test_the_answer_of_the_far_end_comes_back(tmp_path: Path) -> None:
    async def run() -> tuple[str, int]:
        receiver = WebhookReceiver(on_event=lambda _: None)
        await receiver.start()
        try:
            answer = await try_channel(with_hook(tmp_path, receiver.url, receiver.secret), "hook")
            wrong = await try_channel(with_hook(tmp_path, receiver.url, "whsec_" + "A" * 44), "hook")
        finally:
            await receiver.stop()
        assert not wrong.startswith("ok")
        return answer, len(receiver.events)

    answer, events = asyncio.run(run())
    assert answer.startswith("ok")
    assert events == 1


def test_a_channel_that_is_not_configured_is_refused(tmp_path: Path) -> None:
    settings = with_hook(tmp_path, "http://127.0.0.1:9/", "whsec_" + "A" * 44)
    with pytest.raises(UnknownChangeError, match="spare"):
        asyncio.run(try_channel(settings, "spare"))
    assert asyncio.run(try_channel(settings, "hook")).startswith("channel_transient")
