"""Settings every test shares."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# Commands remember in the user's cache which rules passed their tests. A folder of the checkout keeps the gain from one
# test to the next and leaves alone the home of whoever runs them.
os.environ["XDG_CACHE_HOME"] = str(Path(__file__).parents[1] / ".pytest_cache" / "home")

# Examples are judged by their answers: on a loaded machine any of them may take long. Each run draws others, so a
# third of the usual number finds in three runs what that finds in one, and the suite stays within a quarter of an hour.
settings.register_profile("vigie", deadline=None, max_examples=30)
settings.load_profile("vigie")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep tests that share a fixture of their module in one process: it is built once (``--dist loadgroup``)."""
    for item in items:
        if not isinstance(item, pytest.Function):
            continue
        fixtures = item._fixtureinfo.name2fixturedefs.values()
        if any(definitions[-1].scope == "module" for definitions in fixtures):
            item.add_marker(pytest.mark.xdist_group(item.module.__name__))
