"""The words that stand around names in bylines, in French and English: what to strip, what is no name."""

from __future__ import annotations

from crawler.phrases import words

#: what comes before the names
LEAD = (
    r"(?:(?:un texte|texte|(?:un )?article(?: (?:rédigé|écrit|signé|publié))?|une enquête|enquête|une analyse|analyse"
    r"|un reportage|reportage|récit|chronique"
    r"|tribune|édito(?:rial)?|écrit|rédigé|signé|publié|posté|réalisé|un entretien|entretien|interview"
    r"|(?:propos )?(?:recueillis?|traduits?)(?: (?:à|en|au) [\w-]+)?) (?:de|du|par)"
    r"|propos de|texte ?:|(?:auteure?s?|authors?) ?[:,]"
    r"|par ?:?|by ?:?|von|written by|posted by|submitted by|story by|soumis par"
    r"|de notre (?:correspondante?|envoyée?)(?: (?:spéciale? )?(?:permanente? )?(?:à|en|au|aux) [\w -]+?,?)?"
    r"|avec (?:notre|nos) (?:correspondante?s?|envoyée?s?)"
    r"(?: (?:spéciale?s? )?(?:permanente?s? )?(?:à|en|au|aux|dans) [^,]{2,40},)?"
    r"|(?:notre )?(?:correspondante?|envoyée? spéciale?)(?: (?:permanente?|régionale?))?"
    r"(?: (?:à|en|au|aux) [\w -]+?)?,)"
)
#: what a printed byline begins with
OPENING = (
    r"par|by|écrit par|rédigé par|soumis par|submitted by|posted by"
    r"|texte|(?:auteure?s?|authors?) ?[:,]|written by|propos recueillis|recueillis? par|un article de"
    r"|de notre (?:correspondante?|envoyée?)|avec (?:notre|nos) (?:correspondante?s?|envoyée?s?)"
)
#: what stands between two names
BETWEEN = (
    r",|;|\||/|•|·|&|\bet\b|\band\b|\bavec\b|\bwith\b|\bpour\b|\bin\b|\s[-–—]\s|\bphotos?\s?:|\bpropos recueillis par\b"
)
#: what follows a name: where, as what and when it was written
ROLE = (
    r"\(.*|(?:à|en|au|aux|depuis)\s+[A-ZÀ-Ý].*"
    r"|(?:notre |nos )?(?:correspondant|envoyé|journaliste|grand reporter|reporter|rédact|chef|chroniqueu|éditorialiste"
    r"|directeur|directrice|auteur|publié|mise? à jour|le (?:lun|mar|mer|jeu|ven|sam|dim|\d)|on \d|il y a|\d).*"
    r"|(?:senior |chief |special |staff |national |political )*(?:[A-Z]\w+ )?"
    r"(?:correspondent|reporter|writer|columnist).*"
    r"|(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)day)\b.*"
    # The house a writer belongs to, set after the name without a comma.
    r"|(?:france (?:télévisions?|\d+|info|culture|inter)|franceinfo|radio (?:france|canada)"
    r"|bbc|rfi|rts|rtbf|afp|reuters)\b.*"
)
#: credits of photographers, who write nothing, to the end of the line
PHOTOGRAPHERS = r"[-–—,;|/. ]*\b(?:photos?|photographies?|photographe|images?|vidéos?|illustrations?|dessins?)\s?:.*"
#: what follows the name of a photographer: an agency that sells pictures
PICTURE_AGENCIES = (
    r"\S\s*/\s*(?:afp|reuters|ap|epa|getty\b.*|sipa\b.*|abaca\b.*|maxppp|hans lucas|shutterstock|belga image)"
)
#: words inside names that begin without a capital
PARTICLES = words(
    """
    de du des d la le les el al ben bin ibn ould ag von van der den dit dite y e da do dos di del della ter ten
    und
    """
)
#: marks that no name holds
NO_NAME_MARKS = r"https?:|www\.|\.(?:com|fr|net|org|info|ml|ch|be|ca|sn|bf|ne|ci)$|@|\d|[#%€$«»\"!?:=<>{}\[\]]"
#: words that no person's name holds
NO_NAME_WORDS = (
    r"r[ée]daction\w*|newsroom|staff|admin\w*|web ?mast\w+|agences?|agency|équipe|team|services?|desk|édito\w*",
    r"editor\w*",
    r"presse?|news|infos?|actu\w*|journal|quotidien|hebdo\w*|magazine|mag|médias?|media|radio|télé\w*|tv|studio",
    r"france ?info|france ?\d+|correspondan\w*|envoyée?s?|journalistes?|reporters?|collectif|collective|association",
    r"ministère|ambassade|présidence|gouvernement|université|institut|fondation|centre|comité|parti|syndicat|communiqué",
    r"direction|contributeurs?|invitée?s?|lecteurs?|blog\w*|images?|photos?|getty|publié|mis|partenaires?|partenariat",
    r"communication|tribune|anonymous|unknown|auteur|author|online|digital|afrique|africa|mali|sahel|niger|burkina",
    r"sénégal|monde|international|politique|économie|sport|culture|société|copyright|tous|toutes|voir|lire|plus",
    r"super|user|utilisateur|root|webmestre|site|plan|page|menu|suite|fin|mentions|sources?|articles?|son|sa|ses|cookies?|tools?|story|stories|copy|url|wire|this|note|take|voix|welle|ouest|obs|abonn\w+|newsletters?|accueil|contact|suivre|partager|conversation",
)
#: first words of outlets' names, which no given name is
OUTLET_STARTS = frozenset({"le", "la", "les", "l", "the", "un", "une", "notre", "nos", "votre", "mon"})
#: words of class names that mark bylines
CLASS_WORDS = words(
    """
    author authors auteur auteurs auteure byline bylines signature signatures signataire signataires writer
    writers contributor contributors journaliste journalistes redacteur
    """
)
