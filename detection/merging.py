"""From candidates to signals: what the whole text says of each, roles filled in, duplicates merged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from detection.compiler import Rule
from detection.countries import Mention, MentionKind
from detection.cues import FoundCue, Scope
from detection.patterns import Span
from detection.reading import Reading
from detection.roles import Roles
from detection.sentences import Sentence
from detection.status import Verdict
from storage.types import Status

#: only the title and this many sentences speak for the whole text
OPENING = 4
_STRONG = frozenset({MentionKind.NAME, MentionKind.SEAT, MentionKind.PEOPLE})
#: types that tell one story in other words: a denial of one denies the others
_FAMILIES = (
    frozenset({"expel_ambassador", "expel_diplomats", "expel_national"}),
    frozenset({"suspend_cooperation", "suspend_aid", "denounce_agreement"}),
    frozenset({"expel_troops", "troop_withdrawal", "ultimatum"}),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A match on its way to a signal."""

    rule: Rule
    sentence: Sentence
    head: Span
    trigger: Span
    roles: Roles
    verdict: Verdict
    #: in the imperfect of stories, which goes on with the past that the lines before have opened
    narrated: bool = False

    @property
    def type(self) -> str:
        """Type of the ladder."""
        return self.rule.entry.type


#: what joins two who act
_AND = frozenset({"and", "et", "и"})


def _same_family(one: str, two: str) -> bool:
    return one == two or any(one in family and two in family for family in _FAMILIES)


def _weak(candidate: Candidate) -> bool:
    """Say whether mere nearness speaks for the roles, though the rule knows better evidence."""
    roles = candidate.roles
    near = {"other", "opposite", ""}
    return roles.target_from in near and (
        roles.actor_from in near or bool({"object", "matched"} & set(candidate.rule.entry.target))
    )


def _agrees(roles: Roles, other: Roles) -> bool:
    pairs = ((roles.actor, other.actor), (roles.target, other.target))
    return all(mine is None or yours is None or mine == yours for mine, yours in pairs)


def _nearest(candidate: Candidate, others: Sequence[Candidate]) -> Candidate:
    at = candidate.sentence.index
    return min(others, key=lambda other: (abs(other.sentence.index - at), other.sentence.index))


def _from_same_act(candidate: Candidate, complete: Sequence[Candidate]) -> Roles | None:
    """Return the roles of the nearest complete candidate that can be the same act."""
    # What history tells of another year's act says nothing of today's.
    past = candidate.verdict.status is Status.PAST
    told = [other for other in complete if past or other.verdict.status is not Status.PAST]
    able = [other for other in told if other.type == candidate.type and _agrees(candidate.roles, other.roles)]
    if not able:
        able = [
            other
            for other in told
            if _same_family(other.type, candidate.type)
            and _agrees(candidate.roles, other.roles)
            and abs(other.sentence.index - candidate.sentence.index) <= 1
        ]
    if not able:
        return None
    return _nearest(candidate, able).roles


def _context(reading: Reading, at: int) -> Iterable[Sequence[Mention]]:
    """Yield mentions that may fill a role: before, the title, after, then all; background fills none."""
    order = [at - 1, 0, at + 1, at + 2] if at else [1, 2]
    for index in order:
        if 0 <= index < len(reading.sentences) and index != at and not reading.is_background(reading.sentences[index]):
            yield reading.mentions_in(reading.sentences[index])
    yield reading.news


def _fill_one(reading: Reading, at: int, taken: frozenset[str | None]) -> str | None:
    counts = Counter(mention.code for mention in reading.news)
    for mentions in _context(reading, at):
        able = [mention for mention in mentions if mention.code not in taken and mention.kind in _STRONG]
        if able:
            best = max(able, key=lambda mention: (counts[mention.code], -mention.first))
            return best.code
    return None


