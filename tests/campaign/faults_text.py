"""B8: headlines that attack whoever repeats them."""

from __future__ import annotations

from tests.campaign.context import Context
from tests.campaign.oracle import Verdict
from tests.campaign.stage import Stage

#: what ends a headline and a sentence of its article
TAILS = (
    "\r\nBcc: victim@example.org",
    "\nSubject: autre\n\nCorps",
    " a\u2028b\u2029c\x85d",
    " z\x00octet",
    " s\x1c\x1d\x1e\x1ft",
    " seul \ud83d demi",
    " \u202eetirw si siht\u202c",
    " " + "x" * 50_000,
    " " + "long titre " * 5_000,
    " " + "🚨" * 400,
    " =?utf-8?q?Bcc:_a?= <b@c>, d@e",
    "\r\n.\r\nMAIL FROM:<x@y>",
    " <script>alert(1)</script> & ]]>",
)


def hostile_headlines(context: Context) -> Verdict:
    """B8: headlines with line breaks, headers, controls, halves of characters, of any length; then ordinary ones."""
    verdict = Verdict(id="B8", runs=len(TAILS))
    with Stage(context.folder, context.seed, sut=context.hurried()) as stage:
        stage.press.publish(*(stage.desk.alert(tail) for tail in TAILS))
        stage.start()
        stage.settle(quiet=min(30, context.quiet))
        stage.publish(2, calm=1)
        stage.finish(verdict)
        strangers = set(stage.mail_sink.ledger.attempts) - set(stage.mails)
    verdict.check(not strangers, f"mails to {strangers}")
    verdict.figures = {"fault": "hostile headlines, then ordinary ones"}
    return verdict
