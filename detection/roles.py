"""Who did it to whom: the states around a trigger turned into actor and target.

A rule lists, for each role, where to look and in which order. The nationality of the thing acted
on (« deux diplomates maliens », "the French envoy") tells more than syntax does, so most rules look
there first; what a sentence leaves open is filled from its neighbours by the engine.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from detection.countries import Mention, MentionKind
from detection.patterns import Span
from detection.sentences import Sentence

_FILE = Path(__file__).with_name("roles.toml")
_OBJECT_REACH = 22
_NATIONALITY_REACH = 9
#: between a noun and its apposition (« un Français, agent de l'ambassade »)
_APPOSITION_REACH = 4
#: what a verb governs directly stands at most so many words behind it
_DIRECT_REACH = 7
#: « sur ordre de » stands at most so many words after the act
_ORDER_REACH = 18
#: and « par » with who acts
_AGENT_REACH = 18
#: a subject of the sentence beats a nearer state that merely qualifies some noun
_FAR_OWNER = 20


@cache
def _small_words() -> Mapping[str, frozenset[str]]:
    return {key: frozenset(words) for key, words in tomllib.loads(_FILE.read_text("utf-8")).items()}


def small_words(kind: str) -> frozenset[str]:
    """Return the small words of a kind that ``roles.toml`` describes."""
    return _small_words()[kind]


def _is(word: str, kind: str) -> bool:
    """Say whether a word is one of the small words of a kind."""
    return word in _small_words()[kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A trigger in its sentence: all that the search for roles looks at."""

    words: Sequence[str]
    sentence: Sentence
    #: states named in the sentence, in order
    mentions: tuple[Mention, ...]
    #: spans of the match's groups
    spans: tuple[Span, ...]
    head: Span
    #: from the first to after the last word of the match
    trigger: Span
    #: places of the rule's object words in the sentence
    objects: tuple[Span, ...]

    def before(self, mention: Mention) -> str:
        """Return the word before a mention, articles and descriptions left out; empty at the sentence's begin."""
        at = mention.first - 1
        skipped = _small_words()["articles"] | _small_words()["described"]
        while at >= self.sentence.first and self.words[at] in skipped:
            at -= 1
        return self.words[at] if at >= self.sentence.first else ""


@dataclass(frozen=True, slots=True)
class Roles:
    """Actor and target as far as one sentence tells, with the source that gave each."""

    actor: str | None = None
    target: str | None = None
    actor_from: str = ""
    target_from: str = ""


def _distance(span: Span, mention: Mention) -> int:
    if mention.last <= span[0]:
        return span[0] - mention.last
    return max(0, mention.first - span[1])


def _within_reach(span: Span, trigger: Span) -> bool:
    return min(abs(span[0] - trigger[1]), abs(trigger[0] - span[1])) <= _OBJECT_REACH


def _near_objects(scene: Scene) -> list[Span]:
    """Return the object words that belong to the trigger: those it matched, then the nearest."""
    trigger = scene.trigger
    own = [span for span in scene.objects if any(part[0] <= span[0] < part[1] for part in scene.spans)]
    rest = [span for span in scene.objects if _within_reach(span, trigger) and span not in own]
    rest.sort(key=lambda span: min(abs(span[0] - scene.head[1]), abs(scene.head[0] - span[1])))
    return own + rest


def _belongs_right(scene: Scene, span: Span) -> Mention | None:
    """Return the state that follows a noun as its owner: « diplomates français », "envoy of France"."""
    by_first = {mention.first: mention for mention in scene.mentions}
    for at in range(span[1], min(span[1] + _NATIONALITY_REACH, scene.sentence.last)):
        if at == span[1] and _is(scene.words[at], "locative"):
            served = _served_at(scene, at)
            if served is not None:
                return served
        mention = by_first.get(at)
        if mention is not None:
            owns = mention.kind is MentionKind.PEOPLE or _is(scene.before(mention), "genitive")
            return mention if owns and mention.kind is not MentionKind.PLACE else None
        if _is(scene.words[at], "stops") or (scene.head[0] <= at < scene.head[1]):
            return None
        if at > span[1] and scene.sentence.clause_of(at) != scene.sentence.clause_of(span[0]):
            return None
    return None


