"""What a file builds once for all its tests is built once in a run, in however many processes that runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.handing_out import _shares


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, testrun_uid: str) -> Path:
    folder = tmp_path_factory.getbasetemp()
    shared = folder.parent if folder.name.startswith("popen") else folder
    path = shared / f"built-{testrun_uid}"
    path.touch(exist_ok=False)
    return path


@pytest.mark.parametrize("number", range(12))
def test_fixture_of_the_module_is_built_once(built: Path, number: int) -> None:
    assert built.exists(), number


def test_files_that_share_nothing_are_handed_out_test_by_test() -> None:
    assert _shares(Path(__file__))
    assert not _shares(Path(__file__).with_name("visitor.py"))
