"""Words for telling articles otherwise: the same of other states, as rumour, as history, under datelines."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

TO_NIGER = {
    "Mali": "Niger",
    "malien": "nigérien",
    "maliens": "nigériens",
    "malienne": "nigérienne",
    "maliennes": "nigériennes",
    "Malian": "Nigerien",
    "Malians": "Nigeriens",
    "Bamako": "Niamey",
    "Koulouba": "Niamey",
    "Assimi Goïta": "Abdourahamane Tiani",
    "Assimi Goita": "Abdourahamane Tiani",
    "Goïta": "Tiani",
    "Goita": "Tiani",
    "Abdoulaye Diop": "Bakary Sangaré",
    "Choguel Maïga": "Lamine Zeine",
    "Kidal": "Agadez",
    "Gao": "Arlit",
    "Kayes": "Zinder",
    "Sikasso": "Maradi",
    "Tombouctou": "Agadez",
    "Timbuktu": "Agadez",
    "Gossi": "Dirkou",
    "Koulikoro": "Tillabéri",
    "Sénou": "Diori",
    "Ségou": "Tahoua",
    "Mopti": "Diffa",
    "Senou": "Diori",
    "Menaka": "Tillaberi",
    "Kéniéba": "Dosso",
    "Kenieba": "Dosso",
    "In-Tillit": "Ayorou",
    "Segou": "Tahoua",
    "Ansongo": "Ayorou",
    "Hombori": "Téra",
    "Nioro": "Abalak",
    "Kita": "Dosso",
    "Douentza": "Filingué",
    "Koutiala": "Dogondoutchi",
    "Labbezanga": "Ayorou",
    "Bandiagara": "Filingué",
    "Sévaré": "Dosso",
    "bamakois": "niaméens",
    "bamakoise": "niaméenne",
    "Haute Autorité de la communication": "Observatoire national de la communication",
    "Yéré Ton": "M62",
    "Ménaka": "Tillabéri",
    "Tessalit": "Dirkou",
    "Kati": "Tahoua",
    "FAMa": "FAN",
    "HAC": "ONC",
    "ORTM": "RTN",
    "Мали": "Нигер",
    "Бамако": "Ниамей",
    "малийский": "нигерский",
    "малийского": "нигерского",
    "малийских": "нигерских",
    "малийские": "нигерские",
    "малийская": "нигерская",
    "малийскую": "нигерскую",
    "малийскими": "нигерскими",
    "малийцам": "нигерцам",
    "малийцы": "нигерцы",
    "малийца": "нигерца",
    "малийцев": "нигерцев",
    "مالي": "النيجر",
    "لمالي": "للنيجر",
    "بمالي": "بالنيجر",
    "ومالي": "والنيجر",
    "وباماكو": "ونيامي",
    "ماليا": "نيجريا",
    "مالية": "نيجرية",
    "ماليين": "نيجريين",
    "ماليون": "نيجريون",
    "الماليين": "النيجريين",
    "للماليين": "للنيجريين",
    "المالي": "النيجري",
    "المالية": "النيجرية",
    "باماكو": "نيامي",
}
SWAPPED_FRENCH = {
    "du Mali": "de la France",
    "au Mali": "en France",
    "le Mali": "la France",
    "Mali": "France",
    "de Bamako": "de Paris",
    "Bamako": "Paris",
    "Koulouba": "l’Élysée",
    "malien": "français",
    "maliens": "français",
    "malienne": "française",
    "maliennes": "françaises",
    "de la France": "du Mali",
    "à la France": "au Mali",
    "de France": "du Mali",
    "en France": "au Mali",
    "face au Mali": "face à la France",
    "face à la France": "face au Mali",
    "la France": "le Mali",
    "France": "Mali",
    "Paris": "Bamako",
    "le Quai d’Orsay": "Koulouba",
    "du Quai d’Orsay": "de Koulouba",
    "au Quai d’Orsay": "à Koulouba",
    "l’Élysée": "Koulouba",
    "français": "malien",
    "française": "malienne",
    "françaises": "maliennes",
    "ambassade de France": "ambassade du Mali",
    "ambassade du Mali": "ambassade de France",
    "ambassadeur de France": "ambassadeur du Mali",
    "ambassadeur du Mali": "ambassadeur de France",
    "consulat de France": "consulat du Mali",
    "consulat du Mali": "consulat de France",
}
SWAPPED_ENGLISH = {
    "Mali": "France",
    "Malian": "French",
    "Malians": "French nationals",
    "Bamako": "Paris",
    "France": "Mali",
    "French": "Malian",
    "Frenchman": "Malian man",
    "Frenchwoman": "Malian woman",
    "French nationals": "Malian nationals",
    "Malian nationals": "French nationals",
    "French people": "Malians",
    "Paris": "Bamako",
    "Koulouba": "the Elysee",
    "the Elysee": "Koulouba",
    "the Quai d'Orsay": "Koulouba",
}
#: what has no counterpart in the other state: an article that holds one of these cannot be swapped
OF_ONE_STATE = re.compile(
    r"(?<!\w)(?:bourses?|air france|air mali|sky mali|"
    r"barkhane|takuba|serval|rfi|france 24|tv5\w*|tf1|lci|dgse|campus france|afd|orano|barrot|macron|lyon\w*|"
    r"coloniale?|colonial power|métropole|roissy|orly|montreuil|agence française|french development agency|"
    r"institut français|lycée français|quai d['’]orsay|junte|junta|transition|colonels?|goïta|goita|diop|maïga|maiga|"
    r"ortm|fama|wagner|africa corps|minusma|kidal|gao|kayes|sikasso|tombouctou|timbuktu|gossi|ségou|mopti|sénou|kati|"
    r"hac|ménaka|tessalit|koulikoro)(?!\w)",
    re.IGNORECASE,
)
#: « deux Malien »: a plural that its neighbour tells
PLURAL = re.compile(r"((?<=[sx] )malien|(?<=[sx] » )malien)(?!\w)", re.IGNORECASE)
SMALL = re.compile(
    r"(?:L[ea’']s?|L’|Un|Une|Des|Du|De|Deux|Trois|Cinq|Vingt|Quatre|Dix|Cet?t?e?|Ces|Son|Sa|Ses|Au|Aux|Il|Elle|Ils|Elles|"
    r"En|Dans|Sur|Selon|The|An?|Two|Three|Its|His|Her|He|She|They|In|On|All|No|That)(?=\W)"
)
#: openings that take the assertion away
RUMOUR: Mapping[str, Sequence[str]] = {
    "fr": ("Selon une rumeur, ", "D’après des rumeurs non confirmées, ", "À en croire une rumeur, ", "Rumeur : "),
    "en": ("According to a rumour, ", "According to rumours, ", "Rumour has it that ", "Reportedly, "),
}
HISTORY: Mapping[str, Sequence[str]] = {
    "fr": (
        "Il y a trois ans, ",
        "Il y a six mois, ",
        "À l’époque, ",
        "En 2019, ",
        "Au printemps 2019, ",
        "L’an dernier, ",
    ),
    "en": (
        "Three years ago, ",
        "Six months ago, ",
        "At the time, ",
        "In 2019, ",
        "In the spring of 2019, ",
        "Last year, ",
    ),
}
#: {past} and {older} are years before publication
BACKGROUND: Mapping[str, Sequence[str]] = {
    "fr": (
        "En janvier {past}, le Mali avait expulsé l’ambassadeur de France, Joël Meyer.",
        "Le 17 mars {past}, Bamako avait suspendu RFI et France 24. La France a quitté le Mali en août {past}.",
        "En novembre {past}, la France a suspendu son aide au Mali ; Bamako a interdit les ONG françaises.",
        "L’ambassadeur de France avait été expulsé du Mali le 31 janvier {past}.",
        "Les relations entre Paris et Bamako se sont dégradées depuis le coup d’État d’août {older}.",
    ),
    "en": (
        "In January {past}, Mali expelled the French ambassador, Joel Meyer.",
        "On 17 March {past}, Mali suspended RFI and France 24. France pulled its troops out of Mali in August {past}.",
        "Mali scrapped its defence accords with France in May {past}.",
        "Relations have been tense since {older}. In {past}, Mali gave the French ambassador 72 hours to leave.",
    ),
}
DATELINES = {
    "fr": ("Bamako (AFP) — ", "Paris, le {day} (AFP) – ", "NIAMEY, {day} (ANP) - "),
    "en": ("BAMAKO, Mali (AP) — ", "PARIS, {day} (Reuters) - "),
}