def _roles_told_beside(reading: Reading, at: int) -> Roles:
    """Return the two states that a neighbouring sentence names, if just two.

    The title and the sentence before are asked; for the title itself, the one after. The state
    acts that is named first as a state: a demonym first (« ce diplomate français ») is acted on.
    """
    for index in (0, at - 1) if at else (1, 2):
        if 0 <= index < len(reading.sentences):
            mentions = [one for one in reading.mentions_in(reading.sentences[index]) if one.kind in _STRONG]
            codes = list(dict.fromkeys(one.code for one in mentions))
            if len(codes) == 2:
                named = [one.code for one in mentions if one.kind is not MentionKind.PEOPLE] or codes[::-1]
                other = codes[0] if codes[1] == named[0] else codes[1]
                return Roles(named[0], other, "context", "context")
    return Roles()


def _is_joint(candidate: Candidate, reading: Reading) -> bool:
    """Say whether the one who acts is named in one breath with another: "Paris and Bamako", which of them is open."""
    words = reading.tokens.words
    mentions = reading.mentions_in(candidate.sentence)
    return any(
        one.code == candidate.roles.actor
        and other.code != one.code
        and other.last == one.first - 1
        and words[other.last] in _AND
        for one in mentions
        for other in mentions
    )


def _filled(
    candidate: Candidate,
    complete: Sequence[Candidate],
    strong: Mapping[str, Sequence[Candidate]],
    reading: Reading,
) -> Candidate:
    roles, entry = candidate.roles, candidate.rule.entry
    told = strong.get(candidate.type, ()) if _weak(candidate) else ()
    # « La France … expulse »: who acts is plain, and an act of the other side in the next line is another act.
    plain = roles.actor_from == "subject" and not _is_joint(candidate, reading)
    agreeing = [one for one in told if not plain or one.roles.actor == roles.actor]
    if agreeing:
        return replace(candidate, roles=_nearest(candidate, agreeing).roles)
    if roles.actor is not None and roles.target is not None:
        return candidate
    act = _from_same_act(candidate, complete)
    if act is not None:
        return replace(candidate, roles=act)
    if roles.actor is None and roles.target is None and "context" in entry.target and "context" in entry.actor:
        return replace(candidate, roles=_roles_told_beside(reading, candidate.sentence.index))
    at = candidate.sentence.index
    if roles.target is None and ("context" in entry.target or (roles.actor and "opposite" in entry.target)):
        code = _fill_one(reading, at, frozenset({roles.actor, *entry.not_role}))
        roles = replace(roles, target=code, target_from="context" if code else "")
    if roles.actor is None and ("context" in entry.actor or (roles.target and "opposite" in entry.actor)):
        code = _fill_one(reading, at, frozenset({roles.target, *entry.not_role}))
        roles = replace(roles, actor=code, actor_from="context" if code else "")
    return replace(candidate, roles=roles)


def fill_roles(candidates: Sequence[Candidate], reading: Reading) -> list[Candidate]:
    """Return the candidates with open roles filled from the same act told elsewhere, else from neighbours.

    What is told of the past says nothing of who acts today.
    """
    complete = [one for one in candidates if one.roles.actor is not None and one.roles.target is not None]
    current = [one for one in complete if one.verdict.status is not Status.PAST]
    sources = {Status.PAST: (complete, _strong(complete))}
    otherwise = (current, _strong(current))
    return [_filled(one, *sources.get(one.verdict.status, otherwise), reading) for one in candidates]


def _strong(complete: Sequence[Candidate]) -> dict[str, list[Candidate]]:
    strong: dict[str, list[Candidate]] = {}
    for one in complete:
        if not _weak(one):
            strong.setdefault(one.type, []).append(one)
    return strong


def _denied_by_title(candidate: Candidate, title: Sequence[Candidate]) -> Candidate | None:
    for other in title:
        doubtful = other.verdict.status in {Status.DENIED, Status.HYPOTHETICAL, Status.THREATENED}
        if doubtful and _same_family(other.type, candidate.type) and _agrees(candidate.roles, other.roles):
            return other
    return None


