"""What French and English news sites print around articles: whole lines, headings of link lists, box names.

Patterns are case-insensitive and meant for a line with plain apostrophes and spaces, without the marks at
its ends (:func:`crawler.boilerplate.is_boilerplate` prepares it so). Each must fit lines that are never prose:
a pattern that a journalist's sentence could fit does not belong here.
"""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    """Return the words of a list written for people to read and add to."""
    return frozenset(text.split())


_WEEKDAY = r"(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|\w{3,6}day)"
_MONTH = r"(?:\d{1,2}|[a-zéû]{3,9}\.?)"
_CLOCK = r"(?:,?(?: (?:à|a|at|-|–))?,? ?\d{1,2} ?[h:.] ?\d{2}(?: ?(?:min|gmt|tu|utc|cet|cest|am|pm))?)"
_DATE = rf"(?:{_WEEKDAY},? )?(?:le )?\d{{1,2}}(?:er)?[ ./-]{_MONTH}[ ./-]\d{{2,4}}{_CLOCK}?"
_STAMP = (
    r"(?:publiée?|mise? à jour|mis en ligne|posté|modifiée?|actualisée?|créée?"
    r"|dernière (?:mise à jour|modification)|published|updated)"
)
_READERS = r"(?:abonnée?s?|membres?|adhérente?s?|inscrite?s?|lecteurs?|lectrices?)"
_NETWORK = r"(?:facebook|twitter|x|whatsapp|telegram|linkedin|messenger|e-?mail|pinterest|instagram|tiktok|copy link)"

