"""What the company sells: eight categories with twelve articles each, from cheap to dear."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.arrays import Floats, Ints

_ARTICLES = {
    "Kaffee": "Probierpäckchen|Filterpapier|Hausmischung 250 g|Espresso 250 g|Hausmischung 500 g|Crema 1 kg|"
    "Länderkaffee, 3er-Paket|Handmühle|Kaffeebereiter|Mahlwerk|Siebträger klein|Siebträger groß",
    "Tee": "Teebeutel Minze|Kräutertee 100 g|Ostfriesentee 250 g|Earl Grey 250 g|Früchtetee 500 g|Teedose|Teesieb|"
    "Grüntee Auslese|Teekanne Glas|Teekanne Gusseisen|Teeservice|Samowar",
    "Küche": "Kochlöffel|Backform|Schneidebrett|Sparschäler-Set|Topf 16 cm|Pfanne 24 cm|Messer|Bräter|Topf-Set|"
    "Messerblock|Küchenmaschine|Backofen, frei stehend",
    "Garten": "Saatgut Möhren|Blumenzwiebeln|Handschaufel|Gartenschere|Gießkanne|Pflanzkübel|Spaten|Hochbeet klein|"
    'Gartenschlauch 3/4"|Hochbeet groß|Mähroboter|Gewächshaus',
    "Wohnen": "Teelichter|Kerze|Bilderrahmen|Vase|Kissen|Lampenschirm|Wanduhr|Decke|Stehlampe|"
    "Beistelltisch|Regal|Sessel",
    "Textil": "Waschlappen|Geschirrtuch|Handtuch|Duschtuch|Schürze|Bademantel|Bettwäsche|Tischdecke|Vorhang|"
    "Steppbett|Daunendecke|Teppich",
    "Büro": "Bleistift HB|Notizbuch A5|Heftstreifen, 100 St.|Füller|Aktenordner, 10 St.|Schreibtischlampe|Locher|"
    "Papier 5 × 500 Blatt|Aktenvernichter|Bürostuhl|Schreibtisch|Schreibtisch, höhenverstellbar",
    "Spielzeug": "Murmeln|Kreisel|Bauklötze|Puzzle|Brettspiel|Stofftier|Holzeisenbahn|Laufrad|Puppenhaus|"
    "Kaufladen|Kettcar|Klettergerüst",
}
_CHEAPEST_TO_DEAREST = (199, 399, 699, 1_199, 1_799, 2_699, 3_999, 5_999, 8_999, 14_900, 27_900, 54_900)
_PRICE_LEVELS = (1.00, 0.90, 1.25, 1.05, 1.10, 1.15, 0.95, 1.20)
_POPULARITY = (20, 9, 16, 12, 14, 10, 11, 8)
_MAKERS = ("Stammhaus", "Elbwerk", "Hinterhof & Söhne")


@dataclass(frozen=True)
class Assortment:
    """Articles in the order category by category, cheap to dear. Prices in cents, VAT included."""

    categories: tuple[str, ...]
    names: tuple[str, ...]
    skus: tuple[str, ...]
    makers: tuple[str, ...]
    prices: Ints
    popularity: Floats
    second_given_favourite: Floats

    @property
    def per_category(self) -> int:
        """Number of articles in each category."""
        return len(self.skus) // len(self.categories)


def assortment() -> Assortment:
    """The assortment; the same for every company that the twin invents."""
    categories = tuple(_ARTICLES)
    names = tuple(name for listed in _ARTICLES.values() for name in listed.split("|"))
    per_category = len(_CHEAPEST_TO_DEAREST)
    levels = np.outer(_PRICE_LEVELS, _CHEAPEST_TO_DEAREST)
    prices = (np.round(levels / 10).astype(np.int64) * 10 - 1).ravel()
    return Assortment(
        categories=categories,
        names=names,
        skus=tuple(f"{100 * (1 + i // per_category) + i % per_category:04d}-SH" for i in range(len(names))),
        makers=tuple(_MAKERS[i % len(_MAKERS)] for i in range(len(names))),
        prices=prices,
        popularity=np.array(_POPULARITY, dtype=np.float64) / sum(_POPULARITY),
        second_given_favourite=_second_given_favourite(len(categories)),
    )


def _second_given_favourite(count: int) -> Floats:
    """Who likes a category most likes its neighbour next, six times as often as any other one."""
    chances = np.ones((count, count)) - np.eye(count)
    for favourite in range(count):
        chances[favourite, favourite ^ 1] = 6.0
    shares: Floats = chances / chances.sum(axis=1, keepdims=True)
    return shares
