"""What is said of a channel that fails, in French and in English."""

from __future__ import annotations

from alerts import wording
from alerts.settings import Language
from alerts.text import clean_line, shorten
from alerts.trouble import Trouble

_FINE = "\u202f"
_NBSP = "\u00a0"
_WORDS: dict[Trouble, tuple[str, str]] = {
    Trouble.RECOVERED: ("rétabli", "works again"),
    Trouble.SETUP: ("en panne, à réparer", "fails, needs a person"),
    Trouble.REFUSED: ("refuse tous les destinataires", "refuses every recipient"),
    Trouble.LONG: ("en panne depuis un jour", "failing for a day"),
    Trouble.GONE: ("le destinataire n’en veut plus", "the receiver wants no more"),
    Trouble.DISABLED: ("désactivé, en panne depuis des jours", "switched off, failing for days"),
}
_WAITS = (
    f"Ce qui l’attend n’est pas perdu{_FINE}: tout part dès qu’il fonctionne.",
    "What waits for it is not lost: all of it leaves as soon as it works.",
)
_CLOSED = (
    f"Rien ne part plus par ce canal{_FINE}; ce qui l’attendait est gardé. Une fois réparé{_FINE}: "
    "« vigie deliveries reset {id} », puis « vigie deliveries replay » avec le numéro de chaque envoi "
    "(« vigie deliveries list --state dead »).".replace("« ", "«\u00a0").replace(" »", "\u00a0»"),
    "Nothing leaves by it any more; what waited is kept. Once mended: 'vigie deliveries reset {id}', "
    "then 'vigie deliveries replay' with the number of each ('vigie deliveries list --state dead').",
)


def headline(channel_id: str, trouble: Trouble, language: Language) -> str:
    """Return « Canal courriel : en panne, à réparer »."""
    french = language == "fr"
    word = _WORDS[trouble][0 if french else 1]
    name = "Canal" if french else "Channel"
    return shorten(f"{name} {clean_line(channel_id)}{wording.colon(language)}{word}", wording.HEADLINE_LIMIT)


def sentence(channel_id: str, trouble: Trouble, detail: str, language: Language) -> str:
    """Return what the far end said, and what becomes of what waits."""
    place = 0 if language == "fr" else 1
    if trouble is Trouble.RECOVERED:
        return headline(channel_id, trouble, language) + "."
    cure = _CLOSED if trouble in (Trouble.GONE, Trouble.DISABLED) else _WAITS
    said = shorten(detail, 300)
    # A service of a channel is reset with its channel.
    way_back = cure[place].replace("{id}", clean_line(channel_id).partition("/")[0])
    return f"{said}{'' if said.endswith(('.', '…')) else '.'} {way_back}"
