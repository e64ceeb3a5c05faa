"""Names and sentences of behaviour segments, for people, in English and German."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from models.behaviour import FEATURES, Feature
from models.sentences import LANGUAGES, worded

Interval = tuple[float | None, float | None]
Box = Mapping[str, Interval]
"""Intervals of features, by column; the lower end belongs to it, the upper one does not, and null has no end."""

BUSINESS = "business"

# For each feature what its lowest, middle and highest values are called.
_NAMES: dict[str, dict[str, tuple[str, str, str]]] = {
    "en": {
        "purchase_day_count": ("Occasional buyers", "Repeat buyers", "Regular buyers"),
        "recency_days": ("here lately", "away for a while", "away for long"),
        "average_order_value": ("small orders", "middling orders", "large orders"),
        "category_count": ("few categories", "several categories", "many categories"),
        "discount_rate": ("at full price", "sometimes at a discount", "often at a discount"),
        "refund_rate": ("hardly any returns", "some returns", "many returns"),
        "web_share": ("not on the web", "partly on the web", "on the web"),
    },
    "de": {
        "purchase_day_count": ("Gelegenheitskäufer", "Wiederkäufer", "Stammkäufer"),
        "recency_days": ("neulich da", "länger nicht da", "lange nicht da"),
        "average_order_value": ("kleine Bestellungen", "mittlere Bestellungen", "große Bestellungen"),
        "category_count": ("wenige Warengruppen", "mehrere Warengruppen", "viele Warengruppen"),
        "discount_rate": ("zum vollen Preis", "manchmal mit Rabatt", "oft mit Rabatt"),
        "refund_rate": ("kaum Rückgaben", "manche Rückgaben", "viele Rückgaben"),
        "web_share": ("nicht im Netz", "teils im Netz", "im Netz"),
    },
}
_PHRASES = {
    "en": {
        "buyers": "Buyers",
        "one_time": "One-time buyers",
        "business": "Companies: {name}",
        "recency_days": "last bought {range day|days} ago",
        "purchase_day_count": "bought on {range day|days}",
        "once": "bought once",
        "average_order_value": "placed orders of {range}",
        "category_count": "bought in {range category|categories}",
        "discount_rate": "got {range} off",
        "refund_rate": "returned {range} of the value",
        "web_share": "placed {range} of their orders on the web",
        "below": "less than {high}",
        "from": "{low} or more",
        "between": "{low} to less than {high}",
        "whole": "{low} to {last}",
        "one": "{low}",
        "at_most": "at most {last}",
        "and": " and ",
        "sentence": "{customers customer|customers} who {rules}; typically {centres}.",
        "bare": "{customers customer|customers} who {rules}.",
        "centre": "{told} (all: {others})",
        "reason": "Like others of this segment: {rules}.",
        "anything": "behaved alike",
    },
    "de": {
        "buyers": "Käufer",
        "one_time": "Einmalkäufer",
        "business": "Firmen: {name}",
        "recency_days": "zuletzt vor {range Tag|Tagen} gekauft",
        "purchase_day_count": "an {range Tag|Tagen} gekauft",
        "once": "einmal gekauft",
        "average_order_value": "für {range} bestellt",
        "category_count": "in {range Warengruppe|Warengruppen} gekauft",
        "discount_rate": "{range} Rabatt bekommen",
        "refund_rate": "{range} des Werts zurückgegeben",
        "web_share": "{range} im Netz bestellt",
        "below": "weniger als {high}",
        "from": "{low} oder mehr",
        "between": "{low} bis unter {high}",
        "whole": "{low} bis {last}",
        "one": "{low}",
        "at_most": "höchstens {last}",
        "and": " und ",
        "sentence": "{customers Kunde|Kunden}: {rules}; in der Mitte {centres}.",
        "bare": "{customers Kunde|Kunden}: {rules}.",
        "centre": "{told} (alle: {others})",
        "reason": "Wie andere dieses Segments: {rules}.",
        "anything": "sich ähnlich verhalten",
    },
}
_CENTRES = {
    "en": {
        "recency_days": "{value day|days} since the last purchase",
        "purchase_day_count": "{value purchase day|purchase days}",
        "average_order_value": "{value} per order",
        "category_count": "{value category|categories}",
        "discount_rate": "{value} discount",
        "refund_rate": "{value} returned",
        "web_share": "{value} of orders on the web",
    },
    "de": {
        "recency_days": "{value Tag|Tage} seit dem letzten Kauf",
        "purchase_day_count": "{value Kauftag|Kauftage}",
        "average_order_value": "{value} je Bestellung",
        "category_count": "{value Warengruppe|Warengruppen}",
        "discount_rate": "{value} Rabatt",
        "refund_rate": "{value} zurückgegeben",
        "web_share": "{value} der Bestellungen im Netz",
    },
}
_BY_COLUMN = {feature.column: feature for feature in FEATURES}
# Who buys how often is said first, and names the buyers.
_ORDER = ("purchase_day_count", *(feature.column for feature in FEATURES if feature.column != "purchase_day_count"))


def names(boxes: Sequence[Box], customer_group: str) -> list[dict[str, str]]:
    """Return a name of each box by language, told apart by number where words alone do not."""
    found: list[dict[str, str]] = [{} for _ in boxes]
    for language in LANGUAGES:
        taken: dict[str, int] = {}
        for place, box in enumerate(boxes):
            name = _name(box, language)
            if customer_group == BUSINESS:
                name = _PHRASES[language]["business"].format(name=name)
            taken[name] = taken.get(name, 0) + 1
            found[place][language] = name if taken[name] == 1 else f"{name} ({taken[name]})"
    return found


def is_told_alike(former: Box, box: Box) -> bool:
    """Return whether the words for the former box are true of the other one, too."""
    return all(
        column in box and _word(column, box[column], LANGUAGES[0]) == _word(column, interval, LANGUAGES[0])
        for column, interval in former.items()
    )


def rules(box: Box, language: str) -> str:
    """Return what all customers of the box have in common, in words."""
    phrases = _PHRASES[language]
    said = [_rule(_BY_COLUMN[column], box[column], phrases, language) for column in _ORDER if column in box]
    return _joined(said, phrases["and"]) or phrases["anything"]


def reason(box: Box, language: str) -> str:
    """Return why a customer of the box is in its segment."""
    return _PHRASES[language]["reason"].format(rules=rules(box, language))


def sentence(box: Box, customers: int, centre: Mapping[str, float], others: Mapping[str, float], language: str) -> str:
    """Return the segment in one sentence: how many it has, what they do, and in what they differ most from all."""
    phrases = _PHRASES[language]
    said = [
        phrases["centre"].format(
            told=worded(_CENTRES[language][column], value=_number(_BY_COLUMN[column], centre[column], language)),
            others=_number(_BY_COLUMN[column], others[column], language),
        )
        for column in centre
    ]
    return worded(
        phrases["sentence" if said else "bare"],
        customers=customers,
        rules=rules(box, language),
        centres=_joined(said, phrases["and"]),
    )


def _name(box: Box, language: str) -> str:
    words = [_word(column, box[column], language) for column in _ORDER if column in box]
    if "purchase_day_count" not in box:
        words.insert(0, _PHRASES[language]["buyers"])
    return ", ".join(words)


def _word(column: str, interval: Interval, language: str) -> str:
    """The lowest, the highest, or one of the middle intervals into which the boxes divide the feature."""
    low, high = interval
    if column == "purchase_day_count" and high == 2.0:
        return _PHRASES[language]["one_time"]
    return _NAMES[language][column][0 if low is None else 2 if high is None else 1]


def _rule(feature: Feature, interval: Interval, phrases: Mapping[str, str], language: str) -> str:
    low, high = interval
    if feature.column == "purchase_day_count" and low is None and high == 2.0:
        return phrases["once"]
    if feature.kind in ("days", "count") and high is not None:
        last = high - 1.0
        form = "at_most" if low is None and feature.kind == "count" else "below" if low is None else "whole"
        form = "one" if low == last else form
    else:
        last = None
        form = "below" if low is None else "from" if high is None else "between"
    ends = {
        name: _number(feature, end, language)
        for name, end in (("low", low), ("high", high), ("last", last))
        if end is not None
    }
    return worded(phrases[feature.column], range=phrases[form].format(**ends))


def _number(feature: Feature, value: float, language: str) -> str:
    if feature.kind == "share":
        return f"{100 * value:.0f} %"
    text = f"{value:.0f}" if value >= 10 or value == round(value) else f"{value:.1f}"
    return text.replace(".", ",") if language == "de" else text


def _joined(parts: Sequence[str], last: str) -> str:
    return last.join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