def settle(
    candidates: Sequence[Candidate], text_cues: Sequence[tuple[int, FoundCue]], *, has_title: bool
) -> list[Candidate]:
    """Return the candidates with the status that the whole text gives them.

    A title that denies or doubts an act governs the text below it; a denial or an unverified rumour
    in the opening overrides what the lines before it assert. A story told in the imperfect stays in
    the past where its first act was.

    Args:
        candidates: of the whole text, in order.
        text_cues: cues about the whole text, each with the number of its sentence.
        has_title: sentence 0 is not empty.
    """
    title = [candidate for candidate in candidates if candidate.sentence.index == 0] if has_title else []
    settled: list[Candidate] = []
    for candidate in candidates:
        verdict = candidate.verdict
        if verdict.status is Status.ASSERTED:
            governing = _denied_by_title(candidate, title) if candidate not in title else None
            if governing is not None:
                verdict = governing.verdict
            for at, cue in text_cues:
                near = at <= OPENING and at - candidate.sentence.index >= -1
                opened = at == 1 and candidate.sentence.index == 0
                governs = near and (cue.meaning is not Status.PAST or opened)
                if cue.scope is Scope.TITLE and cue.span[0] != 0:
                    continue
                if at and cue.meaning is Status.DENIED and _told_in(title, candidate):
                    continue  # what the headline tells as done is not what somebody further down calls false
                if at == 0 or governs:
                    verdict = Verdict(cue.meaning, (cue.words,))
                    break
        if verdict.status is Status.ASSERTED and candidate.narrated:
            verdict = _story_so_far(candidate, settled) or verdict
        settled.append(candidate if verdict is candidate.verdict else replace(candidate, verdict=verdict))
    return settled


def _told_in(title: Sequence[Candidate], candidate: Candidate) -> bool:
    """Say whether the title tells an act as done."""
    return any(
        one.verdict.status is Status.ASSERTED
        and _same_family(one.type, candidate.type)
        and _agrees(one.roles, candidate.roles)
        for one in title
    )


def _story_so_far(candidate: Candidate, settled: Sequence[Candidate]) -> Verdict | None:
    """Return the verdict of the act told before, when that is past and not more than a sentence between."""
    at = candidate.sentence.index
    earlier = [one for one in settled if at - 2 <= one.sentence.index < at]
    return earlier[-1].verdict if earlier and earlier[-1].verdict.status is Status.PAST else None


_RANK = {
    status: rank
    for rank, status in enumerate(
        (Status.ASSERTED, Status.THREATENED, Status.HYPOTHETICAL, Status.DENIED, Status.PAST, Status.ENDED)
    )
}


def merge(candidates: Sequence[Candidate]) -> tuple[list[Candidate], list[tuple[Candidate, str]]]:
    """Return one candidate per act and status, and those dropped with the reason.

    An act that the text asserts anywhere keeps its asserted candidates only; one that is never
    asserted keeps the earliest of each status. A candidate with an open role gives way to a fuller
    one of its type.
    """
    kept: list[Candidate] = []
    dropped: list[tuple[Candidate, str]] = []
    ranked = sorted(
        candidates,
        key=lambda one: (
            (one.roles.actor is None) + (one.roles.target is None),
            _RANK[one.verdict.status],
            one.sentence.index,
            one.trigger,
        ),
    )
    for candidate in ranked:
        if candidate.roles.actor is None and candidate.roles.target is None:
            dropped.append((candidate, "no_country"))
            continue
        rival = next((other for other in kept if _absorbs(other, candidate)), None)
        if rival is None:
            kept.append(candidate)
        else:
            dropped.append((candidate, f"merged into {rival.rule.entry.id}"))
    kept.sort(key=lambda one: (one.trigger, one.type))
    return kept, dropped


def _absorbs(kept: Candidate, candidate: Candidate) -> bool:
    if kept.type != candidate.type or not _agrees(kept.roles, candidate.roles):
        return False
    return kept.verdict.status in {Status.ASSERTED, candidate.verdict.status}
