"""``kill -9`` at random moments of crawling and delivery, against real servers: nothing lost, nothing renamed."""

from __future__ import annotations

import itertools
import os
import random
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.world import World, exported, free_port, kill, start_vigie, vigie, wait_until

#: in the suite; ``VIGIE_KILLS=50`` takes a minute and a half
KILLS = int(os.environ.get("VIGIE_KILLS", "15"))
SEED = 20250919

#: (name, adjective in the masculine plural) of states whose pairs make distinct acts
STATES = {
    "Le Niger": "nigériens",
    "Le Togo": "togolais",
    "Le Bénin": "béninois",
    "Le Ghana": "ghanéens",
    "Le Sénégal": "sénégalais",
    "Le Tchad": "tchadiens",
    "Le Maroc": "marocains",
    "La Guinée": "guinéens",
    "La Tunisie": "tunisiens",
    "L'Algérie": "algériens",
    "Le Cameroun": "camerounais",
    "La Russie": "russes",
}


def dispatches() -> list[tuple[str, str, list[str]]]:
    """Return (token, title, paragraphs) of expulsions, a different pair of states each."""
    pairs = [(state, people) for state, people in itertools.product(STATES, STATES.values()) if STATES[state] != people]
    random.Random(SEED).shuffle(pairs)
    return [
        (
            f"token{number:03d}",
            f"{state} expulse deux diplomates {people}",
            [
                f"{state} a expulsé mardi deux diplomates {people}, a annoncé son ministère des Affaires étrangères.",
                f"Le communiqué porte le numéro token{number:03d}.",
            ],
        )
        for number, (state, people) in enumerate(pairs)
    ]


@pytest.mark.campaign
def test_kills_lose_nothing_and_rename_nothing(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    news = dispatches()
    with World(outlets=3) as world:
        config = world.configuration(tmp_path, port=free_port(), pairs="[]")
        published = 0
        for number in range(KILLS):
            service = start_vigie("-c", config, "run")
            for token, title, paragraphs in news[published : published + 2]:
                chance.choice(world.outlets).publish(token, title, paragraphs, datetime.now(UTC))
                published += 1
            # Early kills hit the start and migrations, late ones crawling and delivery.
            threading.Event().wait(chance.uniform(0.05, 3.0 if number % 5 else 5.0))
            kill(service)
        result = vigie("-c", config, "run", "--once", timeout=120)
        assert result.returncode == 0, result.stderr
        told = {event.id: str(event.body["data"]["articles"][0]["title"]) for event in world.events}
        titles = {title for _, title, _ in news[:published]}
        assert set(told.values()) == titles, "an alert was lost, or something rang for nothing"
        assert len(told) == published, "an alert came again under a new id"
        mails = {mail.message_id for mail in world.mails}
        assert len(mails) == published
        assert world.receiver.repeats <= KILLS
        assert len(world.mails) - len(mails) <= KILLS
        alerts = exported(config, "alerts")
        assert len(alerts) == published
        wait_until(lambda: not _orphans(tmp_path), within=10, what="the crawlers of killed services to end")


def _orphans(folder: Path) -> list[str]:
    """Return command lines of processes that still belong to services of this folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
                if str(folder) in (entry / "environ").read_bytes().decode("utf-8", "replace") + command:
                    found.append(command)
            except OSError:
                continue
    return found
