"""Settings: a file that cannot be used is refused with file, line, key and cure, and with nothing else."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.settings import EmailChannel, WebhookChannel
from crawler.catalogue import catalogue
from storage.types import Status
from vigie.errors import ConfigurationError
from vigie.example import default_text
from vigie.settings import Settings, load, parse_settings

FILE = Path("/etc/vigie.toml")
SECRET = "whsec_c2VjcmV0IGtleSBvZiB0aGUgdGVzdA=="


@pytest.fixture
def base(tmp_path: Path) -> Path:
    (tmp_path / "key").write_text(SECRET + "\n")
    (tmp_path / "password").write_text("s3cr3t\n")
    return tmp_path


def read(text: str, base: Path = Path("/nowhere")) -> Settings:
    return parse_settings(text, FILE, base)


def refused(text: str, base: Path = Path("/nowhere")) -> list[str]:
    """The lines of the refusal, each of which begins with the file."""
    with pytest.raises(ConfigurationError) as caught:
        read(text, base)
    lines = str(caught.value).split("\n")
    assert lines
    assert all(line.startswith(str(FILE)) for line in lines)
    return lines


def told(text: str) -> str:
    """What is said of a text, or where a usable one comes from."""
    try:
        return str(read(text).path)
    except ConfigurationError as error:
        return str(error)


SOURCE = '[[source]]\nid = "fleuve"\nfeeds = ["https://fleuve.example/feed"]\n'
MAIL = '[[channel]]\nid = "mail"\ntype = "email"\nhost = "localhost"\nsender = "v@x.org"\nrecipients = ["d@x.org"]\n'
HOOK = '[[channel]]\nid = "hook"\ntype = "webhook"\nurl = "https://hooks.example/v"\nsecret_file = "key"\n'
WATCH = '[[watch]]\nid = "w"\n'


# --- one fault, one line ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line", "key", "told"),
    [
        ("servce = 1", 1, "servce", "did you mean 'service'?"),
        ('[service]\ndata_dirr = "x"', 2, "service.data_dirr", "did you mean 'data_dir'?"),
        ('# one\n\n[[source]]\nid = "a"\nfeed = "x"', 5, "source[1].feed", "did you mean 'feeds'?"),
        (SOURCE + WATCH + 'chanels = ["x"]', 6, "watch[1].chanels", "did you mean 'channels'?"),
        (MAIL + 'recipient = "x"', 7, "channel[1].recipient", "did you mean 'recipients'?"),
        (HOOK + 'email = "x"', 6, "channel[1].email", "unknown key"),
        (HOOK + "webhook = 1", 6, "channel[1].webhook", "unknown key"),
        ('[email]\nhost = "x"', 1, "email", "known here: channel"),
        ('[[webhook]]\nurl = "x"', 1, "webhook", "known here: channel"),
        ("[delivery]\nretries = []", 2, "delivery.retries", "unknown key"),
        (SOURCE.replace("https://", "htp://"), 3, "source[1].feeds[1]", "write it like 'https://"),
        (SOURCE.replace('["https://fleuve.example/feed"]', '"https://x.org/"'), 3, "source[1].feeds", "feeds = ["),
        ('[source]\nid = "a"', 1, "source", "[[source]]"),
        ('[watch]\nid = "a"', 1, "watch", "[[watch]]"),
        ('[[source]]\nname = "A"', 1, "source[1].id", "is required"),
        ('[[source]]\nid = "A b"', 2, "source[1].id", "lower-case letters"),
        ('[[source]]\nid = "new"\nname = "New"', 1, "source[1].feeds", "nothing to read"),
        (SOURCE + 'poll = "15 minutes"', 4, "source[1].poll", "such as '30s'"),
        (SOURCE + "poll = 900", 4, "source[1].poll", "such as '15m'"),
        (SOURCE + 'poll = "0s"', 4, "source[1].poll", "write '15m'"),
        (SOURCE + 'enabled = "no"', 4, "source[1].enabled", "true or false"),
        (SOURCE + 'language = "french"', 4, "source[1].language", "such as 'fr'"),
        (SOURCE + 'country = "Mali"', 4, "source[1].country", "such as 'MLI'"),
        (SOURCE + SOURCE, 5, "source[2].id", "two sources are called 'fleuve'"),
        (WATCH + WATCH, 4, "watch[2].id", "two watches are called 'w'"),
        (WATCH + "min_severity = 9", 3, "watch[1].min_severity", "less than or equal to 5"),
        (WATCH + 'min_severity = "3"', 3, "watch[1].min_severity", "whole number"),
        (WATCH + "statuses = []", 3, "watch[1].statuses", "name at least one"),
        (WATCH + 'statuses = ["denid"]', 3, "watch[1].statuses[1]", "'denied'"),
        (WATCH + 'types = ["expel_diplomat"]', 3, "watch[1].types", "did you mean 'expel_diplomats'?"),
        (WATCH + 'channels = ["mial"]\n' + MAIL, 3, "watch[1].channels", "did you mean 'mail'?"),
        (SOURCE + WATCH + 'sources = ["fleuv"]', 6, "watch[1].sources", "did you mean 'fleuve'?"),
        (WATCH + 'pairs = [["FRA", "Mali"]]', 3, "watch[1].pairs[1][2]", "such as 'MLI'"),
        ('[network]\nallow_cidrs = ["10.0.0.1/8"]', 2, "network.allow_cidrs", "write '10.1.0.0/16'"),
        ('[network]\nallow_cidrs = ["local"]', 2, "network.allow_cidrs", "'local' is not a network"),
        ('[service]\ntimezone = "Paris"', 2, "service.timezone", "'Africa/Bamako'"),
        ('[service]\nlanguage = "de"', 2, "service.language", "'fr' or 'en'"),
        ('[service]\nlisten = "127.0.0.1"', 2, "service.listen", "'127.0.0.1:8470'"),
        ('[service]\nlisten = "127.0.0.1:70000"', 2, "service.listen", "not a port"),
        ('[service]\npublic_url = "vigie.example"', 2, "service.public_url", "web address"),
        ("service = 3", 1, "service", ""),
        ('[delivery]\nwebhook_deadline = "0s"', 2, "delivery.webhook_deadline", "longer than 0 s"),
        ('[delivery]\nemail_deadline = "0s"', 2, "delivery.email_deadline", "longer than 0 s"),
        ("[delivery]\nwebhook_retries = []", 2, "delivery.webhook_retries", "at least one pause"),
        ('[delivery]\nemail_retries = ["1m", "soon"]', 2, "delivery.email_retries[2]", "such as '30s'"),
        ("[retention]\nbackups = 0", 2, "retention.backups", "greater than or equal to 1"),
        (MAIL.replace('["d@x.org"]', "[]"), 6, "channel[1].recipients", "name at least one"),
        (MAIL.replace('["d@x.org"]', "[1]"), 6, "channel[1].recipients[1]", "in quotation marks"),
        (MAIL + MAIL, 8, "channel[2].id", "two channels are called 'mail'"),
        (MAIL.replace('"email"', '"sms"'), 1, "channel[1]", 'type = "email", "webhook" or "apprise"'),
        (MAIL.replace('type = "email"\n', ""), 1, "channel[1]", 'needs type = "email"'),
        (MAIL.replace("d@x.org", "nobody"), 6, "channel[1].recipients", "'name@example.org'"),
        (MAIL.replace("localhost", "mail.example") + 'username = "v"', 7, "channel[1].username", "go together"),
        (MAIL + 'password = "hunter2"', 7, "channel[1].password", "password_file"),
        (MAIL + 'password = "env:VIGIE_UNSET"', 7, "channel[1].password", "VIGIE_UNSET is not set"),
        (MAIL + 'password = "env:"', 7, "channel[1].password", 'password = "env:NAME"'),
        (MAIL + 'password_file = "none"', 7, "channel[1].password_file", "cannot be read"),
        (MAIL + 'password_file = "a\\u0000b"', 7, "channel[1].password_file", "not the name of a file"),
        (HOOK, 5, "channel[1].secret_file", "create it, readable by you alone"),
        (HOOK.replace("secret_file", "# secret_file"), 1, "channel[1].secret_file", 'secret = "env:NAME"'),
        (HOOK + 'secret = "env:HOME"', 6, "channel[1].secret", "not both"),
        (HOOK.replace("https://", "https://me:pw@"), 4, "channel[1].url", "must not carry a user name"),
    ],
)  # fmt: skip
def test_fault_is_told_with_line_key_and_cure(
    monkeypatch: pytest.MonkeyPatch, text: str, line: int, key: str, told: str
) -> None:
    monkeypatch.delenv("VIGIE_UNSET", raising=False)
    (found,) = refused(text)
    assert found.startswith(f"{FILE}:{line}: {key}: ")
    assert told in found
    # The place is named once, and the words of the checking library are not the user's.
    assert found.count(key) == 1 or "write" in found
    for foreign in ("Input should be a valid", "String should match", "Value error"):
        assert foreign not in found or key == "service"


def test_query_that_cannot_be_read_is_shown_with_the_place_in_it() -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(WATCH + "query = 'mali AND ('")
    (problem,) = caught.value.problems
    assert (problem.key, problem.line) == ("watch[1].query", 3)
    assert "mali AND (" in problem.message
    assert "^" in problem.message


def test_all_faults_of_a_file_are_told_at_once() -> None:
    lines = refused(WATCH + 'types = ["x"]\nchannels = ["y", "z"]\n' + SOURCE + SOURCE)
    assert len(lines) == 4


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a = ", ":1: is not TOML"),
        ("[service]\nlisten = 127.0.0.1", ":2: is not TOML"),
        ("[service\n", ":1: is not TOML"),
        ('a = "\\ud800"', ":1: is not TOML"),
        ("a = 1\na = 2\n", ":2: is not TOML"),
        ("a = " + "[" * 20_000, ": is not TOML"),
        ("a = " + "1" * 5000, ": is not TOML"),
        ("a = 2020-13-45", ":1: is not TOML"),
    ],
)
def test_what_is_no_toml_is_told_with_its_line(text: str, place: str) -> None:
    assert refused(text)[0].startswith(f"{FILE}{place}")


def test_empty_secret_file_is_refused(base: Path) -> None:
    (base / "key").write_text(" \n")
    assert "is empty" in refused(HOOK, base)[0]
    (base / "key").write_bytes(b"\xff\xfe")
    assert "not text" in refused(HOOK, base)[0]


@pytest.mark.parametrize("text", [MAIL + 'password = "S3CR3T-CANARY"', HOOK.replace("_file", "") + "# x"])
def test_secret_in_the_file_is_refused_without_repeating_it(text: str) -> None:
    text = text.replace('"key"', '"S3CR3T-CANARY"')
    assert "CANARY" not in refused(text)[0]


# --- what is read -----------------------------------------------------------------------------------


def test_default_configuration_is_whole() -> None:
    found = parse_settings(default_text(), None, Path())
    assert {source.id for source in found.sources} == {source.id for source in catalogue()}
    (watch,) = found.watches
    assert (watch.id, watch.pairs, watch.channels) == ("france-mali", (("FRA", "MLI"),), ())
    assert found.public_url == "http://127.0.0.1:8470"
    assert (found.host, found.port) == ("127.0.0.1", 8470)
    assert found.path is None


def test_source_of_ones_own_gets_plain_defaults() -> None:
    (source,) = read(SOURCE).sources
    assert (source.name, source.url, source.poll) == ("fleuve", "https://fleuve.example/", timedelta(minutes=15))
    assert source.feeds == ("https://fleuve.example/feed",)
    assert source.enabled
    assert source.full_text


def test_catalogue_is_overridden_key_by_key() -> None:
    original = next(source for source in catalogue() if source.feeds)
    change = f'[service]\ncatalogue = true\n[[source]]\nid = "{original.id}"\nenabled = false\npoll = "1h"\n'
    found = {source.id: source for source in read(change + SOURCE).sources}
    assert len(found) == len(catalogue()) + 1
    changed = found[original.id]
    assert (changed.enabled, changed.poll) == (False, timedelta(hours=1))
    assert (changed.name, changed.feeds, changed.country) == (original.name, original.feeds, original.country)
    assert "fleuve" in found


def test_catalogue_id_without_the_catalogue_is_a_source_without_feeds() -> None:
    known = catalogue()[0].id
    assert "nothing to read" in refused(f'[[source]]\nid = "{known}"\n')[0]


def test_false_and_empty_values_override_too() -> None:
    original = next(source for source in catalogue() if source.feeds and source.full_text)
    text = f'[service]\ncatalogue = true\n[[source]]\nid = "{original.id}"\nfull_text = false\nfeeds = []\n'
    found = read(text)
    changed = next(source for source in found.sources if source.id == original.id)
    assert (changed.full_text, changed.feeds) == (False, ())


def test_a_channel_without_its_secret_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VIGIE_UNSET", raising=False)
    hook = HOOK.replace('secret_file = "key"', 'secret = "env:VIGIE_UNSET"')
    text = '[service]\nnotify = ["hook"]\n' + hook + WATCH + 'channels = ["hook"]\n'
    (found,) = refused(text)
    assert "channel[1].secret: the environment variable VIGIE_UNSET is not set" in found


def test_what_sends_nothing_reads_no_secret(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("VIGIE_UNSET", "VIGIE_PING"):
        monkeypatch.delenv(name, raising=False)
    mail = MAIL.replace("localhost", "mail.example") + 'username = "v"\npassword = "env:VIGIE_UNSET"\n'
    text = '[service]\nheartbeat_url = "env:VIGIE_PING"\n' + mail + HOOK + WATCH + 'channels = ["mail", "hook"]\n'
    found = parse_settings(text, FILE, Path("/nowhere"), with_secrets=False)
    assert [channel.id for channel in found.channels] == ["mail", "hook"]
    assert found.heartbeat.url is None
    assert SECRET not in found.channels[1].secrets  # type: ignore[union-attr]
    there = parse_settings(HOOK, FILE, base, with_secrets=False)
    assert SECRET not in there.channels[0].secrets, "not even one that is at hand"  # type: ignore[union-attr]
    with pytest.raises(ConfigurationError, match="not both"):
        parse_settings(HOOK + 'secret = "env:VIGIE_UNSET"', FILE, base, with_secrets=False)


def test_channels_take_secrets_from_files_and_the_environment(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIGIE_OLD_KEY", f" {SECRET} ")
    login = 'tls = "starttls"\nusername = "v"\npassword_file = "password"\n'
    found = read(MAIL + login + HOOK + 'previous_secret = "env:VIGIE_OLD_KEY"\nmin_severity = 4\n', base)
    mail, hook = found.channels
    assert isinstance(mail, EmailChannel)
    assert isinstance(hook, WebhookChannel)
    assert (mail.password, mail.port, mail.language) == ("s3cr3t", 587, "fr")
    assert hook.secrets == (SECRET, SECRET)
    assert hook.min_severity == 4
    for shown in (repr(found), str(found)):
        assert "s3cr3t" not in shown
        assert SECRET not in shown


@pytest.mark.parametrize(
    ("keys", "port", "tls"),
    [
        ('host = "mail.example.org"', 587, "starttls"),
        ('host = "mail.example.org"\nport = 465', 465, "tls"),
        ('host = "mail.example.org"\ntls = "tls"', 465, "tls"),
        ('host = "localhost"', 25, "none"),
        ('host = "127.0.0.1"\nport = 2525', 2525, "none"),
        ('host = "10.0.0.5"', 587, "starttls"),
    ],
)
def test_mail_is_encrypted_unless_it_stays_on_this_machine(keys: str, port: int, tls: str) -> None:
    (mail,) = read(MAIL.replace('host = "localhost"', keys)).channels
    assert isinstance(mail, EmailChannel)
    assert (mail.port, mail.tls) == (port, tls)


def test_watch_is_read_with_its_query(base: Path) -> None:
    text = (
        '[[watch]]\nid = "w"\npairs = ["FRA-MLI"]\ntypes = ["expel_diplomats"]\nmin_severity = 3\n'
        'statuses = ["asserted", "threatened"]\nquery = "ambassade OR consulat"\nlanguages = ["fr"]\n'
        'sources = ["fleuve"]\nchannels = ["hook"]\nmax_age = "14d"\n'
    )
    found = read(text + SOURCE + HOOK, base)
    (watch,) = found.watches
    assert (watch.name, watch.pairs, watch.types) == ("w", (("FRA", "MLI"),), ("expel_diplomats",))
    assert watch.statuses == (Status.ASSERTED, Status.THREATENED)
    assert (watch.max_age, watch.min_severity) == (timedelta(days=14), 3)
    assert set(found.queries) == {"w"}
    assert found.warnings == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (WATCH, "watch w: it has no channel"),
        (WATCH + 'pairs = [["FRA", "MLX"]]', "did you mean 'MLI'?"),
        (SOURCE + 'poll = "30d"', "source fleuve: it is polled once a day"),
        (
            SOURCE + 'javascript = true\n[network]\nchromium = "/nowhere/chromium"',
            "javascript = true for fleuve, but",
        ),
    ],
)
def test_what_is_accepted_but_odd_is_a_warning(text: str, told: str) -> None:
    assert any(told in warning for warning in read(text).warnings)


def test_source_is_never_polled_less_than_the_schedule_allows() -> None:
    assert read(SOURCE + 'poll = "30d"').sources[0].poll == timedelta(hours=24)


def test_relative_paths_start_from_the_file(base: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = base / "vigie.toml"
    path.write_bytes(b"\xef\xbb\xbf" + ('[service]\ndata_dir = "data"\n' + HOOK).encode())
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    found = load(path)
    assert found.data_dir == base / "data"
    assert len(found.channels) == 1
    assert found.path == path
    # The default file is found in the working directory, and nowhere else.
    assert load(None).path is None
    monkeypatch.chdir(base)
    assert load(None).data_dir == base / "data"


def test_absolute_data_folder_stays() -> None:
    assert read('[service]\ndata_dir = "/srv/vigie"').data_dir == Path("/srv/vigie")


def test_user_agent_says_who_to_write_to() -> None:
    assert "+https://github.com/" in read("").user_agent
    assert read('[service]\npublic_url = "https://v.example/"').user_agent.endswith("(+https://v.example/)")
    assert read('[service]\ncontact = "desk@v.example"').user_agent.endswith("(+desk@v.example)")
    assert read('[network]\nuser_agent = "Own/1"').user_agent == "Own/1"
    assert read('[service]\npublic_url = "https://v.example/"').public_url == "https://v.example"


def test_deadline_longer_than_a_lease_lengthens_the_lease() -> None:
    delivery = read('[delivery]\nemail_deadline = "2h"\nwebhook_retries = ["1s"]\ngroup_wait = "30s"').delivery
    assert delivery.lease > delivery.smtp_total == timedelta(hours=2)
    assert delivery.webhook_retries == (timedelta(seconds=1),)
    assert delivery.group_wait == timedelta(seconds=30)


def test_file_that_cannot_be_read_is_told_with_the_cure(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="vigie init"):
        load(tmp_path / "none.toml")
    with pytest.raises(ConfigurationError, match="vigie init"):
        load(tmp_path)
    (tmp_path / "latin.toml").write_bytes('# é\n[service]\ncontact = "é"'.encode("latin-1"))
    with pytest.raises(ConfigurationError, match="UTF-8"):
        load(tmp_path / "latin.toml")


# --- anything at all --------------------------------------------------------------------------------

KEYS = sorted({
    "id", "name", "url", "feeds", "poll", "language", "country", "enabled", "query", "pairs", "types", "min_severity",
    "statuses", "sources", "languages", "channels", "max_age", "type", "host", "port", "tls", "password", "secret",
    "secret_file", "sender", "recipients", "to", "data_dir", "listen", "public_url", "timezone", "contact",
    "allow_cidrs", "proxy", "user_agent", "webhook_retries", "webhook_deadline", "group_wait", "evidence", "backups",
    "quiet_hours", "digest", "cooldown", "storm_limit", "storm_window", "email", "webhook", "0", "é",
})  # fmt: skip
WORDS = st.sampled_from([
    "a", "", "email", "webhook", "https://x.example/f", "10m", "FRA-MLI", "MLI", "env:HOME", "env:", "fr", "asserted",
    "10.0.0.0/8", "127.0.0.1:1", "[::1]:99999", "a AND (", '"x" NEAR/3 y', "d@x.org", "\u0000", "https://[", "x" * 400,
    "22:00-07:00", "hourly",
])  # fmt: skip
SCALARS = WORDS | st.text(max_size=6) | st.integers() | st.booleans() | st.floats(allow_nan=False)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=2),
    max_leaves=4,
)
TABLES = st.sampled_from(["service", "network", "source", "watch", "channel", "delivery", "retention", "email", "x"])


def to_toml(value: object) -> str:
    """Write any value in one line."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value.encode("utf-8", "replace").decode()).replace("\x7f", "\\u007f")
    if isinstance(value, list):
        return f"[{', '.join(to_toml(item) for item in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{json.dumps(key)} = {to_toml(item)}' for key, item in value.items())}}}"
    return repr(value)


