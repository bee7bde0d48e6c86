"""Copies, follow-ups and contradictions: what shares a story, and what never does."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detection.stories import Candidate, Placement, fingerprints, place
from detection.stories.coverage import covered, covered_by, share, shingles
from detection.stories.fingerprint import SHINGLE, WINDOW
from detection.stories.novelty import novel_paragraphs
from detection.stories.origin import origin_of
from detection.stories.place import Act, contradict
from detection.stories.words import figures, words
from storage.types import Signal, Status

DISPATCH = (
    "Le gouvernement malien a ordonné lundi le départ de deux diplomates français, a annoncé le ministère des "
    "Affaires étrangères à Bamako.",
    "Les deux agents, dont le nom n’a pas été rendu public, disposent de quarante-huit heures pour quitter le "
    "territoire, précise le communiqué lu à l’antenne de la télévision nationale.",
    "Le texte leur reproche des activités incompatibles avec leur statut et rappelle que trois notes verbales "
    "étaient restées sans réponse depuis le début de l’année.",
    "Paris n’avait pas commenté cette décision en début de soirée. Une source diplomatique évoque une mesure "
    "attendue après la fermeture du centre culturel de Kayes.",
    "La coopération entre les deux pays s’est réduite à quelques programmes de santé et à l’accueil "
    "d’étudiants, selon un décompte publié en janvier par une organisation de Ségou.",
)
TEXT = "\n".join(DISPATCH)
OTHER_EVENT = (
    "La campagne cotonnière s’ouvre sur un excédent de graines dans la région de Sikasso, où les coopératives "
    "réclament un prix plancher. Les transporteurs attendent encore le paiement de la saison passée et menacent "
    "de garer leurs camions devant les usines d’égrenage."
)
ASSERTED = Signal(
    type="expel_diplomats", severity=4, actor="MLI", target="FRA", status=Status.ASSERTED, sentence="…", start=0, end=1,
    rule="r",
)  # fmt: skip
DENIED = replace(ASSERTED, status=Status.DENIED)
ENDED = replace(ASSERTED, status=Status.ENDED)
SUMMON = replace(ASSERTED, type="summon", severity=2, actor="FRA", target="MLI")

WORDS = st.lists(
    st.sampled_from(["le", "la", "de", "mali", "paris", "bamako", "dit", "expulse", "deux", "non", "trois"]),
    max_size=80,
).map(tuple)


def candidate(text: str, *signals: Signal, article: int = 1, copy_of: int | None = None) -> Candidate:
    return Candidate(article_id=article, story_id=100 + article, copy_of=copy_of, words=words(text), signals=signals)


def placed(
    text: str, *signals: Signal, candidates: tuple[Candidate, ...] = (), acts: tuple[tuple[int, Act], ...] = ()
) -> Placement:
    return place(words(text), signals, candidates, acts)


def is_copy(text: str, original: str = TEXT) -> bool:
    return placed(text, candidates=(candidate(original),)).reason == "copy"


# --- coverage -----------------------------------------------------------------------------------------


@settings(deadline=None)
@given(WORDS)
def test_text_covers_itself_from_a_shingle_on(text: tuple[str, ...]) -> None:
    assert share(covered(text, text)) == (1.0 if len(text) >= SHINGLE else 0.0)


@settings(deadline=None)
@given(WORDS, WORDS)
def test_coverage_is_a_share_for_each_word(new: tuple[str, ...], known: tuple[str, ...]) -> None:
    flags = covered(new, known)
    assert len(flags) == len(new)
    assert 0.0 <= share(flags) <= 1.0


@settings(deadline=None)
@given(WORDS, WORDS, WORDS)
def test_what_a_text_contains_stays_covered_whatever_stands_around_it(
    before: tuple[str, ...], inner: tuple[str, ...], after: tuple[str, ...]
) -> None:
    if len(inner) >= SHINGLE:
        assert share(covered(inner, before + inner + after)) == 1.0


@settings(deadline=None)
@given(WORDS, WORDS, WORDS)
def test_knowing_more_never_covers_less(new: tuple[str, ...], known: tuple[str, ...], more: tuple[str, ...]) -> None:
    assert share(covered(new, known + more)) >= share(covered(new, known))


@settings(deadline=None)
@given(WORDS, WORDS)
def test_only_what_both_texts_say_matters(new: tuple[str, ...], known: tuple[str, ...]) -> None:
    both = set(shingles(new)) & set(shingles(known))
    assert covered_by(new, both) == covered(new, known)


@settings(deadline=None)
@given(WORDS)
def test_nothing_covers_and_is_covered_by_nothing(text: tuple[str, ...]) -> None:
    assert share(covered((), text)) == 0.0
    assert share(covered(text, ())) == 0.0


@pytest.mark.parametrize(("changed", "bridged"), [(1, True), (2, True), (3, False)])
def test_a_corrected_word_between_known_ones_counts_as_known(changed: int, bridged: bool) -> None:
    known = tuple("abcdefghij")
    new = (*known[:5], *(f"new{number}" for number in range(changed)), *known[5:])
    assert (share(covered(new, known)) == 1.0) == bridged


# --- fingerprints -------------------------------------------------------------------------------------


@settings(deadline=None)
@given(WORDS, WORDS, WORDS, WORDS)
def test_a_common_run_gives_a_common_fingerprint(
    one: tuple[str, ...], two: tuple[str, ...], run: tuple[str, ...], end: tuple[str, ...]
) -> None:
    if len(run) >= SHINGLE + WINDOW - 1:
        assert fingerprints(one + run + end) & fingerprints(two + run)


@settings(deadline=None)
@given(WORDS)
def test_fingerprints_fit_the_archive_and_are_stable(text: tuple[str, ...]) -> None:
    prints = fingerprints(text)
    assert prints == fingerprints(text)
    assert bool(prints) == (len(text) >= SHINGLE)
    assert all(-(2**63) <= value < 2**63 for value in prints)


def test_fingerprints_are_far_fewer_than_words() -> None:
    long = tuple(str(number * 7919 % 1000) for number in range(5000))
    assert len(fingerprints(long)) < 5000 * 0.45


@settings(deadline=None)
@given(st.text())
def test_any_text_becomes_words(text: str) -> None:
    prints = fingerprints(words(text))
    assert all(words(word) == (word,) for word in words(text))
    assert bool(prints) == (len(words(text)) >= SHINGLE)


def test_words_disregard_accents_case_and_typography() -> None:
    assert words("L’État « réagit » – 48 h") == words('L\'ETAT "reagit" - 48 h') == ("l", "etat", "reagit", "48", "h")
    assert words("re\u0301agit") == words("réagit")
    assert figures(words("48 heures, 3e note, 2026")) == ("48", "2026")


# --- copies -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "copy",
    [
        TEXT,
        "\n".join(DISPATCH[:3]),
        "\n".join(DISPATCH[:1] + DISPATCH[2:4]),
        "\n".join((DISPATCH[3], DISPATCH[0], DISPATCH[1])),
        "Deux Français priés de partir\n" + TEXT,
        TEXT + "\nAbonnez-vous à notre lettre du matin et recevez l’essentiel de l’actualité du fleuve chaque jour.",
        TEXT.upper(),
        TEXT.replace("lundi", "hier").replace("Bamako", "la capitale").replace("deux diplomates", "2 diplomates"),
        TEXT.replace("’", "'").replace("\n", " "),
    ],
    ids=["same", "cut", "paragraph out", "reordered", "headline", "boilerplate", "capitals", "edited", "reflowed"],
)
def test_reprint_is_a_copy(copy: str) -> None:
    placement = placed(copy, candidates=(candidate(TEXT),))
    assert (placement.reason, placement.story_id, placement.copy_of) == ("copy", 101, 1)
    assert placement.coverage is not None
    assert placement.coverage >= 0.65


def test_full_text_behind_a_brief_is_its_copy() -> None:
    assert is_copy(TEXT, original="\n".join(DISPATCH[:2]))


@pytest.mark.parametrize(
    "text",
    [
        OTHER_EVENT,
        "",
        "Bamako expulse",
        OTHER_EVENT + "\n" + DISPATCH[4] + "\n" + OTHER_EVENT.upper().replace(" ", " et "),
    ],
    ids=["other event", "empty", "three words", "shared background"],
)
def test_other_text_opens_a_story(text: str) -> None:
    placement = placed(text, candidates=(candidate(TEXT),))
    assert placement == Placement(story_id=None, copy_of=None, coverage=None, reason="first_report")


def test_empty_texts_are_no_copies_of_each_other() -> None:
    assert not is_copy("", original="")
    assert not is_copy("trois mots seulement", original="trois mots seulement")


def test_same_form_with_other_figures_is_another_report() -> None:
    form = (
        "Le bulletin de la douane de Kidira relève {} camions de riz, {} camions de ciment et {} citernes entrés "
        "cette semaine, pour une recette de {} millions de francs selon le bureau des statistiques du corridor."
    )
    assert not is_copy(form.format(412, 97, 58, 1310), original=form.format(388, 120, 61, 1275))
    assert is_copy(form.format(412, 97, 58, 1310), original=form.format(412, 97, 58, 1311))


def test_copy_of_a_copy_points_to_the_original() -> None:
    placement = placed(TEXT, candidates=(candidate(TEXT, article=7, copy_of=3),))
    assert placement.copy_of == 3


def test_first_candidate_that_fits_is_taken_and_others_are_passed_over() -> None:
    candidates = (candidate(OTHER_EVENT, article=1), candidate(TEXT, article=2), candidate(TEXT, article=3))
    assert placed(TEXT, candidates=candidates).copy_of == 2


# --- contradictions -----------------------------------------------------------------------------------


@pytest.mark.parametrize("undone", [DENIED, ENDED])
def test_text_that_contradicts_is_no_copy_however_alike(undone: Signal) -> None:
    assert placed(TEXT, undone, candidates=(candidate(TEXT, ASSERTED),)).reason == "first_report"
    assert placed(TEXT, ASSERTED, candidates=(candidate(TEXT, undone),)).reason == "first_report"
    assert placed(TEXT, undone, candidates=(candidate(TEXT, undone),)).reason == "copy"


def test_contradiction_is_seen_though_a_text_leaves_a_side_out() -> None:
    nameless = replace(DENIED, actor=None)
    assert contradict([nameless], [ASSERTED])
    assert not contradict([replace(DENIED, actor="NER")], [ASSERTED])
    assert not contradict([replace(DENIED, type="recall_ambassador")], [ASSERTED])


@pytest.mark.parametrize("status", [Status.THREATENED, Status.HYPOTHETICAL, Status.PAST])
def test_other_statuses_contradict_nothing(status: Status) -> None:
    assert not contradict([replace(ASSERTED, status=status)], [ASSERTED])
    assert not contradict([replace(ASSERTED, status=status)], [DENIED])


SIGNALS = st.lists(
    st.builds(
        replace,
        st.just(ASSERTED),
        type=st.sampled_from(["expel_diplomats", "summon"]),
        actor=st.sampled_from(["MLI", "FRA", None]),
        target=st.sampled_from(["MLI", "FRA", None]),
        status=st.sampled_from(list(Status)),
    ),
    max_size=4,
)


@settings(deadline=None)
@given(SIGNALS, SIGNALS)
def test_contradiction_is_mutual_and_never_with_oneself(one: list[Signal], other: list[Signal]) -> None:
    assert contradict(one, other) == contradict(other, one)
    assert not contradict(one, one)


@settings(deadline=None)
@given(SIGNALS)
def test_reprint_is_a_copy_whatever_it_says(signals: list[Signal]) -> None:
    """Also of a text that reports an act and its denial."""
    assert placed(TEXT, *signals, candidates=(candidate(TEXT, *signals),)).reason == "copy"


# --- events -------------------------------------------------------------------------------------------


def test_other_words_on_the_same_act_join_its_story() -> None:
    placement = placed(OTHER_EVENT, ASSERTED, acts=((9, ASSERTED.act), (8, ASSERTED.act)))
    assert placement == Placement(story_id=9, copy_of=None, coverage=None, reason="same_act")


def test_story_with_most_acts_in_common_wins() -> None:
    acts = ((9, ASSERTED.act), (8, SUMMON.act), (8, ASSERTED.act))
    assert placed(OTHER_EVENT, ASSERTED, SUMMON, acts=acts).story_id == 8


@pytest.mark.parametrize(
    "signal",
    [
        DENIED,
        ENDED,
        replace(ASSERTED, status=Status.THREATENED),
        replace(ASSERTED, status=Status.PAST),
        replace(ASSERTED, severity=1),
        replace(ASSERTED, actor="FRA", target="MLI"),
        replace(ASSERTED, type="summon"),
    ],
    ids=["denied", "ended", "threatened", "past", "words only", "other way round", "other type"],
)
def test_anything_short_of_the_same_asserted_act_opens_a_story(signal: Signal) -> None:
    assert placed(OTHER_EVENT, signal, acts=((9, ASSERTED.act),)).reason == "first_report"


@pytest.mark.parametrize("missing", ["actor", "target"])
def test_act_without_both_sides_joins_nothing(missing: str) -> None:
    half = replace(ASSERTED, **{missing: None})  # type: ignore[arg-type]
    assert placed(OTHER_EVENT, half, acts=((9, half.act),)).reason == "first_report"


def test_denial_joins_no_story_that_asserts_though_another_act_is_shared() -> None:
    acts = ((9, SUMMON.act), (9, ASSERTED.act), (8, SUMMON.act))
    assert placed(OTHER_EVENT, SUMMON, DENIED, acts=acts).story_id == 8
    assert placed(OTHER_EVENT, SUMMON, replace(DENIED, actor=None), acts=acts).story_id == 8
    assert placed(OTHER_EVENT, SUMMON, DENIED, acts=acts[:2]).reason == "first_report"


def test_report_of_an_act_and_its_denial_joins_the_story() -> None:
    assert placed(OTHER_EVENT, ASSERTED, DENIED, acts=((9, ASSERTED.act),)).story_id == 9


# --- novelty and origin -------------------------------------------------------------------------------


def test_only_paragraphs_not_said_before_are_new() -> None:
    said = [words(TEXT)]
    assert novel_paragraphs((DISPATCH[0], OTHER_EVENT, DISPATCH[3]), said) == (1,)
    assert novel_paragraphs(DISPATCH, said) == ()
    assert novel_paragraphs(DISPATCH, []) == (0, 1, 2, 3, 4)
    assert novel_paragraphs(("", " – ", OTHER_EVENT), said) == (2,)


@settings(deadline=None)
@given(st.lists(st.text(max_size=40), max_size=6), st.lists(st.text(max_size=60), max_size=3))
def test_new_paragraphs_are_some_of_those_given_in_order(paragraphs: list[str], said: list[str]) -> None:
    novel = novel_paragraphs(paragraphs, [words(text) for text in said])
    assert list(novel) == sorted(set(novel))
    assert all(words(paragraphs[position]) for position in novel)


def test_credit_comes_before_the_original_and_the_outlet_last() -> None:
    assert origin_of("AFL", "Le Fleuve", "Sahel Hebdo") == "AFL"
    assert origin_of(None, "Le Fleuve", "Sahel Hebdo") == "Sahel Hebdo"
    assert origin_of(None, "Le Fleuve") == "Le Fleuve"
