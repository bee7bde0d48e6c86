"""C1–C8: webhook receivers that fail in every way; those of C1–C6 each on a channel of its own of one service."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.campaign.context import Context
from tests.campaign.oracle import Verdict
from tests.campaign.sinks import HOST, PREVIOUS_SECRET, SECRET, Act, HookSink
from tests.campaign.stage import Stage
from tests.campaign.sut import until
from tests.certificates import write_certificates

#: seconds a receiver asks for
PATIENCE = 4
#: longest attempt at a webhook
DEADLINE = 2
Check = Callable[[Stage, str, Verdict], None]
#: patience asked for in seconds and as a date
PATIENT = (
    Act(status=500),
    Act(status=503, headers={"Retry-After": str(PATIENCE)}),
    Act(status=429, later=PATIENCE),
    Act(status=502),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """How one receiver treats the first attempts, and what must come of it."""

    about: str
    acts: Callable[[HookSink], Sequence[Act]]
    #: False for a receiver that wants nothing more
    cures: bool = True
    #: repeats that the fault explains, for each alert
    repeats: int = 0
    check: Check = lambda _stage, _channel, _verdict: None


def _waited(stage: Stage, channel: str, verdict: Verdict) -> None:
    """The attempt after a Retry-After comes no sooner than that."""
    rests = stage.hook_sink.rests[channel]
    early = [
        round(begun - start, 2)
        for start, end in rests
        for begun in stage.hook_sink.ledger.attempts[channel]
        if start < begun < end
    ]
    verdict.check(len(rests) == 2, f"{len(rests)} answers asked for patience")
    verdict.check(not early, f"Retry-After: {PATIENCE} was undercut, after {early} s")


def _stayed(stage: Stage, channel: str, verdict: Verdict) -> None:
    """Nobody went where the redirects point."""
    verdict.check(stage.hook_sink.canaries == 0, f"{stage.hook_sink.canaries} redirects were followed")
    verdict.check(len(stage.hook_sink.ledger.attempts[channel]) > 4, "the redirects were not met")


def _left_alone(stage: Stage, channel: str, verdict: Verdict) -> None:
    """After 410 the receiver hears nothing more, and the letter is kept as dead."""
    attempts = len(stage.hook_sink.ledger.attempts[channel])
    verdict.check(attempts == 1, f"{attempts} requests to a receiver that is gone")
    listed = stage.sut.run("deliveries", "list", "--json").stdout
    verdict.check(f'"{channel}"' in listed and '"dead"' in listed, "no dead letter is listed")


SCRIPTS: dict[str, Script] = {
    "C1": Script(about="500, 503 with Retry-After, 429 and 502, then a cure", acts=lambda _: PATIENT, check=_waited),
    "C2": Script(
        about="301, 302, 307 and 308: never followed",
        acts=lambda sink: [Act(status=code, headers={"Location": sink.canary}) for code in (301, 302, 307, 308)],
        check=_stayed,
    ),
    "C3": Script(
        about="410: nothing more is sent, and the letter is kept", acts=lambda _: [Act(status=410)], cures=False,
        check=_left_alone,
    ),
    "C4": Script(
        about="422, 400, 401 and 404, then a cure: nothing is dropped",
        acts=lambda _: [Act(status=code) for code in (422, 400, 401, 404)],
    ),
    "C5": Script(about="takes the request and says nothing", acts=lambda _: [Act(hangs=True), Act(hangs=True)]),
    "C6": Script(
        about="keeps the message and resets the connection: the next attempt has the same identity",
        acts=lambda _: [Act(keeps=True, cuts=True)], repeats=1,
    ),
}  # fmt: skip


def scripted_hooks(context: Context, ids: Sequence[str]) -> list[Verdict]:
    """Run receivers side by side, and judge each."""
    channels = {name: name.lower() for name in ids}
    delivery = {"webhook_deadline": f'"{DEADLINE}s"'}
    with Stage(
        context.folder, context.seed, hooks=[*channels.values()], mails={}, delivery=delivery, sut=context.hurried()
    ) as stage:
        for name, channel in channels.items():
            stage.hook_sink.acts[channel].extend(SCRIPTS[name].acts(stage.hook_sink))
        # One alert meets the script, the second one finds the channel as the first left it.
        stage.publish(1)
        stage.start()
        curable = [channel for name, channel in channels.items() if SCRIPTS[name].cures]
        until(lambda: all(stage.hook_sink.ledger.attempts[channel] for channel in channels.values()), 30)
        stage.publish(1, calm=1)
        stage.settle_some(hooks=curable, quiet=min(25, context.quiet))
        # Both alerts arrived, and the one that was cut off comes once more.
        attempts = stage.hook_sink.ledger.attempts
        again = {channels[name]: 2 + SCRIPTS[name].repeats for name in ids if SCRIPTS[name].cures}
        until(lambda: all(len(attempts[channel]) >= least for channel, least in again.items()), 40)
        # What should not come any more would have come by now.
        if len(curable) < len(channels):
            time.sleep(3)
        verdicts = []
        for name, channel in channels.items():
            script = SCRIPTS[name]
            verdict = Verdict(id=name, runs=len(stage.hook_sink.ledger.attempts[channel]))
            verdict.judge(stage.hook_sink.ledger, [channel], stage.expected if script.cures else set())
            verdict.raw_allowed = script.repeats
            script.check(stage, channel, verdict)
            verdict.figures = {"fault": script.about, "attempts": verdict.runs}
            verdicts.append(verdict)
        stage.end(verdicts[0])
    return verdicts


def doubtful_certificates(context: Context) -> Verdict:
    """C7: receivers whose certificate proves nothing get no request; then they are cured."""
    verdict = Verdict(id="C7", runs=3)
    contexts = write_certificates(context.folder, HOST)
    sut = context.hurried()
    sut.environment["SSL_CERT_FILE"] = str(context.folder / "authority.pem")
    sink = HookSink(tls=contexts)
    doubtful = [name for name in contexts if name != "sound"]
    with Stage(context.folder, context.seed, hooks=[*contexts], hook_sink=sink, sut=sut) as stage:
        stage.publish(2)
        stage.start()
        well = stage.settle_some(hooks=["sound"], mails=stage.mails, quiet=min(30, context.quiet))
        verdict.check(well, "other channels were held up")
        # By now each of the doubtful ones has been tried, and the command line says what is wrong.
        untold = [*doubtful]

        def told() -> bool:
            listed = stage.sut.run("deliveries", "list", "--json").stdout
            rows = [json.loads(line) for line in listed.splitlines()]
            blamed = {row["channel_id"] for row in rows if "certificate" in str(row["last_error"]).lower()}
            untold[:] = [name for name in doubtful if name not in blamed]
            return not untold

        until(told, 60)
        verdict.check(not untold, f"nothing is said of the certificate of {untold}")
        met = [name for name in doubtful if sink.ledger.attempts[name]]
        verdict.check(not met, f"{met} got a request")
        for name in doubtful:
            contexts[name].load_cert_chain(context.folder / "sound.pem")
        stage.publish(1, calm=1)
        stage.finish(verdict)
    verdict.figures = {"fault": "certificates: " + ", ".join(doubtful) + "; then a cure"}
    return verdict


def rotated_secret(context: Context) -> Verdict:
    """C8: a key is being rotated; every copy verifies with the old key and the new one, and states a fresh moment."""
    verdict = Verdict(id="C8", runs=2)
    sink = HookSink(secrets=(SECRET, PREVIOUS_SECRET))
    # Kept though refused, so that each copy is verified and compared with the first.
    sink.acts["hook"].extend(
        (
            Act(keeps=True, status=503, headers={"Retry-After": "2"}),
            Act(keeps=True, status=503, headers={"Retry-After": "2"}),
        )
    )
    keys = 'previous_secret_file = "webhook-before.key"\n'
    with Stage(context.folder, context.seed, hook_keys=keys, hook_sink=sink, mails={}, sut=context.hurried()) as stage:
        stage.publish(1)
        stage.start()
        until(lambda: len(sink.ledger.attempts["hook"]) > verdict.runs, 60)
        stage.publish(2, calm=1)
        stage.finish(verdict)
    verdict.raw_allowed = verdict.runs
    verdict.check(verdict.raw == verdict.runs, f"{verdict.raw} copies instead of {verdict.runs}")
    stale = [moments for moments in sink.stated.values() if sorted(set(moments)) != moments]
    verdict.check(not stale, f"a repeat states an old moment: {stale}")
    verdict.figures = {"fault": "two keys, and two refusals that keep the message"}
    return verdict
