"""Companies' names, brought to one form for matching: an expression over a whole column.

The form is for comparing and never shown to anybody.
"""

from __future__ import annotations

import polars as pl

from models.letters import plain_words, without_transcriptions

# How legal forms are spelt, as plain words with single letters joined: G.m.b.H. is gmbh, A/S is as, z o.o. is zoo.
_LEGAL_FORMS = {
    "GmbH": "gmbh|mbh|gesmbh|gesellschaft mit beschrankter haftung",
    "gGmbH": "ggmbh",
    "GmbH & Co. KG": "gmbh co kg|gmbh cokg|gmbh co|mbh co kg|gmbh und co kg",
    "AG": "ag|aktiengesellschaft",
    "AG & Co. KG": "ag co kg",
    "SE": "se|societas europaea",
    "SE & Co. KG": "se co kg",
    "KGaA": "kgaa|ag co kgaa|se co kgaa|gmbh co kgaa",
    "KG": "kg|kommanditgesellschaft|co kg|cokg",
    "OHG": "ohg|offene handelsgesellschaft|co ohg",
    "GbR": "gbr|gesellschaft burgerlichen rechts|gdbr",
    "UG": "ug|ug haftungsbeschrankt|unternehmergesellschaft|unternehmergesellschaft haftungsbeschrankt",
    "UG & Co. KG": "ug co kg|ug haftungsbeschrankt co kg",
    "e.K.": "ek|ekfm|ekfr|eingetragener kaufmann|eingetragene kauffrau|eu",
    "e.V.": "ev|eingetragener verein",
    "eG": "eg|eingetragene genossenschaft|egen",
    "PartG": "partg|partgmbb|partg mbb|partnerschaft mbb",
    "Ltd": "ltd|limited|pty ltd|pte ltd|pvt ltd|private limited|co ltd",
    "Ltd & Co. KG": "ltd co kg|limited co kg",
    "LLC": "llc",
    "LLP": "llp",
    "LP": "lp",
    "Inc": "inc|incorporated|co inc",
    "Corp": "corp|corporation",
    "Co": "co|company|cie|compagnie",
    "plc": "plc|public limited company",
    "BV": "bv|besloten vennootschap|bvba|srl bv",
    "NV": "nv|naamloze vennootschap",
    "VOF": "vof",
    "SA": "sa|societe anonyme|sociedad anonima",
    "SARL": "sarl|eurl",
    "SAS": "sas|sasu",
    "SRL": "srl|srls",
    "SL": "sl|slu",
    "SpA": "spa",
    "Lda": "lda|ltda",
    "AB": "ab|aktiebolag",
    "Oy": "oy|oyj|oy ab",
    "ApS": "aps",
    "A/S": "as|asa",
    "sp. z o.o.": "zoo|sp zoo|spolka zoo",
    "s.r.o.": "sro|spol sro",
    "a.s.": "akciova spolecnost",
    "Kft": "kft",
    "d.o.o.": "doo",
    "ООО": "ооо",
}
_SPELLINGS = [spelling for spellings in _LEGAL_FORMS.values() for spelling in spellings.split("|")]
_LEGAL_FORM = rf"((?: (?:{'|'.join(sorted(_SPELLINGS, key=len, reverse=True))}))+)$"
_LEGAL_FORM_BEFORE = r"^(?:(?:firma|fa|sarl|sas|ооо) )+"

_AND = r"(?: (?:und|and|et|u))+ "
_NO_COMPANY = (
    r"^(?:n a|na|ka|k a|none|null|nil|nan|privat|private|privatperson|keine|keiner|keine angaben?|kein unternehmen|"
    r"unbekannt|unknown|test|testfirma|test firma|test company|self|self employed|selbststandig|freiberuflich|"
    r"company|firma|xx+|individual|personal|home)$"
)


def company_name(name: pl.Expr) -> pl.Expr:
    """Return a company's comparable name, without its legal form: `Müller & Söhne GmbH & Co. KG` is `muller sohne`.

    Null for what names no company (privat, n/a). A name of nothing but a legal form keeps it.
    """
    bare = _company_words(name).str.replace(_LEGAL_FORM, "").str.replace(_LEGAL_FORM_BEFORE, "")
    return bare.str.replace(_NO_COMPANY, "").replace("", None)


def _company_words(name: pl.Expr) -> pl.Expr:
    """Plain words without and, letters that stand single in a row as one word: H. & M. is hm."""
    words = plain_words(name).str.replace_all(_AND, " ").str.replace_all(" ", "  ")
    apart = pl.concat_str(pl.lit(" "), words, pl.lit(" "))  # each word has blanks of its own
    marked = apart.str.replace_all(r" (\p{L}) ", "<${1}>").str.replace_all("><", "", literal=True)
    return without_transcriptions(marked.str.replace_all("[ <>]+", " ").str.strip_chars(" "))
