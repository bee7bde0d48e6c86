"""Who did it to whom: the states around a trigger turned into actor and target.

A rule lists, for each role, where to look and in which order. The nationality of the thing acted
on (« deux diplomates maliens », "the French envoy") tells more than syntax does, so most rules look
there first; what a sentence leaves open is filled from its neighbours by the engine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from detection.arabic import is_arabic
from detection.countries import BODIES, Mention, MentionKind, fused_preposition
from detection.scene import (
    APPOSITION_REACH,
    NATIONALITY_REACH,
    Scene,
    distance,
    is_possessed,
    is_small,
    nationality,
    small_words,
)

#: forms that name a state and let it do nothing, and those that are spoken to
_NEVER_ACT = frozenset({MentionKind.MEDIA, MentionKind.PLACE})
_ADDRESSED = frozenset({MentionKind.NAME, MentionKind.SEAT})
#: what a verb governs directly stands at most so many words behind it
_DIRECT_REACH = 7
#: « sur ordre de » stands at most so many words after the act
_ORDER_REACH = 18
#: and « par » with who acts
_AGENT_REACH = 18
#: a subject of the sentence beats a nearer state that merely qualifies some noun
_FAR_OWNER = 20
#: in Arabic who acts stands behind the verb: « طردت مالي », « استدعت وزارة الخارجية المالية »
_VERB_FIRST_REACH = 3


@dataclass(frozen=True, slots=True)
class Roles:
    """Actor and target as far as one sentence tells, with the source that gave each."""

    actor: str | None = None
    target: str | None = None
    actor_from: str = ""
    target_from: str = ""


def _matched(scene: Scene) -> Mention | None:
    """Return the nationality of the very object that the match holds, never that of another."""
    found = [nationality(scene, span) for span in scene.matched]
    known = sorted((mention for mention in found if mention is not None), key=lambda mention: mention.first)
    if len({mention.code for mention in known}) > 1:
        # « deux Maliens et un Français arrêtés à Bamako »: the foreigner is what concerns states.
        host = _by(scene) or _at(scene)
        known = [mention for mention in known if host is None or mention.code != host.code]
    return known[0] if known else None


def _object(scene: Scene) -> Mention | None:
    for span in scene.near:
        mention = nationality(scene, span)
        if mention is not None:
            return mention
    return None


def _owner(scene: Scene) -> Mention | None:
    for span in scene.near[:1]:
        # « son ambassadeur », « ses deux diplomates », "its top envoy", « سفيرها »
        if is_possessed(scene.words[span[1] - 1]):
            return _nearest_left(scene, span[0], frozenset(), aside=_FAR_OWNER)
        for at in range(max(scene.sentence.first, span[0] - 2), span[0]):
            if is_small(scene.words[at], "possessive"):
                # "Mali calls its Paris ambassador home": whose it is stands before « its ».
                return _nearest_left(scene, at, frozenset(), aside=_FAR_OWNER)
    return None


def _posting(scene: Scene) -> Mention | None:
    """Return where the object serves: « son ambassadeur à Bamako », "envoy to Mali"."""
    for span in scene.near:
        for mention in scene.mentions:
            near = 0 < mention.first - span[1] <= NATIONALITY_REACH
            if near and mention.kind is not MentionKind.PEOPLE and is_small(scene.before(mention), "locative"):
                return mention
    return None


def _owned_words(scene: Scene) -> frozenset[int]:
    """Return the tokens that belong to the object and so cannot be the subject."""
    tokens: set[int] = set()
    for span in scene.near:
        mention = nationality(scene, span)
        if mention is not None:
            tokens.update(range(min(span[0], mention.first), max(span[1], mention.last)))
    return frozenset(tokens)


def _may_act(scene: Scene, mention: Mention) -> bool:
    if mention.kind in _NEVER_ACT:
        return False
    words = scene.words
    start = max(scene.sentence.first, mention.first - 4)
    if not small_words("joint").isdisjoint(words[max(scene.sentence.first, mention.first - 6) : mention.first]):
        return False  # « entre la France et le Mali » names both and sets neither against the other
    if fused_preposition(words[mention.first]):
        return False
    if mention.kind is MentionKind.PEOPLE:
        return small_words("oblique_near").isdisjoint(words[start : mention.first])
    before = scene.before(mention)
    if is_small(before, "warning"):
        return False  # "Mali warns France it will …": the one who is warned does nothing
    if is_small(before, "locative"):
        # Without accents « à Bamako » reads like "a". « la junte à Bamako », "authorities in Mali" act all the same.
        return mention.first > 1 and is_small(words[mention.first - 2], "institutions")
    return not is_small(before, "oblique")


def _nearest_left(scene: Scene, limit: int, taken: frozenset[int], aside: int = 6) -> Mention | None:
    """Return the state that most likely governs what stands at ``limit``; those at ``taken`` are spoken for.

    That a state only qualifies a noun (« du Mali ») weighs as much as ``aside`` words of distance.
    """
    clause = scene.sentence.clause_of(min(limit, scene.sentence.last - 1))
    best: tuple[int, Mention] | None = None
    for mention in scene.mentions:
        if mention.last > limit or mention.first in taken or not _may_act(scene, mention):
            continue
        cost = limit - mention.last
        if is_small(scene.before(mention), "genitive") and mention.kind is not MentionKind.PEOPLE:
            cost += aside
        if scene.sentence.clause_of(mention.first) != clause:
            cost += 3
        if best is None or cost < best[0]:
            best = (cost, mention)
    return best[1] if best else None


def _is_passive(scene: Scene) -> bool:
    if scene.words[scene.head[0]].endswith("ing"):
        return False  # "was expelling"
    begin = max(scene.sentence.first, scene.head[0] - 3)
    return not small_words("passive").isdisjoint(scene.words[begin : scene.head[0]])


def _subject(scene: Scene) -> Mention | None:
    if _is_passive(scene):
        return None
    taken = _owned_words(scene)
    return _relative(scene) or _verb_first(scene, taken) or _nearest_left(scene, scene.head[0], taken)


def _verb_first(scene: Scene, taken: frozenset[int]) -> Mention | None:
    """Return who stands right behind an Arabic verb: « طردت مالي السفير », unless somebody stands right before it."""
    if not is_arabic(scene.words[scene.head[0]]):
        return None
    clause, end = scene.sentence.clause_of(scene.head[0]), scene.head[1]
    for mention in scene.mentions:
        if mention.last == scene.head[0] and _may_act(scene, mention):
            return None
        near = 0 <= mention.first - end <= _VERB_FIRST_REACH and scene.sentence.clause_of(mention.first) == clause
        between = scene.words[end : mention.first]
        if near and mention.first not in taken and _may_act(scene, mention):
            authority = mention.kind is not MentionKind.PEOPLE or any(
                is_small(word, "institutions") for word in between
            )
            if authority and not any(is_small(word, "stops") for word in between):
                return mention
    return None


def _relative(scene: Scene) -> Mention | None:
    """Return who acts on the object in a clause of its own: « les diplomates que la France renvoie »."""
    for span in scene.matched:
        for mention in scene.mentions:
            near = 0 < mention.first - span[1] <= APPOSITION_REACH and mention.last <= scene.head[0]
            if near and is_small(scene.words[span[1]], "whom"):
                return mention
    return None


def _following(scene: Scene, markers: str, *, begin: int, reach: int, span: int) -> Mention | None:
    """Return the first state at most ``span`` words after a marker within ``reach`` of ``begin``."""
    for at in scene.places(markers, begin, begin + reach):
        mention = None if _is_where_it_is_kept(scene, at) or _is_verbal(scene, at) else _after(scene, at, span)
        if mention is not None:
            return mention
    return None


def _after(scene: Scene, at: int, span: int) -> Mention | None:
    """Return the first state that may act at most ``span`` words after a place."""
    for mention in scene.mentions:
        if at < mention.first <= at + span and mention.kind not in _NEVER_ACT:
            return mention
    return None


def _is_where_it_is_kept(scene: Scene, at: int) -> bool:
    """Say whether a place only tells where money lies: « bloque leurs comptes au Mali »."""
    before = scene.words[max(scene.sentence.first, at - 2) : at]
    return is_small(scene.words[at], "locative") and any(is_small(word, "holdings") for word in before)


def _names_a_time(scene: Scene, at: int) -> bool:
    """Say whether a day or an hour stands at a place: "by Friday", "on Monday"."""
    return at < scene.sentence.last and is_small(scene.words[at], "times")


def _is_verbal(scene: Scene, at: int) -> bool:
    """Say whether a small word belongs to a verb or a day: « a déclaré », which reads like « à », or "on Monday"."""
    auxiliary = scene.words[at] == "a" and at + 1 < scene.sentence.last and is_small(scene.words[at + 1], "speech")
    return auxiliary or _names_a_time(scene, at + 1)


def _by(scene: Scene) -> Mention | None:
    return _agent(scene) or _at_the_order(scene)


def _agent(scene: Scene) -> Mention | None:
    """Return who acts: the state after « par » or "by", unless it only pays or employs."""
    for at in scene.places("agent", scene.head[1], scene.head[1] + _AGENT_REACH):
        paid = at > 0 and is_small(scene.words[at - 1], "backing")
        mention = None if paid or _names_a_time(scene, at + 1) else _after(scene, at, 6)
        if mention is not None:
            return mention
    return None


def _backer(scene: Scene) -> Mention | None:
    """Return who pays or employs: « ONG financées par la France »."""
    return _following(scene, "agent", begin=scene.head[1], reach=_AGENT_REACH, span=6)


def _at_the_order(scene: Scene) -> Mention | None:
    """Return on whose order it was done: « fermé sur décision de Paris », "on the orders of Bamako"."""
    for at in scene.places("order", scene.head[1] + 1, scene.head[1] + _ORDER_REACH):
        ordered = not small_words("on_order").isdisjoint(scene.words[max(scene.head[1], at - 2) : at])
        mention = _after(scene, at, 4) if ordered else None
        if mention is not None:
            return mention
    return None


def _author(scene: Scene) -> Mention | None:
    """Return whose act a noun names: "French sanctions", « l'ultimatum malien »."""
    mention = nationality(scene, scene.head)
    # « sanctions françaises », but not « gelé les avoirs maliens »
    return mention if mention is not None and mention.first - scene.head[1] <= 1 else None


