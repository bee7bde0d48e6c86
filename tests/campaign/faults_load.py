"""C9 and C10: a receiver that hangs delays no other; ten thousand messages that wait leave soon and at a pace."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime

from tests.campaign.context import Context
from tests.campaign.oracle import Verdict, percentile
from tests.campaign.sinks import Act
from tests.campaign.stage import Stage
from tests.campaign.sut import until
from tests.campaign.words import Story

#: seconds from a page served to its alert received that one alert in a hundred may exceed
LIMIT = 5.0
#: seconds from the start of a service to its first message
FIRST = 5.0
#: attempts of one channel at once
WIDTH = 2


def hung_channel(context: Context) -> Verdict:
    """C9: one of five receivers takes every request and never answers."""
    verdict = Verdict(id="C9", runs=1)
    hooks = [f"hook-{number}" for number in range(1, 6)]
    hung, others = hooks[0], hooks[1:]
    with Stage(
        context.folder, context.seed, hooks=hooks, mails={}, outlets=4,
        delivery={"webhook_deadline": '"10s"'}, sut=context.hurried(),
    ) as stage:  # fmt: skip
        stage.hook_sink.always[hung] = Act(hangs=True)
        stage.publish(1, calm=1)
        stage.start()
        stage.settle_some(hooks=others)
        for _ in range(context.scaled(120, least=6)):
            stage.publish(1)
            time.sleep(0.5)
        stage.settle_some(hooks=others)
        verdict.check(not stage.hook_sink.ledger.tokens(hung), "the fault did not bite")
        served = {token: each.served for token, each in stage.press.all().items()}
        delays = [
            each.at - began
            for each in stage.arrivals()
            for token in each.tokens
            if each.channel in others and (began := served[token]) is not None
        ]
        worst = percentile(delays, 0.99)
        verdict.check(worst <= LIMIT, f"p99 of the others was {worst:.1f} s")
        del stage.hook_sink.always[hung]
        stage.finish(verdict)
    verdict.figures = {"p50_seconds": round(percentile(delays, 0.5), 2), "p99_seconds": round(worst, 2)}
    return verdict


def many_pending(context: Context) -> Verdict:
    """C10: the service starts with ten thousand messages pending."""
    verdict = Verdict(id="C10", runs=1)
    articles = context.scaled(1000, least=20)
    with Stage(context.folder, context.seed, hooks=("left", "right"), mails={}, watches=5, sut=context.sut()) as stage:
        stories = [stage.desk.alert() for _ in range(articles)]
        file = context.folder / "news.jsonl"
        file.write_text("".join(json.dumps(_line(story)) + "\n" for story in stories), encoding="utf-8")
        imported = stage.sut.run("import", "--alerts", str(file), timeout=1800)
        verdict.check(
            imported.returncode == 0, f"the import ended with {imported.returncode}: {imported.stderr[-300:]}"
        )
        expected = {(story.token, watch) for story in stories for watch in stage.watches}
        begun = time.monotonic()
        stage.sut.start()
        until(lambda: stage.told() > 0 or not stage.sut.alive, 120)
        attempts = stage.hook_sink.ledger.attempts
        first = min((times[0] for times in attempts.values() if times), default=float("inf")) - begun
        until(lambda: len(stage.arrivals()) >= 2 * len(expected) or not stage.sut.alive, 1800 * context.scale + 60)
        drained = time.monotonic() - begun
        verdict.judge(stage.hook_sink.ledger, stage.hooks, expected)
        verdict.check(first <= FIRST, f"the first message left after {first:.1f} s")
        widest = max(stage.hook_sink.ledger.widest.values(), default=0)
        verdict.check(widest <= WIDTH, f"{widest} requests to one receiver at once")
        stage.end(verdict)
    verdict.figures = {
        "pending": 2 * len(expected), "first_seconds": round(first, 1), "drained_seconds": round(drained, 1),
        "at_once": widest,
    }  # fmt: skip
    return verdict


def _line(story: Story) -> dict[str, object]:
    return {
        "id": story.token, "title": story.title, "text": "\n\n".join(story.paragraphs),
        "paragraphs": list(story.paragraphs), "published": datetime.now(UTC).isoformat(), "lang": "fr",
    }  # fmt: skip