@st.composite
def documents(draw: st.DrawFn) -> str:
    """TOML with keys of the configuration in and out of place, and values of every form."""
    lines = []
    for table in draw(st.lists(TABLES, max_size=4)):
        brackets = draw(st.booleans()) or table not in lines
        lines.append(f"[[{table}]]" if brackets else f"[{table}]")
        keys = draw(st.lists(st.sampled_from(KEYS), max_size=5, unique=True))
        lines += [f"{json.dumps(key)} = {to_toml(draw(VALUES))}" for key in keys]
    return "\n".join(lines)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(documents())
def test_no_document_raises_anything_but_a_configuration_error(text: str) -> None:
    assert told(text).startswith(str(FILE))


@settings(max_examples=250, deadline=None)
@given(st.text())
def test_no_text_raises_anything_but_a_configuration_error(text: str) -> None:
    assert told(text).startswith(str(FILE))


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_no_value_of_a_known_key_raises_anything_else(data: st.DataObject) -> None:
    """Each line of the shipped file with another value, one at a time."""
    lines = [line for line in default_text().splitlines() if "=" in line]
    line = data.draw(st.sampled_from(lines)).removeprefix("# ")
    key = line.partition("=")[0].strip()
    tables = data.draw(st.sampled_from(["[service]", "[network]", SOURCE, WATCH, MAIL, "[delivery]", "[retention]"]))
    text = f"{tables.strip()}\n{key} = {to_toml(data.draw(VALUES))}\n"
    assert told(text).startswith(str(FILE))