def _addressee(scene: Scene) -> Mention | None:
    """Return whom the verb speaks to: « demande à la France de », "asked France to"."""
    acting = _verb_first(scene, frozenset())
    for mention in scene.mentions:
        if mention is acting:
            continue
        if scene.head[1] <= mention.first <= scene.head[1] + 2 and mention.kind in _ADDRESSED:
            return mention
    return None


def _direct(scene: Scene) -> Mention | None:
    """Return whom an active verb strikes: « accuse un service français », "accused Ghana of"."""
    if _is_passive(scene):
        return None
    acting = _verb_first(scene, frozenset())
    by_first = {mention.first: mention for mention in scene.mentions if mention is not acting}
    for at in range(scene.head[1], min(scene.head[1] + _DIRECT_REACH, scene.sentence.last)):
        mention = by_first.get(at)
        # "a French surveyor" stands at no place, though « à » without its accent does.
        placed = mention is not None and (
            mention.kind is MentionKind.PLACE
            or (mention.kind is not MentionKind.PEOPLE and is_small(scene.before(mention), "locative"))
        )
        if mention is not None and not placed:
            return mention
        beyond = scene.sentence.clause_of(at) != scene.sentence.clause_of(scene.head[0])
        if beyond or (is_small(scene.words[at], "stops") and not is_small(scene.words[at], "locative")):
            return None
    return None


