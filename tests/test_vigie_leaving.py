"""How the process ends once its command is done."""

from __future__ import annotations

import gc

import pytest

from vigie import __main__


def test_the_end_of_the_process_collects_no_garbage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(__main__, "run_command_line", lambda: 3)
    try:
        with pytest.raises(SystemExit) as left:
            __main__.main()
        assert left.value.code == 3
        assert not gc.isenabled()
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()
        gc.enable()
