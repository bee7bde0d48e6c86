"""``explain``: how an article of the archive was read, and why it did or did not alert."""

from __future__ import annotations

from typing import Any

from rich.text import Text
from sqlite_utils import Database

from detection.engine import load_folders, remembered
from review.explaining import Fate, read_again, verdicts
from storage import articles, entries, looks, revisions
from storage.articles import StoredArticle
from storage.database import open_reader
from vigie import output
from vigie.settings import Settings


def explain_article(settings: Settings, article: int, watch_id: str | None, *, every: bool) -> dict[str, Any]:
    """Return what ``explain --json`` prints.

    Args:
        settings: of the archive.
        article: its number.
        watch_id: decisions of this watch only.
        every: explain sentences without a match as well.

    Raises:
        NotFoundError: no article has this number.
        DataRefusedError: there is no archive.
    """
    database = open_reader(settings.data_dir)
    try:
        stored = articles.get(database, article)
        rules = load_folders(settings.rule_folders, passed=remembered(settings.data_dir)).rules
        found = read_again(stored, rules, every=every)
        return {
            "article": stored.id,
            "title": stored.title,
            "source": stored.source_name,
            "url": stored.url,
            "story": stored.story_id,
            "partial": _partial(database, stored),
            "language": found.language,
            "unread": found.unread,
            "sentences": output.plain(found.sentences),
            "signals": [output.signal_record(signal) for signal in found.signals],
            "decisions": [
                {**output.plain(told.decision), "deliveries": [_fate(fate) for fate in told.fates]}
                for told in verdicts(database, article, watch_id)
            ],
            "history": _history(database, article),
        }
    finally:
        database.conn.close()


def print_explanation(explanation: dict[str, Any]) -> None:
    """Print for people what :func:`explain_article` returned."""
    console = output.console()
    console.print(Text(explanation["title"], style="bold"))
    console.print(Text("{source} · {url} · story {story}".format(**explanation), style="dim"))
    if explanation["partial"] is not None:
        console.print(f"  {explanation['partial']}", markup=False)
    for note in explanation["unread"]:
        console.print(f"  {note}", markup=False)
    for sentence in explanation["sentences"]:
        _print_sentence(sentence)
    for signal in explanation["signals"]:
        raised = f" raised by {', '.join(signal['modifiers'])}" if signal["modifiers"] else ""
        console.print(
            f"signal: {_act(signal)}, severity {signal['severity']}{raised}, confidence {signal['confidence']:.2f} "
            f"({signal['rule']})",
            markup=False,
        )
    for decision in explanation["decisions"]:
        told = f" → {decision['alert_id']}" if decision["alert_id"] else ""
        console.print(
            f"{decision['watch_id']}: {decision['kind']} ({decision['reason']}): {decision['detail']}{told}",
            markup=False,
        )
        if decision["alert_id"] and not decision["deliveries"]:
            console.print("  to nobody: the watch has no channel, or the article was imported without --alerts")
        for fate in decision["deliveries"]:
            to = " ".join(part for part in (fate["channel_id"], fate["recipient"]) if part)
            held = f" ({fate['reason']})" if fate["reason"] not in {"", "at_once"} else ""
            why = fate["held_because"] or (fate["last_error"] if fate["state"] != "sent" else "")
            why = f": {why}" if why else ""
            listed = f", told in the list {fate['list']}: {fate['list_state']}" if "list" in fate else ""
            console.print(f"  {to}: {fate['state']}{held}{why}{listed}", markup=False)
    for line in explanation["history"]:
        console.print(line, markup=False)


def _fate(fate: Fate) -> dict[str, Any]:
    """Return what became of one delivery."""
    kept = ("id", "channel_id", "recipient", "state", "reason", "last_error", "held_because")
    plain = output.plain(fate.delivery)
    told = fate.told_in
    known = {"list": told.alert_id, "list_state": str(told.state)} if told is not None else {}
    return {key: plain[key] for key in kept} | known


def _act(act: dict[str, Any]) -> str:
    status = f", {act['status']}" if act["status"] else ""
    return f"{act['type']} {act['actor'] or '?'} → {act['target'] or '?'}{status}"


def _print_sentence(sentence: dict[str, Any]) -> None:
    console = output.console()
    name = "title" if sentence["index"] == 0 else f"sentence {sentence['index']}"
    console.print(Text(f"{name}: {sentence['text']}", style="italic"))
    for number, clause in enumerate(sentence["clauses"], start=1):
        if len(sentence["clauses"]) > 1:
            console.print(Text(f"  clause {number}: {clause['text']}", style="dim"))
        for cue in clause["cues"]:
            means = "only looks like a cue" if cue["meaning"] == "mask" else f"{cue['meaning']} ({cue['scope']})"
            console.print(f"    « {cue['words']} »: {means}", markup=False)
    for step in sentence["steps"]:
        verdict = "kept" if step["kept"] else f"dropped: {step['reason']}"
        sides = [f"{step[side]} from {step[f'{side}_from']}" for side in ("actor", "target") if step[f"{side}_from"]]
        cues = f" because of {', '.join(step['cues'])}" if step["cues"] else ""
        where = f" [{'; '.join(sides)}]" if sides else ""
        console.print(f"  {_act(step)}{cues}{where}; {verdict} ({step['rule']})", markup=False)


def _partial(database: Database, stored: StoredArticle) -> str | None:
    """Return that a page was not read, and why; None when it was."""
    if not stored.partial:
        return None
    failure = entries.unread(database, stored.id)
    why = f": {failure.reason}: {failure.detail}" if failure is not None else ""
    return f"partial: only title and summary are known, the page was not read{why}"


def _history(database: Database, article: int) -> list[str]:
    """Return what happened to an article after it was first read, and when its page is looked at again."""
    lines = []
    for event in revisions.events(database, article):
        acts = [f"+ {act.type} {act.actor or '?'} → {act.target or '?'}, {act.status}" for act in event.added]
        acts += [f"- {act.type} {act.actor or '?'} → {act.target or '?'}, {act.status}" for act in event.dropped]
        silently = " (the page does not date it)" if event.silent else ""
        about = "; ".join(part for part in (event.detail, *acts) if part)
        lines.append(f"{event.at:%Y-%m-%d %H:%M} {event.kind}{silently}{': ' if about else ''}{about}")
    look = looks.next_at(database, article)
    if look is not None and look[0] is not None:
        lines.append(f"next look at the page: {look[0]:%Y-%m-%d %H:%M} UTC ({look[1]})")
    elif look is not None:
        lines.append(f"the page is not looked at again ({look[1]})")
    return lines