def _served_at(scene: Scene, at: int) -> Mention | None:
    """Return the state whose mission stands at a place: "an attaché at Mali's embassy"."""
    for mention in scene.mentions:
        if at < mention.first <= at + 3:
            rest = [word for word in scene.words[mention.last : mention.last + 2] if word != "s"]
            return mention if rest and _is(rest[0], "missions") else None
    return None


def _belongs_left(scene: Scene, span: Span) -> Mention | None:
    """Return the state that qualifies a noun from before: "French military attaché", "Mali's envoy"."""
    by_last = {mention.last: mention for mention in scene.mentions}
    for at in range(span[0], max(span[0] - 4, scene.sentence.first - 1), -1):
        mention = by_last.get(at)
        if mention is not None and mention.last <= span[0]:
            owned = mention.last < len(scene.words) and (
                scene.words[mention.last] == "s" or _is(scene.words[mention.last], "owning")
            )
            if mention.kind is MentionKind.PEOPLE or owned:
                return mention
            return None
        word = scene.words[at - 1] if at else ""
        inside = any(part[0] <= at - 1 < part[1] and part != span for part in scene.spans)
        adjective = word == "military" and at == span[0]  # "French military attaché"
        if inside or (_is(word, "institutions") and not adjective) or _is(word, "stops") or _is(word, "genitive"):
            return None
    return None


def _nationality(scene: Scene, span: Span) -> Mention | None:
    for mention in scene.mentions:
        if span[0] <= mention.first and mention.last <= span[1]:
            return mention  # the noun is the people itself: « un Français », or an outlet
    return _belongs_right(scene, span) or _belongs_left(scene, span)


def _matched_objects(scene: Scene) -> list[Span]:
    """Return the object words of the match itself, and those in apposition to them."""
    own = [span for span in scene.objects if any(part[0] <= span[0] < part[1] for part in scene.spans)]
    rest = [span for span in scene.objects if _within_reach(span, scene.trigger) and span not in own]
    for span in rest:
        for anchor in tuple(own):
            first, second = (anchor, span) if anchor <= span else (span, anchor)
            if second[0] - first[1] > _APPOSITION_REACH:
                continue
            if not any(_is(word, "stops") for word in scene.words[first[1] : second[0]]):
                own.append(span)
                break
    return own


def _matched(scene: Scene) -> Mention | None:
    """Return the nationality of the very object that the match holds, never that of another."""
    found = [_nationality(scene, span) for span in _matched_objects(scene)]
    known = sorted((mention for mention in found if mention is not None), key=lambda mention: mention.first)
    if len({mention.code for mention in known}) > 1:
        # « deux Maliens et un Français arrêtés à Bamako »: the foreigner is what concerns states.
        host = _by(scene) or _at(scene)
        known = [mention for mention in known if host is None or mention.code != host.code]
    return known[0] if known else None


def _object(scene: Scene) -> Mention | None:
    for span in _near_objects(scene):
        mention = _nationality(scene, span)
        if mention is not None:
            return mention
    return None


def _owner(scene: Scene) -> Mention | None:
    for span in _near_objects(scene)[:1]:
        # « son ambassadeur », « ses deux diplomates », "its top envoy"
        if any(_is(word, "possessive") for word in scene.words[max(scene.sentence.first, span[0] - 2) : span[0]]):
            return _nearest_left(scene, span[0], frozenset(), aside=_FAR_OWNER)
    return None


def _posting(scene: Scene) -> Mention | None:
    """Return where the object serves: « son ambassadeur à Bamako », "envoy to Mali"."""
    for span in _near_objects(scene):
        for mention in scene.mentions:
            near = 0 < mention.first - span[1] <= _NATIONALITY_REACH
            if near and mention.kind is not MentionKind.PEOPLE and _is(scene.before(mention), "locative"):
                return mention
    return None


