"""Settings every test shares."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from xdist.remote import Producer

from tests.begun import begin
from tests.handing_out import HandingOut

# Commands remember in the user's cache which rules passed their tests. A folder of the checkout keeps the gain from one
# test to the next and leaves alone the home of whoever runs them.
os.environ["XDG_CACHE_HOME"] = str(Path(__file__).parents[1] / ".pytest_cache" / "home")

# Examples are judged by their answers: on a loaded machine any of them may take long. Each run draws others, so a
# third of the usual number finds in three runs what that finds in one, and the suite stays within a quarter of an hour.
settings.register_profile("vigie", deadline=None, max_examples=30)
settings.load_profile("vigie")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> HandingOut:
    """Keep tests that share a fixture of their module in one process: it is built once."""
    return HandingOut(config, log)


#: files that look at how an archive begins
_BEGINNING = {"tests.test_storage_database", "tests.test_storage_folder"}


@pytest.fixture(scope="module", autouse=True)
def _new_archives_are_copied(request: pytest.FixtureRequest) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        if request.module.__name__ not in _BEGINNING:
            patch.setattr("storage.database.migrate", begin)
        yield
