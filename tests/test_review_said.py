"""What the other rooms say in English, said in French: nothing is left out, whatever they say."""

from __future__ import annotations

import itertools
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import alerts
from review import said
from review.said import in_words, told, told_plainly
from review.wording import words
from tests.sentences import as_written, sentences, spoken

FRENCH, ENGLISH = words("fr"), words("en")
ROOT = Path(alerts.__file__).parent.parent
TEXTS = {key: text for key, text in ENGLISH.texts.items() if key.startswith("said.")}

#: modules that say sentences which come to the page
SPEAKING = (
    *(f"crawler/{name}" for name in (
        "answers", "backoff", "browser", "browser_pages", "causes", "client", "compression", "discovery", "extract",
        "failures", "feeds", "guard", "jobs", "jsonfeeds", "listings", "middlewares", "orders", "pool", "robots",
        "sections", "sitemaps", "spider", "walls",
    )),
    *(f"scheduler/{name}" for name in (
        "alerting", "arrivals", "canary", "changes", "changes_people", "changes_triage", "changes_views",
        "changes_watches", "corrections", "crawl", "looks", "pace", "polling", "rule_files",
    )),
    *(f"alerts/{name}" for name in (
        "acknowledging", "apprise", "apprise_child", "apprise_report", "attempts", "confirming", "decide", "dispatch",
        "edits", "email", "plain", "refusals", "silencing", "webhook",
    )),
    *(f"detection/{name}" for name in (
        "assess", "automaton", "compiler", "notation", "patterns", "rulefile", "testing", "query/days",
        "query/habits", "query/needs", "query/parse", "query/scan", "query/values",
    )),
    *(f"storage/{name}" for name in (
        "accounts", "alerts", "articles", "database", "deliveries", "delivery_log", "polls", "reading", "rule_edits",
        "search", "sessions", "shares", "silences", "stories", "story_filter", "threads", "tokens", "triage",
        "triage_history", "views", "watch_edits",
    )),
    *(f"vigie/{name}" for name in (
        "adding", "backtest_runs", "durations", "hours", "opml", "probing", "rule_trial", "setting_problems",
        "source_desk", "sourcefile", "watch_bench", "watch_definitions", "watch_tables",
    )),
    "review/readers", "review/searching", "review/view_lists",
)  # fmt: skip
#: what may stand in the places of a sentence, besides what a name of a place asks for
VALUES = (
    "7", "x.example", "the page gave nothing", "timeout", "12 minutes", "expel_diplomats",
    "coup attempt (Mali → France)", "sender", "",
)  # fmt: skip
#: what is put together from parts that no look at the source text joins; each is given whole in ``WHOLE``
JOINED = {
    "{host} {says} (HTTP {status})", "an edit, made {how}, {verb}: {names_of(phrases)}{also}",
    "the page is not there: {_host(asked)} sent the crawler to {where} instead",
    "{act} is {signal.status.value}{because}", "{act} is read with confidence {signal.confidence:.2f}, {asked}",
    "the receiver wants no more alerts", "the channel failed for too long", "(the receiver wants no more alerts)",
    "(redirects are not followed; configure the final address)", "{text!r} are no quiet hours; {_QUIET_FORM}",
    "{text!r} begin and end at the same time; {_QUIET_FORM}", "there is no {what} {name!r}{suggest(name, known)}",
    "{detail['input']!r} is not understood; write {form}", '"{value}" is no {field}; {cure} {\', \'.join(offered)}',
    '"{value}" is not the code of a state; {cure}', '"{value}" is not the code of a language; {cure}',
    '"{named[1]}" is not a field; {cure} To look for these words, put them in quotes', "write {_FIELDS[lower]}: here.",
    '{_LISTS}: {path[0]} = ["…"]', "{what} has {longest} characters at most, not {len(line)}",
    "there is no archive here yet; 'vigie run' creates one", "the database is damaged ({error})",
    "watch {watch_id}: it {what} after {edit.by} edited it on the page (version {edit.version}); the edit holds. Take "
    "the change over on the page, or go back to the file's there",
    "watch {watch_id}: version {edit.version} cannot be used ({message}); {instead}",
    "{source_id} is {pause}; resume it first", "; did you mean {close[0]!r}?", "{name} is true or false, not {found!r}",
}  # fmt: skip
WHOLE = (
    "a.example asks for a login (HTTP 401)", "a.example has a fault of its own (HTTP 503)",
    "a.example redirects without saying where to (HTTP 304)",
    "an edit, made silently, brought in: expel_diplomats", "an edit, made openly, took out: expel_diplomats",
    "an edit, made openly, brought in: expel_diplomats; it took out: coup_attempt",
    "the page is not there: a.example sent the crawler to its home page instead",
    "the page is not there: a.example sent the crawler to the section /monde instead",
    "coup attempt (Mali → ?) is denied (dément, faux)", "coup attempt (Mali → ?) is past",
    "coup attempt (Mali → ?) is read with confidence 0.21, the watch asks for 0.30",
    "the receiver wants no more alerts: https://x.example: HTTP 410 (the receiver wants no more alerts)",
    "the channel failed for too long: x.example:25: no success within 60 s",
    "https://x.example: HTTP 302 (redirects are not followed; configure the final address): <html>",
    "'x' are no quiet hours; write them like '22:00-07:00' or 'mon-fri 22:00-07:00'",
    "'x' begin and end at the same time; write them like '22:00-07:00' or 'mon-fri 22:00-07:00'",
    "there is no source 'x'; did you mean 'y'?", "there is no channel 'x'", "there is no type 'x'; did you mean 'y'?",
    "'x' is not understood; write two small letters such as 'fr'",
    "'x' is not understood; write three capitals such as 'MLI', or UN, EU, AU, ECOWAS, AES",
    '"x" is no type; did you mean coup_attempt', '"x" is no status; write one of asserted, denied',
    '"Pérou" is not the code of a state; write actor:PER',
    '"x" is not the code of a state; states are written as codes, such as MLI, FRA, UN',
    '"x" is not the code of a state; states are written as codes of three letters, such as MLI, FRA',
    '"x" is not the code of a language; languages are written as codes of two letters, such as fr, en, ar',
    '"x" is not a field; did you mean text:? To look for these words, put them in quotes',
    '"x" is not a field; the fields are title, text. To look for these words, put them in quotes',
    'write a list of texts in quotation marks: phrases = ["…"]', "a tag has 40 characters at most, not 41",
    "a name has 80 characters at most, not 81", "enabled is true or false, not 'x'",
    "unknown key; did you mean 'type'?", "unknown key 'rules'; did you mean 'rule'?",
    "/data/vigie.db: the database is damaged (malformed). Nothing was touched. Restore a backup with 'vigie restore', "
    "or point [service] data_dir at another folder.",
    "watch mali: it was taken out of the configuration after Awa edited it on the page (version 3); the edit holds. "
    "Take the change over on the page, or go back to the file's there",
    "watch mali: version 3 cannot be used (query: the query is empty; write a word to look for); it is out of use",
    "rfi is paused by Awa until 2026-03-10 12:00 UTC: travaux; resume it first",
    "rfi is paused by Awa until somebody resumes it: travaux; resume it first",
    "desk@x.example ok 250 2.0.0 kept", "channel_config https://x.example: HTTP 404", "ok accepted",
    "silence 3: watch mali, FRA ↔ MLI, type expel_diplomats or coup_attempt, severity up to 3, source rfi",
    "https://x.example/feed: x.example broke off its answer",
)  # fmt: skip
#: modules of which every sentence is put together
SILENT = {"alerts/edits", "crawler/listings", "vigie/probing", "scheduler/rule_files"}
#: what nobody reads on a page: what the log says, or who builds on it
UNREAD = {
    "alerts/apprise_child.py": ("is not allowed while", "egress guard: address family"),
    "alerts/apprise_report.py": ("not a report", "({cut})"),
    "alerts/dispatch.py": ("channel {channel_id!r}",),
    "alerts/email.py": ("channel {channel.id!r}", "{code} {message}"),
    "alerts/webhook.py": ("channel {channel.id!r}", "stored payload", ": {shorten("),
    "crawler/answers.py": ("title {", "page {", "host {"),
    "crawler/robots.py": (" hours", " minutes"),
    "detection/patterns.py": ("<= {gap}",),
    "detection/assess.py": ("{country_name(signal.actor)} → {country_name(signal.target)}",),
    "scheduler/pace.py": (" s", " minutes"),
    "vigie/backtest_runs.py": ("has no pipes",),
    "vigie/probing.py": ("no channel {channel_id!r} is configured",),
    "vigie/setting_problems.py": ("channel type", "a channel needs", "with two brackets"),
    "scheduler/changes_views.py": ("moves up or down",),
}