def _owned_words(scene: Scene) -> frozenset[int]:
    """Return the tokens that belong to the object and so cannot be the subject."""
    tokens: set[int] = set()
    for span in _near_objects(scene):
        mention = _nationality(scene, span)
        if mention is not None:
            tokens.update(range(min(span[0], mention.first), max(span[1], mention.last)))
    return frozenset(tokens)


def _may_act(scene: Scene, mention: Mention) -> bool:
    if mention.kind in {MentionKind.PLACE, MentionKind.MEDIA}:
        return False
    words = scene.words
    start = max(scene.sentence.first, mention.first - 4)
    if _small_words()["joint"] & set(words[max(scene.sentence.first, mention.first - 6) : mention.first]):
        return False  # « entre la France et le Mali » names both and sets neither against the other
    if mention.kind is MentionKind.PEOPLE:
        return not _small_words()["oblique_near"] & set(words[start : mention.first])
    before = scene.before(mention)
    if _is(before, "warning"):
        return False  # "Mali warns France it will …": the one who is warned does nothing
    if _is(before, "locative"):
        # Without accents « à Bamako » reads like "a". « la junte à Bamako », "authorities in Mali" act all the same.
        return mention.first > 1 and _is(words[mention.first - 2], "institutions")
    return not _is(before, "oblique")


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
        if _is(scene.before(mention), "genitive") and mention.kind is not MentionKind.PEOPLE:
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
    return bool(_small_words()["passive"] & set(scene.words[begin : scene.head[0]]))


def _subject(scene: Scene) -> Mention | None:
    if _is_passive(scene):
        return None
    return _relative(scene) or _nearest_left(scene, scene.head[0], _owned_words(scene))


def _relative(scene: Scene) -> Mention | None:
    """Return who acts on the object in a clause of its own: « les diplomates que la France renvoie »."""
    for span in _matched_objects(scene):
        for mention in scene.mentions:
            near = 0 < mention.first - span[1] <= _APPOSITION_REACH and mention.last <= scene.head[0]
            if near and _is(scene.words[span[1]], "whom"):
                return mention
    return None


def _following(scene: Scene, markers: str, *, begin: int, reach: int, span: int) -> Mention | None:
    """Return the first state at most ``span`` words after a marker within ``reach`` of ``begin``."""
    for at in range(begin, min(begin + reach, scene.sentence.last)):
        if _is(scene.words[at], markers) and not _is_verbal(scene, at):
            for mention in scene.mentions:
                acts = mention.kind not in {MentionKind.MEDIA, MentionKind.PLACE}
                if at < mention.first <= at + span and acts:
                    return mention
    return None


def _names_a_time(scene: Scene, at: int) -> bool:
    """Say whether a day or an hour stands at a place: "by Friday", "on Monday"."""
    return at < scene.sentence.last and _is(scene.words[at], "times")


def _is_verbal(scene: Scene, at: int) -> bool:
    """Say whether a small word belongs to a verb or a day: « a déclaré », which reads like « à », or "on Monday"."""
    auxiliary = scene.words[at] == "a" and at + 1 < scene.sentence.last and _is(scene.words[at + 1], "speech")
    return auxiliary or _names_a_time(scene, at + 1)


def _by(scene: Scene) -> Mention | None:
    return _agent(scene) or _at_the_order(scene)


def _agent(scene: Scene) -> Mention | None:
    """Return who acts: the state after « par » or "by", unless it only pays or employs."""
    for at in range(scene.head[1], min(scene.head[1] + _AGENT_REACH, scene.sentence.last)):
        paid = at > 0 and _is(scene.words[at - 1], "backing")
        if _is(scene.words[at], "agent") and not paid and not _names_a_time(scene, at + 1):
            for mention in scene.mentions:
                if at < mention.first <= at + 6 and mention.kind not in {MentionKind.MEDIA, MentionKind.PLACE}:
                    return mention
    return None


def _backer(scene: Scene) -> Mention | None:
    """Return who pays or employs: « ONG financées par la France »."""
    return _following(scene, "agent", begin=scene.head[1], reach=_AGENT_REACH, span=6)