OTHER_ARTICLES = (
    r"(?:à |a )?(?:lire|voir|relire|revoir|écouter|regarder|découvrir|consulter)(?: (?:aussi|également|encore))?"
    r"(?: sur [\w .'-]+)? ?:.*",
    r"(?:à |a )(?:lire|voir|écouter) (?:aussi|également).*",
    r"(?:lire|voir|écouter) (?:aussi|également)\b.*",
    r"(?:à|a) (?:lire|voir|écouter|découvrir)(?: absolument| dans .{0,60}| sur .{0,60})?",
    r"(?:read|see|watch|listen) (?:also|more|next) ?:?.{0,200}",
    r"(?:also read|lesen sie auch) ?:?.*",
    r"related ?:.*|more on this story.*",
    r"(?:notre|nos) (?:articles?|dossiers?|récits?|directs?) (?:sur|ici|consacrée?s? à|à propos de) .{0,120}",
    r"(?:retrouvez|lisez|relisez|voir|lire|relire|revivez|suivez) (?:en direct |ici )?"
    r"(?:notre|nos|tous nos|toutes nos|l'intégralité de) .{0,160}",
    r"(?:sur|dans) le même (?:sujet|thème)(?: ?:.*)?",
    r"(?:dans|de) la même (?:rubrique|thématique|catégorie)(?: ?:.*)?|dans la rubrique",
    r"pour (?:aller plus loin|en savoir plus) ?(?::.*)?|les plus lus?",
    r"(?:articles?|contenus?|sujets?) (?:liés?|similaires?|connexes?|associés?|recommandés?|précédents?|suivants?)"
    r"(?: ?:.*)?",
    r"(?:article|post) (?:précédent|suivant) ?.*",
    r"vous (?:aimerez|pourriez) (?:peut-être |également |aussi )*(?:aussi|également|aimer|être intéressée?s?).{0,40}",
    r"(?:cela|ceci) (?:peut|pourrait|devrait) (?:aussi |également )?vous intéresser.{0,20}",
    r"(?:à la une|sur le web)(?: .{0,40})?|plus d'(?:infos?|articles?|actualités?).{0,40}",
    r"vous lisez actuellement ?:.*|contenus? proposés? par .{0,60}",
)
ADVERTISING = (
    r"(?:la )?suite après (?:cette|la) (?:publicité|pub|annonce)",
    r"(?:- ?)?publicité(?: ?-)?|annonces?|pub|advertisement|ad|anzeige|sponsored|contenu sponsorisé",
    r"la suite (?:de l'article|de votre contenu|du contenu|de votre article) .{0,60}",
    r"(?:continue|keep) reading(?: below)?|article continues (?:below|after).*|fin de (?:la )?publicité.*",
)
SUBSCRIPTIONS = (
    r"(?:déjà|already) (?:abonnée?s?|a subscriber|un compte).*|déjà inscrite?s? ?\?.*",
    r"(?:je me connecte|se connecter|connectez-vous|s'identifier|créer un compte|je m'abonne|s'abonner|abonnez-vous"
    r"|je m'inscris|s'inscrire).{0,40}",
    r"(?:cet |cette |ce |l')?(?:article|contenu|vidéo|lecture audio|accès|podcast|lecture)s?"
    r"(?: de (?:cet|l')(?: ?article))? (?:est )?(?:exclusivement |strictement )?"
    rf"(?:réservée?s?|accessible uniquement|offerte?s?) (?:aux|à nos|pour (?:les|nos)|par un) {_READERS}.{{0,100}}",
    r"(?:réservée?s? aux|exclusif|exclusivité) abonnée?s.{0,40}",
    r"il (?:vous )?reste (?:encore )?[\d.,]+ ?% (?:de (?:cet|l')|à (?:lire|découvrir)).*",
    r"la suite (?:de cet article )?est réservée.*|pour lire la suite.*",
    r"offres? (?:spéciale|d'abonnement).{0,100}|(?:dès|à partir de) \d+(?:[.,]\d+)? ?€.{0,80}",
    r"sans engagement(?:,? (?:résili|annul|et|1er).{0,60})?|(?:soutenez|faites un don|faire un don).{0,120}",
    r"(?:recevez|inscrivez-vous|abonnez-vous|sign up|retrouvez|ne manquez|suivez|rejoignez).{0,160}"
    r"(?:newsletters?|lettres?|whatsapp|telegram|google news|google actualités|application|appli|chaîne"
    r"|info en (?:direct|continu))\b.{0,120}",
    r"inscription à (?:la|notre) newsletter.{0,60}|(?:la )?newsletter(?: .{0,60})?|votre (?:adresse )?e-?mail.{0,80}",
    r"suivez(?:-| )nous.{0,120}",
    r"suivez .{0,60} sur (?:facebook|twitter|x|instagram|whatsapp|telegram|linkedin|tiktok|youtube).{0,60}",
    r"(?:télécharge[zr]|installez) (?:notre |l'|la )?(?:nouvelle )?appli.{0,100}",
)
WIDGETS = (
    r"temps de lecture ?:?.*|(?:lecture ?:? ?)?\d+ ?min(?:utes?)?(?: de lecture| read| pour lire)?",
    r"lecture ?: ?\d+ ?min.*|\d+ ?(?:mn|vues?|views?|partages?|lectures?)",
    r"(?:partage[rz]?|share)(?: (?:sur|cet article|l'article|this|on|via|:).{0,80})?",
    r"imprimer(?: .{0,20})?|print|envoyer (?:par|à) .{0,40}",
    r"copier le lien.{0,30}|lien copié.{0,20}|enregistrer|sauvegarder",
    r"écouter(?: l'article| cet article)?|écouter ?\(?\d+.{0,12}",
    rf"{_NETWORK}(?:[ ,|/·]+{_NETWORK})*",
    r"(?:ajouter|retirer|cet article a été (?:ajouté|retiré)).{0,30} (?:favoris|sélection|mes articles)",
    r"commenter|réagir|contribuer|signaler .{0,40}",
    r"voir (?:les|tous les) (?:commentaires|contributions).*|\d+ (?:commentaires?|comments?|réactions?)",
    r"(?:laisser|laissez|poster|écrire) (?:un|votre) (?:commentaire|réponse|avis)|commentaires? ?(?:\(\d+\))?",
    r"annuler la réponse.*|lire (?:la suite|plus)|en savoir plus|read more|afficher plus|voir plus|tout voir",
    r"(?:post a |view |show |add a )?comments?(?: ?\(\d+\))?|story tools|(?:contribute )?to this story|contribute",
    r"(?:subscribe to|sign up for|get) .{0,80}(?:newsletters?|facebook|twitter|inbox).{0,60}",
    r"follow .{0,60} on (?:facebook|twitter|x|instagram|youtube).{0,80}",
    r"plan du site|mentions légales|charger plus|retour (?:en haut|à l'accueil)",
    r"(?:ce contenu n'est pas disponible|pour afficher ce contenu|cliquez ici|votre navigateur"
    r"|activer (?:les cookies|javascript)|ce contenu est bloqué|contenu (?:bloqué|indisponible)"
    r"|accepter (?:les cookies|et continuer)|accéder aux réglages).{0,160}",
    r"(?:erreur|une faute|vous avez (?:repéré|trouvé|remarqué)).{0,60}"
    r"(?:signaler|signalez|contactez|coquille|dites).{0,60}",
)
LABELS = (
    r"mots[- ]clés ?:?.*|tags ?:.*|étiquettes ?:.*",
    r"(?:thèmes?|rubriques?|catégories?|dossiers?|sujets?) ?:.{0,100}",
    rf"(?:{_STAMP} ?:? ?)?(?:le )?{_DATE}",
    rf"{_STAMP} ?:? ?(?:le \d|il y a \d|hier à \d|aujourd'hui à \d|\d\d?[/ ]).{{0,90}}",
    r"il y a \d+ (?:minutes?|heures?|jours?)|\d+ (?:minutes?|hours?|days?) ago|(?:la )?rédaction(?: d[eu'] ?.{0,40})?",
    r"(?:©|\(c\)|crédits?(?: photos?)? ?:|photos? ?:|illustration ?:|image ?:|légende ?:).{0,120}",
    r"photo d'illustration.{0,120}|image d'illustration.{0,120}",
    r"(?:vidéo|audio|diaporama|infographie|carte|podcast|photo|photos|images?)(?: ?:? ?\d{1,2}:\d{2})?",
    r"cet(?:te)? (?:article|dépêche|billet) (?:a|est) (?:été )?(?:initialement |d'abord |automatiquement )?"
    r"(?:parue?|publiée?|traduite?|extraite?|issue?|générée?|rédigée? (?:par|avec)|tirée?).{0,160}",
    r"sources? ?: ?[^.!?]{2,60}",
    r"\((?:(?:additional )?reporting|writing|editing|compiled) by .{3,200}\)",
    r"\((?:reportage (?:de|par)|rédigé par|édité par|traduit par|version française) .{3,200}\)",
    r"\(reportage .{3,120}(?:édité|rédigé|version française).{3,120}\)",
    r"all rights reserved.{0,200}",
    r"(?:toute )?reproduction (?:totale |partielle |même |ou )*(?:est )?(?:strictement )?interdite.{0,120}",
    r"contacts? ?: ?\S+@\S+|\d{1,2} ?[h:] ?\d{2}",
    r"tous droits réservés.{0,120}|(?:©|copyright) .{0,120}|avec (?:notre|nos) (?:correspondant|envoyé).{0,80}",
)
#: whole lines
LINES = OTHER_ARTICLES + ADVERTISING + SUBSCRIPTIONS + WIDGETS + LABELS