@pytest.mark.parametrize("module", SPEAKING)
def test_every_sentence_of_another_room_is_said_in_french(module: str) -> None:
    path, missing, seen = ROOT / f"{module}.py", [], 0
    for line, node in sentences(path, returned=not module.startswith(("scheduler/changes", "scheduler/rule_files"))):
        text = as_written(node)
        if text in JOINED or any(text.endswith(end) or end in text for end in UNREAD.get(f"{module}.py", ())):
            continue
        seen += 1
        if not any(in_words(FRENCH, one) for one in itertools.islice(spoken(node, VALUES), 800)):
            missing.append(f"{module}.py:{line}: {text}")
    assert not missing, "these sentences have no text in review/locale/*/said_*.toml:\n" + "\n".join(missing)
    assert seen or module in SILENT


@pytest.mark.parametrize("sentence", WHOLE)
def test_what_is_put_together_is_said_in_french(sentence: str) -> None:
    found = in_words(FRENCH, sentence)
    assert found is not None
    assert found != sentence
    assert in_words(ENGLISH, sentence) == sentence


def test_a_sentence_that_no_text_fits_is_not_taken_for_said() -> None:
    """A test that cannot fail is a defect."""
    assert in_words(FRENCH, "the moon is made of cheese") is None
    assert str(told(FRENCH, "<b>550</b> no such user")) == (
        '<span lang="en" class="unworded">&lt;b&gt;550&lt;/b&gt; no such user</span>'
    )
    assert str(told(ENGLISH, "<b>")) == "&lt;b&gt;"
    assert told_plainly(FRENCH, "it is cheese") == "it is cheese"
    assert str(told(FRENCH, "no connection to <b>.example: <i>")) == (
        "pas de connexion à &lt;b&gt;.example\u202f: &lt;i&gt;"
    )


