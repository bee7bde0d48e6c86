"""B1–B6: mail servers that fail in every way."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.campaign.context import Context
from tests.campaign.oracle import Verdict
from tests.campaign.sinks import HOST, MailAct
from tests.campaign.stage import Stage
from tests.campaign.sut import until
from tests.certificates import write_certificates

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


def _one_dead_letter(stage: Stage, verdict: Verdict) -> None:
    """The refused recipient is asked once an alert, and its letter names the code."""
    listed = stage.sut.run("deliveries", "list", "--json").stdout
    rows = [json.loads(line) for line in listed.splitlines()]
    dead = [row for row in rows if row["state"] == "dead"]
    alerts = len(stage.expected)
    verdict.check(len(dead) == alerts, f"{len(dead)} dead letters for {alerts} alerts to a refused recipient")
    verdict.check(all("550" in json.dumps(row) for row in dead), "a dead letter does not name the code")
    asked = len(stage.mail_sink.ledger.attempts["b3-nobody@example.org"])
    verdict.check(asked == alerts, f"the refused recipient was asked {asked} times for {alerts} alerts")


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
        check=_one_dead_letter,
    ),
    "B6": Script(
        about="keeps the mail and hangs after the final dot, or cuts the connection there",
        recipients=("b6@example.org",),
        acts={"b6@example.org": (MailAct(hangs=True), MailAct(cuts=True))},
        repeats=2,
    ),
}  # fmt: skip


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
        verdicts = []
        for name in ids:
            script = SCRIPTS[name]
            verdict = Verdict(id=name, runs=sum(map(len, script.acts.values())) + len(script.refused))
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
