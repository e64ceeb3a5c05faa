"""Names of people, brought to one form for matching: what differs by habit of writing comes out alike.

Everything is an expression over whole columns. The forms are for comparing and never shown to anybody.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import polars as pl

from models.letters import plain_words

_NICKNAMES = Path(__file__).parent / "data" / "nicknames.csv"


def _any(words: str) -> str:
    return f"(?:{'|'.join(words.split())})"


# All patterns look at plain words: lower case, no accents, ü and ue as u.
_SALUTATION = _any(
    "herrn? hr frau fr fraulein frl familie fam eheleute mr mrs ms miss mx mister mme mlle mademoiselle madame "
    "monsieur sig signor signora srta senor senora dhr mevr mevrouw"
)
_DEGREE = (
    f"{_any('dr dres drs prof professor professorin dipl diplom mag magister pd univ ing')}"
    f"(?: (?:h c|{_any('hc med dent vet phil rer nat pol oec jur iur theol habil mult ing kfm kffr inf techn')}))*"
)
_TITLE = f"(?:{_SALUTATION}|{_DEGREE})"
_PARTICLE = _any(
    "von vom van vd zu zum zur und der den dem de del della di da do dos das du des la le ten ter te af av t"
)
_NOBLE = _any("freiherr freifrau graf grafin baron baronin furst furstin prinz prinzessin ritter edler")
_LEADING = rf"^(?:(?:{_TITLE}|{_PARTICLE}|{_NOBLE} (?:von|vom|zu)) )+"
_LEADING_TITLES = rf"^(?:{_TITLE} )+"
_DEGREE_BEHIND = f"{_any('jr junior jun sr senior ii iii iv mba phd msc bsc llm')}|{_DEGREE}"
_TRAILING = rf"(?: (?:{_DEGREE_BEHIND}))+$"
_TRAILING_OF_GIVEN = rf"(?: (?:{_DEGREE_BEHIND}|{_PARTICLE}))+$"
_MAIDEN_NAME = r" (?:geb|geborene|geborener|nee) .+$"
_ASIDE = r"\([^()]*\)"  # the nickname or maiden name in Anna (Anni)

_PLACEHOLDER = (
    rf"^[^\p{{L}}]*$|^(?:(?:n a|k a|keine angaben?|no name|{_TITLE}|\p{{N}}+|"
    + _any(
        "na none null nil nan nn test tester testuser testkunde testperson user unbekannt unbekannter unbekannte "
        "unknown inconnu kunde kundin customer client gast guest invite anonym anonymous anonyme noname keine keiner "
        "mustermann musterfrau vorname nachname firstname lastname asdf qwertz qwerty xx xxx xxxx"
    )
    + r")(?: |$))+$"
)
# Placeholders that are family names as well: believed where a given name stands beside them.
_ALSO_A_FAMILY_NAME = rf"^{_any('gast kunde guest client herr frau')}$"

# A column that holds the whole name is parted at its last word, with the particles before it. Particles that begin
# it have no given name before them (von der Heide).
_PARTICLES_FIRST = rf"^((?:{_TITLE} )*)(?:{_PARTICLE} )+"
_DEGREES_LAST = rf"(?:[ ,](?:{_DEGREE_BEHIND}))+$"
_LAST_WORD = rf"^(.+?) ((?:{_PARTICLE} )*[^ ]+)$"


def given_name(text: pl.Expr) -> pl.Expr:
    """Return a given name's comparable form, null for placeholders: `Dr. Hans-Jürgen` is `hans jurgen`."""
    return _given(plain_words(_without_asides(text)))


def family_name(text: pl.Expr) -> pl.Expr:
    """Return a family name's comparable form, null for placeholders: `Frhr. von Müller-Lüdenscheidt, MBA` ends up as
    `muller ludenscheidt`.

    Titles, particles (von, van, de), maiden names and degrees are off. The parts of a double name are its words.
    """
    return _named(_bare_family(plain_words(_without_asides(text))))


def with_person_names(people: pl.LazyFrame, first_name: str, last_name: str) -> pl.LazyFrame:
    """Add the columns `given_name` and `family_name`, comparable or null, out of the two columns that are named.

    Where one column is empty and the other holds a whole name, `Müller, Hans` or `Hans Müller`, it is parted; a
    double name with a hyphen is not. A whole name beside its own half is reduced to the other half. A family name
    such as Gast, that otherwise stands for nobody, counts beside a given name.
    """
    first, last, given, family = (pl.col(f"__{name}") for name in ("first", "last", "given", "family"))
    cleaned = people.with_columns(
        plain_words(_without_asides(pl.col(first_name)), keep=",-").alias("__first"),
        plain_words(_without_asides(pl.col(last_name)), keep=",-").alias("__last"),
    ).with_columns(
        _given(_tidy(first)).alias("__given"),
        _bare_family(_tidy(last.str.replace(r",.*$", ""))).alias("__family"),
    )
    halved = _with_halves(cleaned.with_columns(_family_beside(given, family).alias("__family")))
    is_parted = pl.col("__family_half").is_not_null()
    return halved.with_columns(
        given_name=pl.when(is_parted).then("__given_half").otherwise(_without_family(first, given, family)),
        family_name=pl.when(is_parted).then("__family_half").otherwise(_without_given(family, given)),
    ).drop("__first", "__last", "__given", "__family", "__given_half", "__family_half")