def _with(scene: Scene) -> Mention | None:
    return _following(scene, "company", begin=scene.trigger[0], reach=16, span=6)


def _against(scene: Scene) -> Mention | None:
    return _following(scene, "opponent", begin=scene.head[1], reach=14, span=6)


def _at(scene: Scene) -> Mention | None:
    places = [
        mention
        for mention in scene.mentions
        if (mention.kind is MentionKind.PLACE or is_small(scene.before(mention), "locative"))
        and mention.kind is not MentionKind.PEOPLE
        and mention.code not in BODIES
        and not _is_destination(scene, mention)
        and not is_small(scene.words[max(scene.sentence.first, mention.first - 2)], "registered")
    ]
    return min(places, key=lambda mention: distance(scene.trigger, mention), default=None)


def _is_destination(scene: Scene, mention: Mention) -> bool:
    """Say whether a plane goes to a place, or comes from it: « l'avion de Casablanca », "a flight to Bamako"."""
    ride = scene.words[max(scene.sentence.first, mention.first - 2) : mention.first]
    return len(ride) == 2 and is_small(ride[0], "rides") and is_small(ride[1], "bound")


def _from(scene: Scene) -> Mention | None:
    for mention in scene.mentions:
        near = scene.head[1] <= mention.first <= scene.trigger[1] + 6
        if near and mention.kind is not MentionKind.PEOPLE and is_small(scene.before(mention), "origin"):
            return mention
    return None


