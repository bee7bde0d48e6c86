"""Settings every test shares."""

from __future__ import annotations

import pytest
from hypothesis import settings

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