def initial(name: pl.Expr) -> pl.Expr:
    """Return the first letter of a comparable name, null where there is none."""
    return name.str.slice(0, 1)


def sound(name: pl.Expr) -> pl.Expr:
    """Return how the first word of a comparable name sounds, by its first letter and its consonants: Anna and Ana are
    alike, Anna and Andreas are not. Null for an initial. After Soundex (Russell, US patent 1,261,167, 1918), uncut.
    """
    word = name.str.extract(r"^(\p{L}{2,})")
    rest = word.str.slice(1).str.replace_all("[aeiouhwy]", "")
    for digit, letters in enumerate(("bfpv", "cgjkqsxz", "dt", "l", "mn", "r"), start=1):
        rest = rest.str.replace_all(f"[{letters}]+", str(digit))
    return word.str.slice(0, 1) + rest


def nickname_root(given: pl.Expr) -> pl.Expr:
    """Return the name that the first word of a comparable given name is short for, or that word: `lisa` is
    `elisabeth`. Of several (Alex) the one listed first."""
    first = given.str.extract(r"^(\S+)")
    return first.replace(nicknames())


@cache
def nicknames() -> dict[str, str]:
    """Return the full name of each nickname, both in comparable form; a full name is no nickname of another one."""
    with _NICKNAMES.open(encoding="utf-8", newline="") as file:
        rows = [(nickname, row["name"]) for row in csv.DictReader(file) for nickname in row["nicknames"].split()]
    listed = pl.DataFrame(rows, schema=["nickname", "name"], orient="row").select(plain_words(pl.all()))
    return dict(listed.unique("nickname", keep="first", maintain_order=True).iter_rows())


@cache
def listed_names() -> frozenset[str]:
    """Return the first names of the shipped list, short and full, in comparable form."""
    return frozenset(nicknames()) | frozenset(nicknames().values())


def _without_asides(text: pl.Expr) -> pl.Expr:
    return text.cast(pl.String).str.strip_chars_start("( ").str.replace_all(_ASIDE, " ")


def _tidy(words: pl.Expr) -> pl.Expr:
    """Plain words out of such that kept commas and hyphens."""
    return words.str.replace_all("[ ,-]+", " ").str.strip_chars(" ").replace("", None)


def _given(words: pl.Expr) -> pl.Expr:
    return _named(words.str.replace(_LEADING_TITLES, "").str.replace(_TRAILING_OF_GIVEN, ""))


def _named(words: pl.Expr) -> pl.Expr:
    """Null for what names nobody."""
    return words.str.replace(_PLACEHOLDER, "").replace("", None)


def _bare_family(words: pl.Expr) -> pl.Expr:
    return words.str.replace(_MAIDEN_NAME, "").str.replace(_TRAILING, "").str.replace(_LEADING, "")


def _with_halves(people: pl.LazyFrame) -> pl.LazyFrame:
    """Add the given and the family name of whole names that stand in one column; both null for a single word."""
    whole, forward = pl.col("__whole"), pl.col("__forward")
    only = pl.when(pl.col("__given").is_null()).then("__last").when(pl.col("__family").is_null()).then("__first")
    is_turned = whole.str.contains(r"^[^,]+,.*\p{L}")
    return (
        people.with_columns(only.alias("__whole"))
        .with_columns(pl.when(_named(_tidy(whole)).is_not_null()).then(whole).alias("__whole"))
        .with_columns(whole.str.replace(_PARTICLES_FIRST, "${1}").str.replace(_DEGREES_LAST, "").alias("__forward"))
        .with_columns(
            pl.when(is_turned).then(whole.str.extract(r",(.+)$")).otherwise(forward.str.extract(_LAST_WORD, 1)),
            pl.when(is_turned)
            .then(whole.str.extract(r"^([^,]+),"))
            .otherwise(forward.str.extract(_LAST_WORD, 2))
            .alias("__forward"),
        )
        .with_columns(
            _given(_tidy(whole)).alias("__given_half"), _named(_bare_family(_tidy(forward))).alias("__family_half")
        )
        .drop("__whole", "__forward")
    )


def _family_beside(given: pl.Expr, family: pl.Expr) -> pl.Expr:
    is_also_a_name = given.is_not_null() & family.str.contains(_ALSO_A_FAMILY_NAME)
    return pl.when(~family.str.contains(_PLACEHOLDER) | is_also_a_name).then(family)


def _without_family(first: pl.Expr, given: pl.Expr, family: pl.Expr) -> pl.Expr:
    """Hans out of a first name `Hans Müller` or `Müller, Hans` beside the family name Müller."""
    tail = pl.when(first.str.contains(",")).then(given.str.strip_prefix(family + " "))
    return pl.coalesce(_given(pl.coalesce(tail, given).str.strip_suffix(" " + family)), given)


def _without_given(family: pl.Expr, given: pl.Expr) -> pl.Expr:
    """Müller out of a last name `Hans Müller` beside the first name Hans."""
    rest = _bare_family(family.str.strip_prefix(given + " "))
    return pl.coalesce(_family_beside(given, rest), family)
