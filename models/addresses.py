"""Postal addresses, brought to one form for matching: street, house number, postcode and city, each by itself.

Everything is an expression over whole columns. The forms are for comparing and never shown to anybody. `country` is
an ISO 3166-1 alpha-2 code in upper case, or null.
"""

from __future__ import annotations

import polars as pl

from models.letters import plain_words, without_transcriptions

# Countries that write the house number before the street.
_NUMBER_FIRST = ["AU", "CA", "FR", "GB", "IE", "IN", "LU", "MT", "NZ", "SG", "US", "ZA"]

# All patterns look at plain words: 12-14, 12/14 and 12, 14 are `12 14`.
_NUMBER = r"[0-9]+ ?(?:[a-z]|bis|ter)?(?-u:\b)"
_NUMBERS_BEHIND = rf"(?: {_NUMBER})+$"
_NUMBERS_AT_BOTH_ENDS = rf"^((?:{_NUMBER} )+)?.*?((?: {_NUMBER})+)?$"

# Where somebody lives within the house; people leave it out as often as not.
_ROOM = r"(?:unit|flat|apt|apartment|suite|lot|shop|level) [a-z0-9]+"
_BEFORE_THE_STREET = rf"^(?:(?:{_ROOM}|{_NUMBER}) )+"
_ROOM_BEHIND = (
    r" (?:c o|apt|apartment|unit|flat|suite|whg|wohnung|hinterhaus|hinterhof|vorderhaus|seitenflugel|appartement|app|"
    r"stiege|top|batiment|bat|[0-9]+ ?(?:og|stock|etage|ug|dg)|eg|og|ug|dg)(?: .*)?$"
)

# The kinds of streets that are abbreviated, in the short form.
_KINDS = {
    "avenue": "ave",
    "avenida": "ave",
    "avda": "ave",
    "av": "ave",
    "road": "rd",
    "drive": "dr",
    "place": "pl",
    "platz": "pl",
    "plaza": "pl",
    "piazza": "pl",
    "lane": "ln",
    "court": "ct",
    "boulevard": "blvd",
    "bvd": "blvd",
    "bd": "blvd",
    "square": "sq",
    "crescent": "cres",
    "terrace": "tce",
    "ter": "tce",
    "highway": "hwy",
    "parade": "pde",
    "circuit": "cct",
    "close": "cl",
    "grove": "gr",
    "route": "rte",
    "chemin": "ch",
    "sankt": "st",
    "saint": "st",
    "sainte": "st",
    "ste": "st",
}
# German writes these in one word or in two.
_GLUED = r" (str|pl|weg|gasse|allee|ring|damm|ufer|steig|hof|markt|berg|wall|graben|pfad)$"

_NOWHERE = (
    r"^[^\p{L}]*$|^(?:n a|k a|na|none|null|nil|nan|test|teststr|musterstr|keine|keine angaben?|unbekannt|unknown|"
    r"inconnu|ohne|xx+|abc|asdf|tba|tbd)$"
)

_POSTCODE_PREFIX = r"^[A-Z]{1,3} ?[- ] ?([0-9]{4,5})"
_POSTCODE_SPELLINGS = [
    (r"^US\|([0-9]{3,5})[0-9]{4}$", "US|${1}"),
    (r"^(DE|ES|FI|FR|IT|US)\|([0-9]{4})$", "${1}|0${2}"),
    (r"^(AU|DK|NO)\|([0-9]{3})$", "${1}|0${2}"),
    (r"\|([0-9]{4})([A-Z]{2})$", "|${1} ${2}"),
    (r"\|([A-Z][0-9][A-Z])([0-9][A-Z][0-9])$", "|${1} ${2}"),
    (r"\|([A-Z]{1,2}[0-9][A-Z0-9]?)([0-9][A-Z]{2})$", "|${1} ${2}"),
]

_RIVERS = {
    "br": "breisgau",
    "d": "donau",
    "h": "hohe",
    "m": "main",
    "n": "neckar",
    "o": "oder",
    "r": "ruhr",
    "rh": "rhein",
    "s": "saale",
    "t": "tauber",
}
_BESIDE = r"(?: (?:am|an|a|im|in|i|ob|o|vor|v|bei|b|der|dem|d))+ "
_OTHER_NAMES = {
    "antwerpen": "antwerp",
    "bruxelles": "brussel",
    "brussels": "brussel",
    "cologne": "koln",
    "copenhagen": "kopenhagen",
    "kobenhavn": "kopenhagen",
    "den haag": "the hague",
    "firenze": "florenz",
    "florence": "florenz",
    "geneve": "genf",
    "geneva": "genf",
    "hanover": "hannover",
    "lisboa": "lissabon",
    "lisbon": "lissabon",
    "luttich": "liege",
    "milan": "mailand",
    "milano": "mailand",
    "moscow": "moskau",
    "munich": "munchen",
    "nuremberg": "nurnberg",
    "praha": "prag",
    "prague": "prag",
    "roma": "rom",
    "rome": "rom",
    "venezia": "venedig",
    "venice": "venedig",
    "vienna": "wien",
    "warszawa": "warschau",
    "warsaw": "warschau",
}


