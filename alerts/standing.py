"""What of all that people were told still stands: the acts that were not taken back since. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from alerts.acts import Act, among, same_act


class Telling(Protocol):
    """An alert as far as it tells acts or takes them back; ``storage.standing`` gives it."""

    @property
    def story_id(self) -> int | None:
        """The story it tells of."""
        ...

    @property
    def acts(self) -> tuple[tuple[Act, int], ...]:
        """What it tells, or takes back, each with its severity."""
        ...

    @property
    def takes_back(self) -> str | None:
        """The reason of a correction; None for any other alert."""
        ...

    @property
    def asserted(self) -> tuple[Act, ...]:
        """What the article of a correction tells as done all the same."""
        ...

    @property
    def named(self) -> tuple[Act, ...]:
        """What the article of a correction speaks of in any way: as done, denied or threatened."""
        ...

    @property
    def at(self) -> datetime:
        """When it was decided."""
        ...

    @property
    def in_thread(self) -> bool:
        """Whether its story is one of the affair in question."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An act that people were told and that nobody took back since."""

    act: Act
    severity: int
    at: datetime
    in_thread: bool


def standing(tellings: Iterable[Telling], *, doubted: bool) -> tuple[Standing, ...]:
    """Return what still stands of some alerts.

    A cancellation and a withdrawal take back what they name. A correction does where its article does not tell the
    act any more. What a correction takes back of one story, another story may still tell.

    Args:
        tellings: alerts with the corrections among them, in the order in which they were decided.
        doubted: whether acts stand that are denied, or that a correction does not speak of.
    """
    stands: dict[int | None, list[Standing]] = {}
    for one in tellings:
        known = stands.setdefault(one.story_id, [])
        if one.takes_back is None:
            known.extend(
                Standing(act=act, severity=severity, at=one.at, in_thread=one.in_thread) for act, severity in one.acts
            )
        else:
            gone = _taken_back(one, doubted=doubted)
            known[:] = [told for told in known if not among(told.act, gone)]
    return tuple(told for known in stands.values() for told in known)


def highest(told: Iterable[Standing]) -> tuple[tuple[Act, int], ...]:
    """Return each act once, with its highest severity."""
    found: dict[Act, int] = {}
    for one in told:
        found[one.act] = max(one.severity, found.get(one.act, 0))
    return tuple(sorted(found.items(), key=str))


def is_moot(acts: Sequence[tuple[Act, int]], left: Iterable[Standing], *, least_severity: int) -> bool:
    """Whether nothing grave of what an alert tells stands any more; one that names no act is never moot.

    Args:
        acts: what the alert tells, or takes back, each with its severity.
        left: what stands of its story.
        least_severity: lesser acts are not grave.
    """
    grave = [one.act for one in left if one.severity >= least_severity]
    return bool(acts) and not any(same_act(act, other) for act, _ in acts for other in grave)


def _taken_back(correction: Telling, *, doubted: bool) -> list[Act]:
    acts = [act for act, _ in correction.acts]
    if correction.takes_back == "denied":
        return [] if doubted else acts
    if correction.takes_back == "corrected":
        # Where its article does not say which act it means, a correction names all that the alert told.
        meant = [act for act in acts if among(act, correction.named)] if doubted else acts
        return [act for act in meant if not among(act, correction.asserted)]
    return acts
