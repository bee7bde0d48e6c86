"""A1: the service is killed at random moments of its life."""

from __future__ import annotations

import sys
import time

from tests.campaign.context import Context
from tests.campaign.oracle import Verdict
from tests.campaign.stage import START, Stage
from tests.campaign.sut import until

KILLS, ARTICLES, WATCHES = 500, 1040, 5
#: longest life after the first sign of it
LIFE = 3.0
#: and after the first message
SENDING = 0.4
#: kills over which repeats are averaged, and messages of a channel that are on their way at once
MANY, WIDTH = 50, 4
#: longest pause of a receiver before it answers
SLOWNESS = 0.05


def random_kills(context: Context) -> Verdict:
    """A1: ``kill -9`` of the group, or of its leader alone, while the press publishes and people are told."""
    verdict = Verdict(id="A1")
    kills = context.scaled(KILLS, least=3)
    articles = context.scaled(ARTICLES, least=6)
    with Stage(context.folder, context.seed, watches=WATCHES, outlets=6, sut=context.sut()) as stage:
        stage.hook_sink.slowness = stage.mail_sink.slowness = SLOWNESS
        for number in range(kills):
            if context.time_is_up:
                break
            share = articles * (number + 1) // kills - articles * number // kills
            stage.publish(share, calm=share // 2)
            early = stage.chance.random() < 0.12
            before = stage.sign_of_life()
            stage.sut.start()
            if early:
                # Into the start, and on a fresh archive into the making of its tables.
                time.sleep(stage.chance.uniform(0.05, 3.0))
            else:
                # Half of the lives end while messages are on their way.
                sending = stage.chance.random() < 0.5
                until(lambda before=before: stage.sign_of_life() > before or not stage.sut.alive, START)  # type: ignore[misc]
                told = stage.told()
                if sending and until(lambda told=told: stage.told() > told, LIFE):  # type: ignore[misc]
                    time.sleep(stage.chance.uniform(0.0, SENDING))
                else:
                    time.sleep(stage.chance.uniform(0.0, LIFE))
            verdict.check(stage.sut.alive, f"start {number + 1}: ended by itself")
            stage.sut.kill(group=stage.chance.random() < 0.7)
            verdict.runs += 1
            if (number + 1) % 10 == 0:
                print(f"A1: {number + 1} kills, {stage.missing()} still to arrive", file=sys.stderr)  # noqa: T201
        verdict.check(until(lambda: not stage.sut.orphans(), 15), "children of a killed service run on")
        stage.start()
        stage.finish(verdict)
        # One a kill and channel over many kills; of a few, any may meet all that is on its way.
        allowed = verdict.runs if verdict.runs >= MANY else verdict.runs * WIDTH
        verdict.raw_allowed = allowed * 2
        per_channel = {
            name: sum(each.repeats for each in ledger.arrived.values())
            for name, ledger in (("hook", stage.hook_sink.ledger), ("mail", stage.mail_sink.ledger))
        }
        verdict.check(max(per_channel.values()) <= allowed, f"more repeats than kills: {per_channel}")
        verdict.figures = {
            "kills": verdict.runs,
            "planned": kills,
            "distinct_alerts": len(stage.expected),
            "raw_by_channel": per_channel,
        }
    return verdict
