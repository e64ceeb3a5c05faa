"""SQL that brings German and French names of months to the English ones that the engine reads."""

from __future__ import annotations

_NAMES = {
    "jan": ("januar", "jänner", "jaenner", "jän", "janvier", "janv"),
    "feb": ("februar", "feber", "février", "fevrier", "févr", "fevr", "fév"),
    "mar": ("märz", "maerz", "mär", "mrz", "mars"),
    "apr": ("avril", "avr"),
    "may": ("mai",),
    "jun": ("juni", "juin"),
    "jul": ("juli", "juillet", "juil"),
    "aug": ("août", "aout"),
    "sep": ("sept", "septembre"),
    "oct": ("oktober", "okt", "octobre"),
    "nov": ("novembre",),
    "dec": ("dezember", "dez", "décembre", "decembre", "déc"),
}
FOREIGN = "|".join(sorted((name for names in _NAMES.values() for name in names), key=len, reverse=True))


def in_english(sql: str) -> str:
    """A time with a German or French month as `3 mar 2024 ...`: lower case, without the points and commas of words."""
    text = f"lower({sql})"
    for english, names in _NAMES.items():
        any_name = "|".join(sorted(names, key=len, reverse=True))
        text = f"regexp_replace({text}, '\\b(?:{any_name})\\b[.]?', '{english}')"
    bare = f"regexp_replace({text}, '([0-9])[.] ?([a-z])', '\\1 \\2')"
    return f"regexp_replace(replace({bare}, ',', ''), ' (?:um|à) | uhr', ' ', 'g')"
