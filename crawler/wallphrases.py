"""What walls say: bot checks, consent dialogs, error pages, subscription prompts, in French and English.

Patterns are case-insensitive. Each names what such pages print; :mod:`crawler.walls` asks for a second sign besides.
"""

from __future__ import annotations

#: what only the page of a bot check holds, lower case; the scripts of protections stand on ordinary pages as well
CHECK_MARKS = (
    b"_cf_chl_opt",
    b"cf-browser-verification",
    b"captcha-delivery.com",
    b"_incapsula_resource",
    b"incapsula incident id",
    b"px-captcha",
    b"sgcaptcha",
    b"ddos-guard/js-challenge",
    b"/.within.website/x/cmd/anubis",
    b"sucuri website firewall",
    b"awswafcookiedomainlist",
    b"perfdrive.com",
)
CHECKS = (
    r"just a moment|un instant\s?…|attention required! \| cloudflare|checking your browser",
    r"verify(?:ing)? (?:that )?you are (?:a )?human|enable javascript and cookies to continue",
    r"please enable js and disable any ad blocker|pardon our interruption",
    r"are you a robot|you(?:'|’)re not a (?:ro)?bot",
    r"unusual traffic|access to this page has been denied|access denied",
    r"v[ée]rifi(?:er|ez|cation|ons) (?:de s[ée]curit[ée]|que vous (?:[êe]tes|n(?:'|’)[êe]tes)|en cours)",
    r"[êe]tes-vous (?:un robot|humain)|activer javascript et d[ée]sactiver (?:tout|votre) bloqueur",
    r"requ[êe]te bloqu[ée]e|acc[èe]s (?:temporairement )?(?:bloqu[ée]|refus[ée])",
)

CONSENT_HOST = r"^(?:consent|consentement|cmp|privacy|cookies?|guce)\.|\bconsent\b"
CONSENT_PATH = r"/(?:consent|cookie-?wall|privacy-(?:wall|gate)|collectconsent|cookies?-consent|rgpd|gdpr)\b"
LOGIN_PATH = r"/(?:login|log-in|signin|sign-in|connexion|se-connecter|identification|authenti\w+|sso|oauth2?)\b"
ERROR_PATH = r"/(?:404|erreur|error|not-?found|page-introuvable|maintenance|indisponible)(?:[/.]|$)"
#: each is one kind of thing that a consent dialog says; a dialog says several
CONSENT = (
    r"nous et nos \d* ?partenaires|nos \d* ?partenaires (?:stock|utilis|trait|collect)"
    r"|(?:utilisons|utilise|dépos\w+) des (?:cookies|traceurs)",
    r"tout accepter|accepter et (?:continuer|fermer)|accept(?:er)? (?:all|les cookies|tous les cookies)",
    r"continuer sans accepter|tout refuser|reject all|refuser (?:et|les)",
    r"(?:gérer|paramétrer|personnaliser|modifier|définir) (?:mes|vos|les) (?:choix|préférences|cookies|traceurs)"
    r"|manage (?:my |your )?(?:choices|preferences)",
    r"retirer votre consentement|votre consentement|changer d[’']avis à tout moment|withdraw your consent"
    r"|legitimate interest|intérêt légitime",
    r"politique (?:de confidentialité|de cookies|cookies)|privacy policy|données personnelles"
    r"|données à caractère personnel",
    r"we and our (?:\d+ )?partners|s[’']abonner (?:pour|sans) (?:refuser|traceurs|publicité|pub)"
    r"|accéder au site sans (?:accepter|cookies|pub)",
    r"publicités? et (?:du )?contenus? personnalisés?|personalised ads",
)
_GONE = (
    r"(?:introuvable|non trouvée?|inexistante?|supprimée?|indisponible|not found|n[’']existe (?:pas|plus)"
    r"|n[’']est plus (?:disponible|en ligne)|n[’']a pas été trouvée?|you requested)"
)
#: whole titles of pages that are no articles
ERROR_TITLES = (
    r"(?:erreur|error)\s*(?:4\d\d|5\d\d)?(?:\W.*)?|(?:4\d\d|5\d\d)\b.{0,60}",
    rf".{{0,20}}(?:page|article|contenu|document|url)s? {_GONE}.{{0,60}}|not found.{{0,40}}",
    r"(?:oups|oops|désolé|sorry)\b.{0,80}|(?:site|page|service)?.{0,20}(?:en |sous )?maintenance.{0,40}",
    r".{0,30}(?:temporairement|momentanément) indisponible.{0,40}|site en construction.{0,20}",
    r"bad gateway|service unavailable",
    r"(?:se connecter|connexion|connectez-vous|identifiez-vous|identification|log ?in|sign ?in|mon compte)"
    r"(?:\s?[|–-].{0,40})?",
)
ERROR_TEXTS = (
    r"(?:la page|l[’']article|le contenu) (?:que vous (?:cherchez|recherchez|demandez|avez demandée?)|demandée?).{0,60}"
    r"(?:n[’']existe|introuvable|indisponible|supprimé|déplacé|n[’']est plus|pas été trouvé)",
    r"(?:the page|the article) (?:you(?:[’']re| are) looking for|you requested).{0,60}"
    r"(?:not|no longer|cannot|can[’']t|moved)",
    r"(?:site|service) (?:est )?(?:actuellement |temporairement )?(?:en (?:cours de )?maintenance|indisponible)",
    r"(?:nous revenons|de retour) (?:très )?(?:vite|bientôt)|erreur 404|error 404|404 not found",
)
#: what a page says under the teaser of an article that goes on for subscribers
REST_FOR_SUBSCRIBERS = (
    r"il (?:vous )?reste (?:encore )?[\d.,]+ ?% (?:de (?:cet|l[’'])|à (?:lire|découvrir))",
    r"la suite (?:de (?:cet|l[’'])\s?article )?est réservée|lisez la suite en vous abonnant",
    r"pour lire la suite(?: de (?:cet|l[’'])\s?article)?,? (?:abonnez|connectez|inscrivez|identifiez|créez)",
    r"subscribe (?:now )?to (?:continue|keep) reading|to continue reading,? (?:subscribe|sign in|log in)",
    r"(?:cet|l[’'])\s?article (?:premium )?est (?:exclusivement )?réservé (?:aux|à nos) (?:seuls )?abonn",
    r"abonnez-vous pour lire (?:la suite|cet article)|débloquez cet article",
    r"la lecture des articles est réservée aux abonné",
)
