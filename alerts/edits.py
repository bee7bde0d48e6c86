"""Whether an edit of an article is worth telling: a phrase that came, or one that went. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from alerts.acts import Act, among, is_told, names_of, same_act
from storage.types import Decision, DecisionKind, Signal, Watch


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """Two versions of an article as one watch sees them: the signals that pass its bar in each."""

    before: tuple[Signal, ...]
    after: tuple[Signal, ...]
    #: every signal of either, over the bar or not: what is only doubted now has not gone
    all_before: tuple[Signal, ...] = ()
    all_after: tuple[Signal, ...] = ()
    #: when the old text was seen last, as far as is known, and when the new one was seen first
    since: datetime
    until: datetime
    #: the page does not admit that it was changed
    silent: bool


def decide_edit(
    watch: Watch,
    edit: Edit,
    *,
    told: Sequence[tuple[Act, int]],
    told_elsewhere: Sequence[tuple[Act, int]],
    removed: Sequence[Act],
) -> Decision:
    """Decide what an edit tells the people of a watch.

    Args:
        watch: whose people.
        edit: the two versions.
        told: acts of the story that they were told, each with its highest severity.
        told_elsewhere: acts of other stories of the affair that they were told.
        removed: acts that they were told another edit took out.

    Returns:
        EDITED with the phrases that came (``phrase_added``) or went (``phrase_removed``), each of them once; else
        NONE with ``already_told``, ``told_in_affair`` or ``no_change``.
    """
    came = _missing(edit.after, (*edit.before, *edit.all_before))
    went = _missing(edit.before, (*edit.after, *edit.all_after))
    unknown = tuple(signal for signal in came if not among(signal.act, (act for act, _ in told)))
    added = tuple(signal for signal in unknown if not is_told(signal, told_elsewhere))
    gone = tuple(signal for signal in went if not among(signal.act, removed))
    if added or gone:
        raised = tuple(one for one in edit.after if one not in came and _is_graver(one, told)) if added else ()
        reason, phrases = ("phrase_added", added) if added else ("phrase_removed", gone)
        how = "silently" if edit.silent else "openly"
        verb = "brought in" if added else "took out"
        also = f"; it took out: {names_of(gone)}" if added and gone else ""
        return Decision(
            watch_id=watch.id, kind=DecisionKind.EDITED, reason=reason,
            detail=f"an edit, made {how}, {verb}: {names_of(phrases)}{also}",
            severity=max(signal.severity for signal in (*added, *raised, *gone)),
            signals=(*added, *raised, *gone), removed=gone, between=(edit.since, edit.until),
        )  # fmt: skip
    if unknown:
        reason, detail = "told_in_affair", f"what the edit brought in another story told: {names_of(unknown)}"
    elif came or went:
        reason, detail = "already_told", f"what the edit changed was told before: {names_of((*came, *went))}"
    else:
        reason, detail = "no_change", "the edit neither brought in a phrase over the bar nor took one out"
    return Decision(watch_id=watch.id, kind=DecisionKind.NONE, reason=reason, detail=detail)


def _missing(here: Iterable[Signal], there: Sequence[Signal]) -> tuple[Signal, ...]:
    """Return the signals of one version whose act no signal of the other tells in the same way, each act once."""
    found: list[Signal] = []
    for signal in here:
        if not any(_same(signal, other) for other in (*there, *found)):
            found.append(signal)
    return tuple(found)


def _same(one: Signal, other: Signal) -> bool:
    return one.status is other.status and same_act(one.act, other.act)


def _is_graver(signal: Signal, told: Sequence[tuple[Act, int]]) -> bool:
    known = [severity for act, severity in told if same_act(signal.act, act)]
    return bool(known) and signal.severity > max(known)