#: found anywhere in a short line
PROMPTS = (
    r"réservée?s? (?:exclusivement )?(?:aux|à nos) (?:seuls )?abonné",
    r"il vous reste [\d.,]+ ?% de cet article",
    r"déjà abonnée? ?\?",
    r"pour lire (?:la suite de )?cet article,? (?:abonnez|inscrivez|connectez|identifiez)",
    r"lire (?:la suite )?en illimité|débloque[rz] (?:cet|l') ?article|se connecter$",
)
#: links in the middle of a paragraph that begin so interrupt it
CROSS_LINK = (
    r"(?:(?:à |a )?(?:lire|voir|écouter|relire|revoir|découvrir) (?:aussi|également)|>>> ?|(?:also read|read also)\b)"
)

#: headings of lists of links
LINK_HEADINGS = (
    r"(?:à |a )?(?:lire|voir|écouter|découvrir) (?:aussi|également)|(?:à|a) lire|(?:sur|dans) le même (?:sujet|thème)",
    r"(?:dans|de) la même (?:rubrique|catégorie|thématique)",
    r"(?:(?:nos|les) derni(?:er|ère)s|nos) (?:articles?|actualités?|vidéos?|infos)(?: .{0,40})?",
    r"(?:articles?|contenus?|sujets?) (?:liés?|similaires?|connexes?|associés?|recommandés?)",
    r"(?:les )?(?:plus lus|plus commentés|plus partagés|plus récents)|pour (?:aller plus loin|en savoir plus)",
    r"(?:related|more|recommended|popular|latest) (?:articles?|stories|news|posts?|coverage)|read (?:more|next)",
    r"you may also like|vous (?:aimerez|pourriez) .{0,40}|à la une(?: .{0,40})?|toute l'actualité(?: .{0,40})?",
    r"notre sélection|sur le web|(?:du )?même auteur|plus (?:sur|d'infos|d'articles).{0,40}|liens (?:utiles|connexes)",
    r"nos autres articles",
)

