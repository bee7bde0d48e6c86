"""Keys of orders outlive a clock that is set back."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from storage import order_keys
from storage.database import open_writer, transaction
from storage.order_keys import LASTS, OrderKey
from tests.outbox_fill import NOW
from tests.somebody import ANALYST


def test_a_key_that_was_taken_for_forgotten_takes_the_new_answer(tmp_path: Path) -> None:
    database = open_writer(tmp_path)
    later = NOW + LASTS + timedelta(hours=1)
    first, second = (OrderKey.of("k", "follow", {"story": number}) for number in (1, 2))
    with transaction(database):
        order_keys.remember(database, ANALYST, first, "one", NOW)
    assert order_keys.answered(database, ANALYST, first.key, later) is None
    with transaction(database):
        # By now the clock was set back, so the first one is not let go of.
        order_keys.remember(database, ANALYST, second, "two", NOW + timedelta(minutes=1))
    assert order_keys.answered(database, ANALYST, first.key, NOW + timedelta(minutes=2)) == (second.order, "two")
    database.conn.close()
