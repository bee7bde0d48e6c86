"""What still rings on a story that somebody took in hand. Pure.

An acknowledgement says: we know, and we are on it. Further articles on what is known, a second origin and the other
side's confirmation ring no more; an act that nobody acknowledged, a higher severity and whatever takes something
back do.
"""

from __future__ import annotations

from collections.abc import Iterable

from alerts.acts import Act, same_act
from storage.types import Decision, DecisionKind, Signal

#: reason of a decision that an acknowledgement keeps quiet
ACKNOWLEDGED = "acknowledged"


def unless_acknowledged(decision: Decision, acknowledged: Iterable[tuple[Act, int]] | None) -> Decision:
    """Return the decision, or one to keep quiet when people acknowledged all that it tells.

    Args:
        decision: on an article.
        acknowledged: acts of its story that the watch's people acknowledged, each with its highest severity; None
            when they acknowledged nothing.
    """
    # Nothing is told of a decision without signals, so nothing says that it is known: it rings.
    if acknowledged is None or decision.kind is not DecisionKind.UPDATE or not decision.signals:
        return decision
    known = tuple(acknowledged)
    if not all(_is_known(signal, known) for signal in decision.signals):
        return decision
    return Decision(
        watch_id=decision.watch_id,
        kind=DecisionKind.NONE,
        reason=ACKNOWLEDGED,
        detail=f"somebody took this in hand, and it adds nothing to that ({decision.reason})",
    )


def _is_known(signal: Signal, acknowledged: Iterable[tuple[Act, int]]) -> bool:
    return any(same_act(signal.act, act) and signal.severity <= severity for act, severity in acknowledged)
