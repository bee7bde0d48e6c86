"""The real service alerts on an article that only a script writes into its page.

Needs the extra ``javascript`` and Debian's ``chromium`` (``make browser-test``); skipped elsewhere.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path

import pytest

from tests.test_service_once import ACTS, TITLE
from tests.world import World, exported, free_port, kill, start_vigie, wait_until

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="Chromium is not installed"),
    pytest.mark.skipif(importlib.util.find_spec("scrapy_playwright") is None, reason="the extra is not installed"),
]


def test_an_article_that_a_script_writes_is_alerted_on(tmp_path: Path) -> None:
    with World() as world:
        outlet = world.outlets[0]
        outlet.publish("act", TITLE, ACTS)
        _, html = outlet.pages["act"]
        body = html.partition("<body>")[2].partition("</body>")[0]
        script = f"document.body.innerHTML = {json.dumps(body)}"
        shell = (
            f"<!doctype html><html lang=fr><head><title>Une</title></head><body><script>{script}</script></body></html>"
        )
        outlet.pages["act"] = (TITLE, shell)
        config = world.configuration(tmp_path, port=free_port())
        text = config.read_text(encoding="utf-8")
        config.write_text(text.replace('language = "fr"\n', 'language = "fr"\njavascript = true\n'), encoding="utf-8")
        service = start_vigie("-c", config, "run")
        try:
            wait_until(lambda: len(world.events) == 1, within=60, what="the alert")
        finally:
            kill(service)
        (article,) = exported(config, "articles")
        assert article["title"] == TITLE
        # The last line is the agency's credit, which is no text.
        assert [act for act in ACTS[:-1] if act not in article["text"]] == []