def test_values_are_worded_as_well() -> None:
    wanted = {
        "its list is replaced after some 12 new entries; 1.5 new entries an hour expected, 0.9 times the usual for "
        "this hour of the week": "sa liste se renouvelle après environ 12 nouvelles entrées\u202f; 1,5 nouvelles "
        "entrées attendues par heure, 0,9 fois l’ordinaire de cette heure de la semaine",
        "the host asked for 12 minutes of patience": "l’hôte a demandé 12\u00a0min de patience",
        "there is an account 'Awa' already; take another name": "il y a déjà un compte «\u202fAwa\u202f»\u202f; "
        "prenez un autre nom",
        "failed 2 times in a row, the last time with timeout": "2 échecs de suite, le dernier\u202f: délai dépassé",
        "a rule file of the page has 60,000 characters at most; split it": "un fichier de règles de la page a "
        "60\u202f000 caractères au plus\u202f; partagez-le",
    }
    assert {sentence: in_words(FRENCH, sentence) for sentence in wanted} == wanted


@given(key=st.sampled_from(sorted(TEXTS)), value=st.text("a{}'\"«», ;:.7é", min_size=1, max_size=12))
def test_hostile_values_come_through_whole(key: str, value: str) -> None:
    """Whatever a far end says in a sentence stands in it, as text; nothing of it is read as a text of ours."""
    names = [name for _, name, _, _ in string.Formatter().parse(TEXTS[key]) if name is not None]
    open_names = [name for name in names if name.rstrip("0123456789") not in {*said._KINDS, "said", "more"}]
    if not open_names or len(names) > len(open_names):
        return
    found = in_words(FRENCH, TEXTS[key].format_map(dict.fromkeys(names, value)))
    assert found is not None
    assert value.strip("'\"").replace(".", ",") in found.replace(".", ",")


def test_a_long_and_hostile_sentence_is_read_quickly() -> None:
    for text in ("a: " * 600, "(HTTP " * 300, "; did you mean " * 120, "'" * 1_900, "x" * 100_000):
        assert in_words(FRENCH, text) is None or len(text) < 2_000