#: words of class names and ids that mark boxes without article text
BOX_WORDS = words(
    """
    cookie cookies consent gdpr rgpd onetrust didomi tarteaucitron cmp axeptio sirdata privacy comment comments
    commentaire commentaires disqus reaction reactions respond forum poll sondage quiz
    newsletter newsletters related recommended
    recommendations recommandations recirc recirculation relatedposts crosslinks outbrain taboola populaire
    populaires share shares sharing sharedaddy social socials partage partager addtoany addthis sharethis
    breadcrumb breadcrumbs pagination pager advert adverts advertisement advertising publicite pub ads
    adsbygoogle sponsored dfp teads tags keywords byline signature signatures caption captions legende
    figcaption credit credits copyright tooltip
    """
)
#: the same, as words in a row
BOX_PHRASES = frozenset(
    phrase.strip()
    for line in """
    lire aussi, aussi lire, a lire, lire plus, voir aussi, voir plus, read also, also read, read more, read next
    see also, sur le meme sujet, meme sujet, plus lus, most read, more from, you may like, may also like, en continu
    related article, related articles, related news, td related, jp relatedposts, liste articles, articles lies
    article lie, liens connexes, sujets associes
    post navigation, nav links, nav previous, nav next, next post, prev post
    reading time, temps lecture, temps de lecture, fil ariane, mots cles, article tags, tag list, post views, rate this
    author box, author bio, bio auteur, wp caption, caption text, tdb logo, skip link, skip links, sr only
    screen reader, visually hidden, social network, social links, follow us, suivez nous, whatsapp channel
    call to action, inscription newsletter, mkto form, no print, hidden print, hide print, print none
    pub container, ad container, ad wrapper, ad slot, ad unit, js ad, code block
    """.strip().splitlines()
    for phrase in line.split(",")
)
#: words of subscription prompts, which articles behind a paywall bear as a flag too
PROMPT_WORDS = frozenset({"subscribe", "subscription", "abonnez", "abonnement", "paywall", "piano"})
#: words of the boxes that hold the article
CONTENT_WORDS = frozenset(
    {"body", "content", "contenu", "richtext", "rich", "articlebody", "article", "text", "texte", "post", "entry"}
)
