"""B1–B7, B9: mail servers that fail in every way."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.campaign.context import Context
from tests.campaign.oracle import Verdict
from tests.campaign.sinks import HOST, MailAct
from tests.campaign.stage import Stage
from tests.campaign.sut import until
from tests.certificates import write_certificates

#: longest attempt at a mail server that drips, in seconds
DRIP_DEADLINE = 4
Check = Callable[[Stage, Verdict], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """How a mail server treats the first mails, and what must come of it."""

    about: str
    recipients: tuple[str, ...]
    acts: Mapping[str, Sequence[MailAct]]
    #: recipients that are refused for good
    refused: Mapping[str, MailAct] = field(default_factory=dict)
    #: repeats that the fault explains
    repeats: int = 0
    check: Check = lambda _stage, _verdict: None


def dead_letters(stage: Stage, channel: str) -> list[dict[str, Any]]:
    """Return what a channel gave up, as the command line lists it."""
    listed = stage.sut.run("deliveries", "list", "--state", "dead", "--limit", "1000", "--json").stdout
    rows: list[dict[str, Any]] = [json.loads(line) for line in listed.splitlines()]
    return [row for row in rows if row["channel_id"] == channel]


def _one_dead_letter(recipient: str, code: str) -> Check:
    """The refused recipient is asked once an alert, and its letter names the code."""

    def check(stage: Stage, verdict: Verdict) -> None:
        dead = dead_letters(stage, verdict.id.lower())
        alerts = len(stage.expected)
        verdict.check([row["recipient"] for row in dead] == [recipient] * alerts, f"dead letters: {dead}")
        verdict.check(all(code in str(row["last_error"]) for row in dead), f"a dead letter does not name {code}")
        asked = len(stage.mail_sink.ledger.attempts[recipient])
        verdict.check(asked == alerts, f"the refused recipient was asked {asked} times for {alerts} alerts")

    return check


def _shortened_once(stage: Stage, verdict: Verdict) -> None:
    """What was too big came once more, as text alone and under its own name; what did not bite is no proof."""
    sink = stage.mail_sink
    verdict.check(len(sink.too_big) == 1, f"{len(sink.too_big)} mails were too big")
    verdict.check(sink.short == sink.too_big, f"too big: {sink.too_big}, came as text: {sink.short}")
    asked, most = len(sink.ledger.attempts["b4-small@example.org"]), len(stage.expected) + 1
    verdict.check(asked == most, f"{asked} mails to a recipient who refused one, instead of {most}")


def _refused_and_shortened(stage: Stage, verdict: Verdict) -> None:
    _one_dead_letter("b4-nobody@example.org", "554")(stage, verdict)
    _shortened_once(stage, verdict)


SCRIPTS: dict[str, Script] = {
    "B2": Script(
        about="450 and 451 for the recipient, 452 for the mail, then a cure",
        recipients=("b2@example.org",),
        acts={
            "b2@example.org": (
                MailAct(rcpt="450 4.2.1 busy"), MailAct(rcpt="451 4.3.0 later"), MailAct(data="452 4.3.1 full"),
            )
        },
    ),
    "B3": Script(
        about="550 for one of three recipients",
        recipients=("b3-one@example.org", "b3-nobody@example.org", "b3-two@example.org"),
        acts={},
        refused={"b3-nobody@example.org": MailAct(rcpt="550 5.1.1 nobody here")},
        check=_one_dead_letter("b3-nobody@example.org", "550"),
    ),
    "B4": Script(
        about="554 after the mail for one of two recipients; 552 once for the other",
        recipients=("b4-nobody@example.org", "b4-small@example.org"),
        acts={"b4-small@example.org": (MailAct(data="552 5.3.4 too big"),)},
        refused={"b4-nobody@example.org": MailAct(data="554 5.7.1 no thanks")},
        check=_refused_and_shortened,
    ),
    "B6": Script(
        about="keeps the mail and hangs after the final dot, or cuts the connection there",
        recipients=("b6@example.org",),
        acts={"b6@example.org": (MailAct(hangs=True), MailAct(cuts=True))},
        repeats=2,
    ),
}  # fmt: skip


def _tried(stage: Stage, name: str) -> bool:
    """Whether every act of a script was met, and each alert attempted until it was acknowledged."""
    attempts, alerts = stage.mail_sink.ledger.attempts, len(stage.expected)
    return all(len(attempts[recipient]) >= len(acts) + alerts for recipient, acts in SCRIPTS[name].acts.items())


def scripted_mails(context: Context, ids: Sequence[str]) -> list[Verdict]:
    """Run the recipients of several scripts side by side, and judge each script."""
    mails = {name.lower(): SCRIPTS[name].recipients for name in ids}
    with Stage(
        context.folder, context.seed, hooks=(), mails=mails, delivery={"email_deadline": '"3s"'}, sut=context.hurried()
    ) as stage:
        for name in ids:
            for recipient, acts in SCRIPTS[name].acts.items():
                stage.mail_sink.acts[recipient].extend(acts)
            stage.mail_sink.always.update(SCRIPTS[name].refused)
        stage.publish(1)
        stage.start()
        until(lambda: len(stage.mail_sink.ledger.attempts) >= len(stage.mails), 30)
        stage.publish(1, calm=1)
        good = [recipient for recipient in stage.mails if recipient not in stage.mail_sink.always]
        stage.settle_some(mails=good, quiet=min(30, context.quiet))
        # A mail that was kept without an answer has arrived, and must come again: the fault is over only then.
        until(lambda: all(_tried(stage, name) for name in ids), 30)
        verdicts = []
        for name in ids:
            script = SCRIPTS[name]
            verdict = Verdict(id=name, runs=sum(map(len, script.acts.values())) + len(script.refused))
            verdict.check(_tried(stage, name), "the fault did not bite: a mail was not attempted again")
            judged = [recipient for recipient in script.recipients if recipient in good]
            verdict.judge(stage.mail_sink.ledger, judged, stage.expected)
            verdict.judge(stage.mail_sink.ledger, script.refused, set())
            verdict.raw_allowed = script.repeats
            verdict.figures = {"fault": script.about}
            script.check(stage, verdict)
            verdicts.append(verdict)
        stage.end(verdicts[0])
    return verdicts


def refused_connection(context: Context) -> Verdict:
    """B1: nobody listens at the mail server's port for a while."""
    verdict = Verdict(id="B1", runs=1)
    with Stage(context.folder, context.seed, hooks=(), sut=context.hurried()) as stage:
        stage.background.call(stage.mail_sink.stop())
        stage.publish(3, calm=1)
        stage.start()
        until(lambda: all(each.served for each in stage.press.all().values()), 30)
        time.sleep(max(8.0, 60.0 * context.scale))
        verdict.check(stage.missing() > 0, "the fault did not bite")
        stage.background.call(stage.mail_sink.start())
        stage.finish(verdict)
    verdict.figures = {"fault": "connection refused"}
    return verdict