def _at_the_order(scene: Scene) -> Mention | None:
    """Return on whose order it was done: « fermé sur décision de Paris », "on the orders of Bamako"."""
    words = scene.words
    for at in range(scene.head[1] + 1, min(scene.head[1] + _ORDER_REACH, scene.sentence.last)):
        if _is(words[at], "order") and any(_is(word, "on_order") for word in words[max(scene.head[1], at - 2) : at]):
            for mention in scene.mentions:
                if at < mention.first <= at + 4 and mention.kind not in {MentionKind.MEDIA, MentionKind.PLACE}:
                    return mention
    return None


def _author(scene: Scene) -> Mention | None:
    """Return whose act a noun names: "French sanctions", « l'ultimatum malien »."""
    mention = _nationality(scene, scene.head)
    # « sanctions françaises », but not « gelé les avoirs maliens »
    return mention if mention is not None and mention.first - scene.head[1] <= 1 else None


def _addressee(scene: Scene) -> Mention | None:
    """Return whom the verb speaks to: « demande à la France de », "asked France to"."""
    for mention in scene.mentions:
        if scene.head[1] <= mention.first <= scene.head[1] + 2 and mention.kind in {MentionKind.NAME, MentionKind.SEAT}:
            return mention
    return None


def _direct(scene: Scene) -> Mention | None:
    """Return whom an active verb strikes: « accuse un service français », "accused Ghana of"."""
    if _is_passive(scene):
        return None
    by_first = {mention.first: mention for mention in scene.mentions}
    for at in range(scene.head[1], min(scene.head[1] + _DIRECT_REACH, scene.sentence.last)):
        mention = by_first.get(at)
        # "a French surveyor" stands at no place, though « à » without its accent does.
        placed = mention is not None and (
            mention.kind is MentionKind.PLACE
            or (mention.kind is not MentionKind.PEOPLE and _is(scene.before(mention), "locative"))
        )
        if mention is not None and not placed:
            return mention
        beyond = scene.sentence.clause_of(at) != scene.sentence.clause_of(scene.head[0])
        if beyond or (_is(scene.words[at], "stops") and not _is(scene.words[at], "locative")):
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
        if (mention.kind is MentionKind.PLACE or _is(scene.before(mention), "locative"))
        and mention.kind is not MentionKind.PEOPLE
        and not _is_destination(scene, mention)
    ]
    return min(places, key=lambda mention: _distance(scene.trigger, mention), default=None)


def _is_destination(scene: Scene, mention: Mention) -> bool:
    """Say whether a plane goes to a place, or comes from it: « l'avion de Casablanca », "a flight to Bamako"."""
    ride = scene.words[max(scene.sentence.first, mention.first - 2) : mention.first]
    return len(ride) == 2 and _is(ride[0], "rides") and _is(ride[1], "bound")


def _from(scene: Scene) -> Mention | None:
    for mention in scene.mentions:
        near = scene.head[1] <= mention.first <= scene.trigger[1] + 6
        if near and mention.kind is not MentionKind.PEOPLE and _is(scene.before(mention), "origin"):
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
    open_scene = scene
    if taken is not None:
        rest = tuple(mention for mention in scene.mentions if mention.code != taken)
        open_scene = replace(scene, mentions=rest)
    for source in sources:
        finder = _SOURCES.get(source)
        mention = finder(open_scene) if finder else None
        if mention is not None:
            return mention.code, source
    return None, ""


def _other(scene: Scene, taken: str | None) -> str | None:
    rest = [mention for mention in scene.mentions if mention.code != taken and mention.kind is not MentionKind.MEDIA]
    nearest = min(rest, key=lambda mention: _distance(scene.trigger, mention), default=None)
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
        if alone and not _is(scene.before(alone[0]), "genitive"):
            actor_code, actor_from = alone[0].code, "other"
    if target_code is None and ("other" in target or (actor_code is not None and "opposite" in target)):
        target_code = _other(scene, actor_code)
        target_from = "other" if target_code else ""
    if actor_code is None and ("other" in actor or (target_code is not None and "opposite" in actor)):
        actor_code = _other(scene, target_code)
        actor_from = "other" if actor_code else ""
    return Roles(actor_code, target_code, actor_from, target_from)