def street_name(street: pl.Expr) -> pl.Expr:
    """Return the street without house number, floor and flat: `Goethe-Straße 12a` is `goethestr`; null for
    placeholders. Numbers that end or begin the name (Highway 61) go with the house number."""
    words = _street_words(street).str.replace(_NUMBERS_BEHIND, "").str.replace(_BEFORE_THE_STREET, "")
    return _shortened(words).str.replace(_NOWHERE, "").replace("", None)


def house_number(street: pl.Expr, country: pl.Expr) -> pl.Expr:
    """Return the house number of a street line, `12a`, its parts joined by hyphens: `12-14`, `12-3` of 12/3; null
    where it has none. Where the line has numbers at both ends, the country says which one counts.
    """
    words = _street_words(street).str.replace(rf"^{_ROOM} ", "").str.replace(rf"^{_NUMBER}$", " ${0}")
    both = words.str.replace(_NUMBERS_AT_BOTH_ENDS, "${1}|${2}").str.strip_chars(" |")
    choice = pl.when(country.is_in(_NUMBER_FIRST)).then(0).otherwise(-1)
    number = both.str.split("|").list.get(choice).str.strip_chars(" ").replace("", None)
    return number.str.replace_all("([0-9]) ([a-z])", "${1}${2}").str.replace_all(" ", "-")


def postcode(code: pl.Expr, country: pl.Expr) -> pl.Expr:
    """Return a postcode as its country writes it: zeros that a spreadsheet dropped are back (DE 1067 is 01067), country
    prefixes (D-), blanks and the four last digits of US codes off, one blank in British, Dutch and Canadian codes; null
    where no letter or digit is left, and for 00000 and 99999.
    """
    text = code.cast(pl.String).str.to_uppercase().str.strip_chars().str.replace("[.]0+$", "")
    bare = text.str.replace(_POSTCODE_PREFIX, "${1}")
    # the country goes before the code, so that one pattern can look at both
    located = pl.concat_str(country.fill_null(""), pl.lit("|"), bare)
    compact = located.str.replace_all(r"[^\p{L}\p{N}|]+", "")
    for pattern, spelling in _POSTCODE_SPELLINGS:
        compact = compact.str.replace(pattern, spelling)
    return compact.str.replace(r"^[^|]*\|", "").str.replace("^(?:0+|9{5}|NA|KA|X+)$", "").replace("", None)


def city(name: pl.Expr) -> pl.Expr:
    """Return a city's comparable form, null for placeholders: Frankfurt am Main, Frankfurt/Main and Frankfurt a.M. are
    `frankfurt main`, Sankt is `st`, Munich is `munchen`. A postcode or district's number beside it is off."""
    words = (
        plain_words(name).str.replace_all(r"(?-u:\b)\p{N}+(?-u:\b)", "").str.replace_all(" +", " ").str.strip_chars(" ")
    )
    saints = words.str.replace_all(r"(?-u:\b)(?:sankt|sainte?|ste|sint)(?-u:\b)", "st").str.replace_all(_BESIDE, " ")
    # the end is marked, so that only a last word is taken for a river's
    rivers = {f" {short}|": f" {river}|" for short, river in _RIVERS.items()}
    spelt = pl.concat_str(saints, pl.lit("|")).str.replace_many(rivers).str.strip_chars_end("|").replace(_OTHER_NAMES)
    return spelt.str.replace(_NOWHERE, "").replace("", None)


def _street_words(street: pl.Expr) -> pl.Expr:
    """The words of a street line, rooms behind it off, numbers parted from letters before them."""
    words = plain_words(street).str.replace_all(r"([a-z]{3})([0-9])", "${1} ${2}")
    bare = words.str.replace(_ROOM_BEHIND, "").str.replace_all(r"(?-u:\b)(?:(?:nr|no|num|number) )+([0-9])", "${1}")
    return bare.str.replace(r"^([a-u]) ?([0-9]{1,2}) ([0-9]+ ?[a-z]?)$", "${1}${2} ${3}")  # Mannheim: Q 7, 24


def _shortened(words: pl.Expr) -> pl.Expr:
    """Words of a street with their kinds in the short form, German ones in one word with what goes before."""
    apart = pl.concat_str(pl.lit(" "), words.str.replace_all(" ", "  "), pl.lit(" "))  # each word has blanks of its own
    short = apart.str.replace_many([f" {kind} " for kind in _KINDS], [f" {kind} " for kind in _KINDS.values()])
    german = short.str.replace_all(r"(?:strasse|strase|straat|(?-u:\b)street)(?-u:\b)", "str").str.replace_all(
        r"platz(?-u:\b)", "pl"
    )
    joined = german.str.replace_all(" +", " ").str.strip_chars(" ").str.replace(r" st$", " str")
    return without_transcriptions(joined.str.replace(_GLUED, "${1}"))