def test_hubs_are_subscribed_to_only_where_they_can_call_back() -> None:
    public = '[service]\npublic_url = "https://vigie.example"\n'
    assert read(public).websub
    assert not read("").websub
    assert not read(public + "websub = false\n").websub


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ('escalate_to = ["mail"]', "watch[1].escalate_to: after how long?"),
        ('escalate_after = "15m"', "watch[1].escalate_after: to whom?"),
        ('escalate_after = "15m"\nescalate_to = ["mial"]', "there is no channel 'mial'; did you mean 'mail'?"),
        ('escalate_after = "0s"\nescalate_to = ["mail"]', "nobody can acknowledge that fast"),
        ('escalate_after = 15\nescalate_to = ["mail"]', "is not a duration"),
    ],
)
def test_an_escalation_that_could_not_happen_is_refused(keys: str, says: str) -> None:
    assert any(says in line for line in refused(f'{MAIL}{WATCH}channels = ["mail"]\n{keys}\n'))


def test_an_escalation_is_read() -> None:
    text = f'{MAIL}{WATCH}channels = ["mail"]\nescalate_after = "15m"\nescalate_to = ["mail"]\n'
    (watch,) = read(text).watches
    assert (watch.escalate_after, watch.escalate_to) == (timedelta(minutes=15), ("mail",))
    assert any("no channel, so nothing is sent" in line for line in refused(text.replace('channels = ["mail"]\n', "")))