def _speaker(scene: Scene) -> Mention | None:
    """Return who tells of the act after it: « est suspendue, a annoncé l'état-major français »."""
    return _following(scene, "speech", begin=scene.trigger[1], reach=12, span=5)


_SOURCES: Mapping[str, Callable[[Scene], Mention | None]] = {
    "by": _by,
    "backer": _backer,
    "subject": _subject,
    "object": _object,
    "author": _author,
    "matched": _matched,
    "direct": _direct,
    "owner": _owner,
    "addressee": _addressee,
    "posting": _posting,
    "with": _with,
    "against": _against,
    "at": _at,
    "from": _from,
    "speaker": _speaker,
}


def _search(scene: Scene, sources: Sequence[str], taken: str | None) -> tuple[str | None, str]:
    open_scene = scene if taken is None else scene.without(taken)
    for source in sources:
        finder = _SOURCES.get(source)
        mention = finder(open_scene) if finder else None
        if mention is not None:
            return mention.code, source
    return None, ""


def _other(scene: Scene, taken: str | None) -> str | None:
    rest = [mention for mention in scene.mentions if mention.code != taken and mention.kind is not MentionKind.MEDIA]
    nearest = min(rest, key=lambda mention: distance(scene.trigger, mention), default=None)
    return nearest.code if nearest else None


def find_roles(scene: Scene, *, actor: Sequence[str], target: Sequence[str]) -> Roles:
    """Return the roles that the sentence itself gives.

    Args:
        scene: the trigger and its surroundings.
        actor: sources to look at for the actor, best first.
        target: the same for the target, which is looked for first.
    """
    target_code, target_from = _search(scene, target, None)
    if "by_owner" in actor and target_code is not None:
        # « L'ambassade de France à Bamako a été fermée par Paris »: a state acts on what is its own.
        agent = _by(scene)
        if agent is not None and agent.code == target_code:
            other_code, other_from = _search(scene, target, target_code)
            if other_code is not None:
                return Roles(target_code, other_code, "by_owner", other_from)
    actor_code, actor_from = _search(scene, actor, target_code)
    if target_code is None and actor_code is None and "other" in actor and "other" in target:
        # « Rupture des relations : le Mali franchit le pas »: a state that stands alone acts.
        alone = [mention for mention in scene.mentions if _may_act(scene, mention)]
        if alone and not is_small(scene.before(alone[0]), "genitive"):
            actor_code, actor_from = alone[0].code, "other"
    if target_code is None and ("other" in target or (actor_code is not None and "opposite" in target)):
        target_code = _other(scene, actor_code)
        target_from = "other" if target_code else ""
    if actor_code is None and ("other" in actor or (target_code is not None and "opposite" in actor)):
        actor_code = _other(scene, target_code)
        actor_from = "other" if actor_code else ""
    return Roles(actor_code, target_code, actor_from, target_from)
