"""What an article is about, and which articles tell one event."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detection.engine import Document, detect, load_rules
from detection.stories import Member, Sketch, affinity, group, sketch
from detection.stories.kinship import (
    SAME_ACT,
    SAME_EVENT,
    WEIGHTS,
    denies,
    features,
    kinship,
    meet,
    opposed,
    same_affair,
)
from detection.stories.sketch import LEAST_CONFIDENCE, MOST_NAMES, Happening
from storage.types import Signal, Status
from tests.story_texts import EXPELLED, NOW

HOUR = timedelta(hours=1)


def member(title: str, text: str = "", language: str = "fr", at: timedelta = timedelta(0)) -> Member:
    document = Document(title=title, text=text, published_at=NOW + at, language=language)
    made = sketch(title, text, detect(document, load_rules()).signals)
    assert made is not None
    return Member(sketch=made, at=NOW + at)


EXPULSION = member(
    "Le Mali expulse deux diplomates français",
    "Bamako a déclaré lundi persona non grata deux conseillers de l’ambassade de France, Luc Berthier et Anne Colin.",
)


def grouped(*members: Member) -> list[list[int]]:
    acting = {place for place, one in enumerate(members) if one.sketch.news}
    return group(range(len(members)), lambda one, other: affinity(members[one], members[other], {}), acting=acting)


def joins(new: Member, *members: Member) -> bool:
    return len(grouped(new, *members)) == 1


def test_a_sketch_keeps_acts_states_and_names() -> None:
    made = EXPULSION.sketch
    assert {(act.family, act.actor, act.target, act.polarity) for act in made.headline} == {
        ("expulsion", "MLI", "FRA", 1)
    }
    assert made.news == made.headline
    assert set(made.states) == {"MLI", "FRA"}
    assert sum(made.states.values()) == pytest.approx(1)
    assert len(made.names) >= 4
    assert made.undoing == 0


def test_a_name_is_known_by_its_beginning_and_states_are_none() -> None:
    one = member("Bamako", "L’avocat de Berthier a parlé à Bamako de Mali et de Luc Berthier.")
    two = member("Bamako", "Des proches de Berthier’s famille étaient à Bamako.")
    assert one.sketch.names & two.sketch.names
    assert not member("Bamako", "Le Mali et la France se parlent à Bamako.").sketch.names


def test_a_title_in_capitals_names_nobody() -> None:
    loud = member("LE MALI EXPULSE DEUX DIPLOMATES", "Rien à ajouter.")
    cased = member("Mali Expels Two French Envoys In Latest Diplomatic Row", "Nothing to add.", "en")
    assert not loud.sketch.names
    assert not cased.sketch.names


def test_a_title_names_persons_where_it_is_set_as_a_sentence() -> None:
    made = member("Le Mali laisse partir le diplomate Luc Berthier", "Rien à ajouter.")
    assert made.sketch.names & EXPULSION.sketch.names


def test_titles_of_office_and_days_name_nobody() -> None:
    made = member("Le Mali se tait", "Hier le Président, son Ministre et les Affaires étrangères, un Mardi à Bamako.")
    assert not made.sketch.names


def test_names_agree_whatever_ends_them() -> None:
    one = member("Le Mali se tait", "Hier les Dogonkourous ont parlé.")
    two = member("Le Mali se tait", "Hier un Dogonkourou a parlé, un Dogon aussi.")
    assert len(one.sketch.names) == 1
    assert one.sketch.names < two.sketch.names


def test_the_names_of_an_article_are_bounded() -> None:
    people = " ".join(f"avec Nom{chr(97 + number % 26)}{chr(97 + number // 26)}son" for number in range(200))
    assert len(member("Le Mali se tait", f"Hier {people}").sketch.names) == MOST_NAMES


def test_what_the_beginning_names_counts_apart() -> None:
    made = member("Le Mali se tait", "Bamako ne dit rien.\nLe Niger et le Tchad attendent.\nLe Niger espère.").sketch
    assert set(made.leading_states) == {"MLI"}
    assert set(made.states) == {"MLI", "NER", "TCD"}
    assert made.states["NER"] > made.states["TCD"]
    late = member("Rien de neuf", "Personne ne parle.\nLe Niger attend.").sketch
    assert late.leading_states == late.states == {"NER": 1.0}


def signal(
    start: int = 0,
    type: str = "expel_diplomats",  # noqa: A002 (the field's name)
    actor: str | None = "MLI",
    target: str | None = "FRA",
    status: Status = Status.ASSERTED,
    confidence: float = 1.0,
) -> Signal:
    return Signal(
        type=type, severity=4, actor=actor, target=target, status=status, sentence="…", start=start, end=start + 1,
        rule="r", confidence=confidence,
    )  # fmt: skip


TITLE, TEXT = "Le Mali et la France", "Le Mali et Paris se parlent.\nIls en reparleront."


def told(*signals: Signal) -> Sketch:
    made = sketch(TITLE, TEXT, signals)
    assert made is not None
    return made


def test_news_is_told_in_the_title_else_in_the_lead_else_anywhere() -> None:
    in_title, in_lead = signal(0), signal(len(TITLE) + 1, "accuse")
    below = signal(len(TITLE) + 1 + TEXT.index("Ils"), "recall_ambassador")
    assert {act.type for act in told(in_title, in_lead, below).news} == {"expel_diplomats"}
    assert {act.type for act in told(in_lead, below).news} == {"accuse"}
    assert {act.type for act in told(below).news} == {"recall_ambassador"}
    assert told(in_lead, below).headline == frozenset()
    assert told().news == frozenset()


def test_what_is_past_or_hardly_sure_is_no_news() -> None:
    assert told(signal(status=Status.PAST)).news == frozenset()
    assert told(signal(confidence=LEAST_CONFIDENCE - 0.01)).news == frozenset()
    assert told(signal(confidence=LEAST_CONFIDENCE)).news


@pytest.mark.parametrize(
    ("status", "polarity", "denied"),
    [
        (Status.ASSERTED, 1, False),
        (Status.ENDED, -1, False),
        (Status.DENIED, -1, True),
        (Status.THREATENED, 0, False),
        (Status.HYPOTHETICAL, 0, False),
    ],
)
def test_an_act_knows_whether_it_was_done(status: Status, polarity: int, denied: bool) -> None:
    (act,) = told(signal(status=status)).headline
    assert (act.polarity, act.denied) == (polarity, denied)


def test_words_of_an_end_are_counted_in_the_beginning_only() -> None:
    assert member("Le Mali lève la suspension de RFI", "La reprise est immédiate.").sketch.undoing == 2
    late = member("Le Mali parle", "Rien de neuf.\nPlus tard, la reprise, le retour et la levée seront évoqués.")
    assert late.sketch.undoing == 0
    many = member("Le Mali lève, libère, rouvre et rétablit", "La reprise est un retour.")
    assert many.sketch.undoing == 2


def test_a_text_without_a_state_is_about_no_event_of_ours() -> None:
    assert sketch("Le marché du dimanche", "Les maraîchers ont vendu leurs tomates.", ()) is None
    assert sketch("", "", ()) is None


SIGNALS = st.lists(
    st.builds(
        Signal,
        type=st.sampled_from(["expel_diplomats", "accuse", "unknown"]),
        severity=st.integers(1, 5),
        actor=st.sampled_from(["MLI", "FRA", None]),
        target=st.sampled_from(["MLI", "FRA", None]),
        status=st.sampled_from(list(Status)),
        sentence=st.just("…"),
        start=st.integers(0, 10_000),
        end=st.just(1),
        rule=st.just("r"),
    ),
    max_size=4,
)


@given(st.text(max_size=80), st.text(max_size=300), SIGNALS)
def test_any_text_can_be_sketched(title: str, text: str, signals: list[Signal]) -> None:
    made = sketch(f"Mali {title}", text, signals)
    assert made is None or isinstance(made, Sketch)
    if made is not None:
        one = Member(sketch=made, at=NOW)
        values = features(one, EXPULSION, {})
        assert values == features(EXPULSION, one, {})
        assert len(values) == len(WEIGHTS)
        assert all(0 <= value <= 1 for value in values)
        assert kinship(one, EXPULSION, {}) == pytest.approx(kinship(EXPULSION, one, {}))


@pytest.mark.parametrize(
    ("title", "text", "language"),
    [
        ("Deux Français priés de quitter Bamako", "Le Mali a expulsé deux diplomates français.", "fr"),
        ("Mali expels two French diplomats", "Bamako told Luc Berthier and Anne Colin to leave.", "en"),
        ("La junte malienne hausse le ton contre Paris", "Berthier et Colin ont fait leurs valises.", "fr"),
    ],
)
def test_reports_of_one_event_share_its_story(title: str, text: str, language: str) -> None:
    assert joins(member(title, text, language, 3 * HOUR), EXPULSION)


@pytest.mark.parametrize(
    ("title", "at"),
    [
        ("Le Niger expulse deux diplomates français", 1),
        ("Le Mali dément avoir expulsé deux diplomates français", 1),
        ("La France rappelle son ambassadeur au Mali", 1),
        ("La France expulse deux diplomates maliens", 1),
        ("Mali : le prix du coton au plus haut depuis la Côte d’Ivoire", 90),
        ("Mali : le coton se vend bien", 1),
    ],
    ids=["other state", "denial", "other act", "other way round", "other news", "same hour"],
)
def test_what_is_another_event_opens_a_story(title: str, at: int) -> None:
    assert not joins(member(title, at=at * HOUR), EXPULSION)


ACTS = st.builds(
    Happening,
    family=st.sampled_from(["expulsion", "recall_ambassador", "accuse"]),
    actor=st.sampled_from(["MLI", "FRA"]),
    target=st.sampled_from(["FRA", "NER"]),
    polarity=st.sampled_from([1, 0, -1]),
)
MEMBERS = st.builds(
    lambda acts, states, names, undoing, topics, hours: Member(
        sketch=Sketch(
            headline=acts[0],
            exchange=False,
            news=acts[0] or acts[1],
            states=states,
            leading_states=states,
            names=names,
            undoing=undoing,
            denying=False,
            looks_back_to=None,
            topics=topics,
            subjects=frozenset(),
        ),
        at=NOW + hours * HOUR,
    ),
    st.tuples(st.frozensets(ACTS, max_size=2), st.frozensets(ACTS, max_size=2)),
    st.sampled_from([{"MLI": 1.0}, {"MLI": 0.5, "FRA": 0.5}, {"MLI": 0.2, "FRA": 0.3, "NER": 0.5}]),
    st.frozensets(st.integers(0, 9)),
    st.integers(0, 2),
    st.sampled_from([{}, {"visa": 1.0}, {"visa": 0.6, "media": 0.8}]),
    st.integers(-200, 200),
)


def with_headline(one: Member, act: Happening) -> Member:
    return replace(one, sketch=replace(one.sketch, headline=frozenset({act}), news=frozenset({act})))


@given(MEMBERS, ACTS, MEMBERS)
def test_what_was_done_and_what_was_undone_never_share_a_story(one: Member, act: Happening, other: Member) -> None:
    done, undone = replace(act, polarity=1), replace(act, polarity=-1)
    assert not joins(with_headline(one, done), with_headline(other, undone))
    assert not joins(with_headline(one, undone), with_headline(other, done))


@given(MEMBERS, ACTS, MEMBERS)
def test_acts_between_other_states_never_share_a_story(one: Member, act: Happening, other: Member) -> None:
    elsewhere = replace(act, actor="TCD")
    assert opposed(with_headline(one, act).sketch, with_headline(other, elsewhere).sketch)
    assert not joins(with_headline(one, act), with_headline(other, elsewhere))


@given(MEMBERS, MEMBERS)
def test_kinship_is_mutual_and_lies_between_articles_only(one: Member, other: Member) -> None:
    names = dict.fromkeys(range(10), 30)
    assert features(one, other, names) == pytest.approx(features(other, one, names))
    assert all(0 <= value <= 1 for value in features(one, other, names))
    assert affinity(one, other, names) == affinity(other, one, names)


@given(MEMBERS, MEMBERS)
def test_nothing_later_than_an_act_is_told_again_shares_its_story(one: Member, other: Member) -> None:
    assert not joins(one, replace(other, at=one.at + SAME_ACT + HOUR))
    if not one.sketch.news & other.sketch.news:
        assert not joins(one, replace(other, at=one.at + SAME_EVENT + HOUR))


def test_rare_names_tell_more_than_common_ones() -> None:
    rare, common = (features(EXPULSION, EXPULSION, dict.fromkeys(EXPULSION.sketch.names, n))[0] for n in (1, 700))
    assert rare > common > 0


def untold(title: str, text: str) -> Member:
    """Return an article in which no act was seen."""
    made = sketch(title, text, ())
    assert made is not None
    return Member(sketch=made, at=NOW)


def test_articles_without_an_act_gather_around_one_that_tells_an_act() -> None:
    first = untold("Mali : Luc Berthier attendu chez lui", "La France attend Luc Berthier et Anne Colin, dit Paris.")
    other = untold("Bamako, lundi", "Luc Berthier et Anne Colin étaient à Bamako. Le Mali et la France se taisent.")
    assert not joins(first, other)
    assert joins(first, other, EXPULSION)
    cotton = member("Mali : le coton se vend bien", "La France achète le coton du Mali.")
    assert not meet(cotton, EXPULSION)


def test_a_report_without_an_act_joins_by_its_subject_alone() -> None:
    cut = member("Le Mali suspend la télévision France 24", "La chaîne française perd son antenne au Mali.")
    told = member("Mali : écran noir pour une chaîne de la France", "Les téléspectateurs du Mali cherchent l’antenne.")
    apart = member("Mali : le coton se vend bien", "Le Mali et la France parlent de la récolte.")
    assert not told.sketch.news
    assert joins(told, cut)
    assert not meet(apart, cut)
    assert kinship(apart, cut, {}) < kinship(told, cut, {}) - 3


def test_an_act_and_its_end_never_share_a_story() -> None:
    closed = member("Le Mali ferme son espace aérien aux avions français")
    reopened = member("Le Mali rouvre son espace aérien aux avions français", at=HOUR)
    assert opposed(closed.sketch, reopened.sketch)
    assert opposed(reopened.sketch, closed.sketch)
    assert not joins(reopened, closed)
    assert not denies(reopened.sketch, closed.sketch)


def test_a_denial_says_so() -> None:
    denial = member("Le Mali dément avoir expulsé deux diplomates français")
    assert denies(denial.sketch, EXPULSION.sketch)
    assert not denies(EXPULSION.sketch, denial.sketch)


def test_a_denial_of_one_side_s_act_leaves_the_other_side_s_alone() -> None:
    denial = member("La France dément avoir expulsé deux diplomates maliens")
    assert not denies(denial.sketch, EXPULSION.sketch)
    rupture = member("Le Mali a rompu ses relations diplomatiques avec la France")
    answer = member("Paris dément toute rupture des relations diplomatiques avec le Mali")
    assert denies(answer.sketch, rupture.sketch)


def test_a_denial_without_an_act_stands_apart_from_what_it_denies() -> None:
    freed = member(
        "Mali : Luc Berthier libre", "Le Français Luc Berthier a retrouvé la France après sa prison au Mali."
    )
    paid = member(
        "Rançon : l’Élysée dément", "La France n’a rien payé au Mali pour la prison de Luc Berthier.", at=HOUR
    )
    told = member(
        "Rançon : ce que dit l’Élysée", "La France n’a rien payé au Mali pour la prison de Luc Berthier.", at=HOUR
    )
    assert paid.sketch.denying
    assert not told.sketch.denying
    assert kinship(freed, paid, {}) < kinship(freed, told, {}) - 2
    assert member("No, Mali has not freed Luc Berthier").sketch.denying


@pytest.mark.parametrize(
    ("title", "back"),
    [
        ("17 mars 2022 : le jour où le Mali expulsa deux diplomates français", True),
        ("Il y a quatre ans, le Mali expulsait deux diplomates français", True),
        ("Four years after Mali expelled two French diplomats", True),
        ("Mali, 2026 : deux diplomates français expulsés", False),
        ("Le Mali expulse deux diplomates français au bout de 2 000 jours", False),
    ],
)
def test_who_looks_back_reports_no_event_of_today(title: str, back: bool) -> None:
    looking = member(title, "Luc Berthier et Anne Colin ont fait leurs valises à Bamako.")
    assert (looking.sketch.looks_back_to is not None and looking.sketch.looks_back_to < NOW.year) is back
    assert (
        kinship(looking, EXPULSION, {}) < kinship(replace(looking, sketch=EXPULSION.sketch), EXPULSION, {}) - 3
    ) is back


def test_the_report_of_an_act_and_its_answer_is_another_event() -> None:
    text = "La France expulse deux diplomates maliens en retour."
    both = member("Le Mali expulse deux diplomates français", text, at=HOUR)
    assert both.sketch.exchange
    assert not EXPULSION.sketch.exchange
    assert kinship(both, EXPULSION, {}) < kinship(EXPULSION, EXPULSION, {}) - 3


def test_the_nearest_of_several_reports_is_the_one_it_belongs_to() -> None:
    old = member("Le Mali expulse deux diplomates français", at=timedelta(days=-3))
    new = member("Le Mali expulse deux diplomates français", at=HOUR)
    assert sorted(grouped(old, EXPULSION, new)) == [[0], [1, 2]]


def test_the_affair_is_the_nearest_story_of_acts_between_the_same_states() -> None:
    answer = member("La France rappelle son ambassadeur au Mali", at=2 * HOUR)
    elsewhere = member("Le Niger expulse deux diplomates français", at=2 * HOUR)
    assert same_affair(answer, {1: [EXPULSION], 2: [elsewhere]}) == 1
    assert same_affair(elsewhere, {1: [EXPULSION]}) is None
    lone = member("Lyon : un étudiant malien sous OQTF", "La préfecture du Rhône l’oblige à quitter le territoire.")
    assert lone.sketch.news
    assert same_affair(lone, {1: [EXPULSION]}) is None
    assert same_affair(member("Le Mali et la France"), {1: [EXPULSION]}) is None


@pytest.mark.parametrize("order", [1, -1])
def test_acts_of_one_family_are_denied_each_for_itself(order: int) -> None:
    acts = [replace(EXPELLED, start=0), replace(EXPELLED, type="expel_ambassador", start=2)][::order]
    told = sketch("Le Mali expulse la France", "", acts)
    denial = sketch("Le Mali et la France", "", [replace(EXPELLED, type="expel_ambassador", status=Status.DENIED)])
    assert told is not None
    assert denial is not None
    assert len(told.headline) == 2
    assert denies(denial, told)
    assert opposed(told, denial)