def refused_login(context: Context) -> Verdict:
    """B5: the mail server refuses the login (535) for a while; the password only ever travels encrypted."""
    verdict = Verdict(id="B5", runs=2)
    tls = write_certificates(context.folder, HOST)["sound"]
    (context.folder / "password").write_text("campaign", encoding="utf-8")
    keys = f'host = "{HOST}"\ntls = "starttls"\nusername = "vigie"\npassword_file = "password"\n'
    sut = context.hurried()
    sut.environment["SSL_CERT_FILE"] = str(context.folder / "authority.pem")
    with Stage(context.folder, context.seed, hooks=(), mail_keys=keys, mail_tls=tls, sut=sut) as stage:
        stage.mail_sink.refused_logins = verdict.runs
        stage.publish(2)
        stage.start()
        stage.finish(verdict)
        verdict.check(stage.mail_sink.logins > verdict.runs, f"only {stage.mail_sink.logins} logins were tried")
    verdict.figures = {"fault": "535, then a cure"}
    return verdict


def dripping_relay(context: Context) -> Verdict:
    """B7: the mail server writes a byte every half second for a while; each attempt ends at its deadline."""
    verdict = Verdict(id="B7")
    delivery = {"email_deadline": f'"{DRIP_DEADLINE}s"'}
    with Stage(context.folder, context.seed, delivery=delivery, sut=context.hurried()) as stage:
        stage.mail_sink.dripping = 0.5
        stage.publish(2)
        stage.start()
        # The receiver of webhooks does not wait for it.
        verdict.check(stage.settle_some(hooks=stage.hooks, quiet=context.quiet), "other channels were held up")
        until(lambda: len(stage.mail_sink.dripped) >= 2, 60)
        stage.mail_sink.dripping = 0.0
        stage.publish(1, calm=1)
        stage.finish(verdict)
        lasted = stage.mail_sink.dripped
    verdict.runs = len(lasted)
    verdict.check(verdict.runs >= 2, f"only {verdict.runs} attempts ended")
    longest = max(lasted, default=0.0)
    verdict.check(longest < DRIP_DEADLINE + 1.5, f"an attempt lasted {longest:.1f} s of {DRIP_DEADLINE}")
    verdict.check(longest > DRIP_DEADLINE - 1, "the fault did not bite")
    verdict.figures = {"fault": "a byte every half second, then a cure", "longest_attempt": round(longest, 1)}
    return verdict


def refused_everybody(context: Context) -> Verdict:
    """B9: the mail server refuses every recipient (550) for a while; one alarm, and nothing is given up."""
    people = tuple(f"b9-{number}@example.org" for number in range(1, 4))
    verdict = Verdict(id="B9")
    with Stage(context.folder, context.seed, mails={"mail": people}, notify=("hook",), sut=context.hurried()) as stage:
        sink = stage.mail_sink
        sink.always.update(dict.fromkeys(people, MailAct(rcpt="550 5.7.1 listed")))
        stage.publish(4)
        stage.start()
        verdict.check(stage.settle_some(hooks=stage.hooks, quiet=context.quiet), "other channels were held up")
        # Enough refusals in a row to blame the server, and some probes.
        until(lambda: sum(map(len, sink.ledger.attempts.values())) >= 8, 60)
        stage.publish(context.scaled(8), calm=1)
        time.sleep(max(6.0, 60.0 * context.scale))
        verdict.runs = sum(map(len, sink.ledger.attempts.values()))
        verdict.check(not sink.ledger.arrived, "the fault did not bite")
        sink.always.clear()
        stage.settle(quiet=min(30, context.quiet))
        dead = dead_letters(stage, "mail")
        for row in dead:
            stage.sut.run("deliveries", "replay", str(row["id"]))
        stage.finish(verdict)
        alarms = stage.hook_sink.types.count("channel.failing")
    verdict.check(alarms == 1, f"{alarms} alarms instead of one")
    verdict.check(not dead, f"{len(dead)} letters were given up, and came by a replay at best")
    verdict.figures = {
        "fault": "550 for every recipient, then a cure", "refusals": verdict.runs, "alarms": alarms,
        "replayed": len(dead),
    }  # fmt: skip
    return verdict
