"""Words from which people, addresses and companies are put together; every combination is invented."""

from __future__ import annotations


def _listed(text: str) -> tuple[str, ...]:
    return tuple(text.split())


WOMEN = _listed(
    """Maria Anna Ursula Monika Petra Sabine Andrea Susanne Claudia Renate Julia Karin Stefanie Christine Birgit
    Katharina Brigitte Nicole Martina Heike Gabriele Sandra Barbara Lena Laura Sarah Katrin Angelika Jana Melanie
    Tanja Silke Anja Simone Lisa Nina Elke Ute Doris Franziska Johanna Sonja Marlies Carolin Jasmin Hannah Emma Mia
    Frieda Käthe Ayşe Fatma Zeynep Olga Agnieszka Ivana Zoë Mareike Wiebke Sünje Lieselotte Annegret"""
)
NICKNAMES = {
    "Katharina": "Kathi", "Stefanie": "Steffi", "Susanne": "Susi", "Gabriele": "Gabi", "Angelika": "Geli",
    "Barbara": "Babsi", "Franziska": "Franzi", "Johanna": "Hanna", "Christine": "Christel", "Brigitte": "Gitte",
    "Ursula": "Uschi", "Martina": "Tina", "Melanie": "Melli", "Julia": "Jule", "Michael": "Micha", "Thomas": "Tom",
    "Andreas": "Andi", "Wolfgang": "Wolfi", "Christian": "Chris", "Alexander": "Alex", "Sebastian": "Basti",
    "Tobias": "Tobi", "Florian": "Flo", "Maximilian": "Max", "Joachim": "Jochen", "Matthias": "Matze",
    "Manfred": "Manni", "Friedrich": "Fritz", "Daniel": "Dani", "Philipp": "Phil",
}  # fmt: skip
MEN = _listed(
    """Peter Michael Thomas Andreas Wolfgang Stefan Christian Hans Klaus Jürgen Frank Werner Uwe Markus Martin Jan
    Dieter Bernd Matthias Daniel Alexander Ralf Jörg Torsten Sebastian Tobias Florian Günter Manfred Philipp Felix
    Lukas Jonas Paul Leon Maximilian Dirk Holger Carsten Sven Rainer Joachim Heinz Karl Georg Friedrich Anton Oskar
    Björn Sören Götz Mehmet Mustafa Ahmet Piotr Ivan Rüdiger Eckhard Hans-Peter Karl-Heinz Malte Hinnerk"""
)
SURNAMES = _listed(
    """Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer Richter Klein
    Wolf Schröder Neumann Schwarz Zimmermann Braun Krüger Hofmann Hartmann Lange Schmitt Werner Schmitz Krause Meier
    Lehmann Schmid Schulze Maier Köhler Herrmann König Walter Mayer Huber Kaiser Fuchs Peters Lang Scholz Möller
    Weiß Jung Hahn Schubert Vogel Friedrich Keller Günther Frank Berger Winkler Roth Beck Lorenz Baumann Franke
    Albrecht Schuster Simon Ludwig Böhm Winter Kraus Martin Schumacher Krämer Vogt Stein Jäger Otto Sommer Groß
    Seidel Heinrich Brandt Haas Schreiber Graf Schulte Dietrich Ziegler Kuhn Kühn Pohl Engel Horn Busch Bergmann
    Thomas Voigt Sauer Arnold Wolff Pfeiffer Yılmaz Kaya Demir Öztürk Nowak Kowalski Petrović Nguyen Rossi Petersen
    Hansen Jansen Christiansen Ahrens Lüders Strauß Süß Grünewald Höfer Löffler Bühler Hübner Förster Göbel Kröger
    Mühlbauer Oberhuber Niedermeier Zwickel Ehrlich Freitag Sonntag Morgenstern Rosenthal Lindemann Steinbach
    Buchholz Eichhorn Birnbaum Apfelbaum Wiesengrund Hagedorn Rademacher Stellmacher Wagenknecht Overbeck
    Meyer-Lüdenscheid Schulze-Delbrück Müller-Thurgau Bauer-Feldmann"""
)
STREETS = tuple(
    """Hauptstraße|Schulstraße|Gartenstraße|Bahnhofstraße|Dorfstraße|Bergstraße|Birkenweg|Lindenstraße|Kirchstraße
    |Waldstraße|Ringstraße|Amselweg|Wiesenweg|Jahnstraße|Goethestraße|Schillerstraße|Feldstraße|Rosenweg
    |Am Sportplatz|Buchenweg|Mühlenweg|Friedhofstraße|Poststraße|Blumenstraße|Mozartstraße|Beethovenstraße
    |Talstraße|Eichenweg|Marktplatz|Am Bach|Tannenweg|Brückenstraße|Lerchenweg|Südstraße|Nordring|Straße der Einheit
    |Große Bleiche|Kölner Straße|Königsallee|An der Mühle|Weinbergstraße|Fährstraße|Hölderlinweg|Grüner Weg
    |Zur Alten Schmiede|Kastanienallee|Ludwig-Thoma-Straße|Käthe-Kollwitz-Straße""".replace("\n    ", "").split("|")
)
# City, country, weight, first and last postcode of a range.
CITIES: tuple[tuple[str, str, float, int, int], ...] = (
    ("Berlin", "DE", 36, 10_115, 10_439),
    ("Hamburg", "DE", 18, 20_095, 22_769),
    ("München", "DE", 15, 80_331, 81_929),
    ("Köln", "DE", 11, 50_667, 51_149),
    ("Frankfurt am Main", "DE", 8, 60_306, 60_599),
    ("Stuttgart", "DE", 6, 70_173, 70_629),
    ("Düsseldorf", "DE", 6, 40_210, 40_629),
    ("Leipzig", "DE", 6, 4_103, 4_357),
    ("Dortmund", "DE", 6, 44_135, 44_388),
    ("Dresden", "DE", 6, 1_067, 1_328),
    ("Bremen", "DE", 6, 28_195, 28_779),
    ("Hannover", "DE", 5, 30_159, 30_659),
    ("Nürnberg", "DE", 5, 90_402, 90_491),
    ("Bielefeld", "DE", 3, 33_602, 33_739),
    ("Münster", "DE", 3, 48_143, 48_167),
    ("Chemnitz", "DE", 2, 9_111, 9_131),
    ("Halle (Saale)", "DE", 2, 6_108, 6_132),
    ("Magdeburg", "DE", 2, 39_104, 39_130),
    ("Freiburg im Breisgau", "DE", 2, 79_098, 79_117),
    ("Lübeck", "DE", 2, 23_552, 23_570),
    ("Erfurt", "DE", 2, 99_084, 99_099),
    ("Rostock", "DE", 2, 18_055, 18_147),
    ("Cottbus", "DE", 1, 3_042, 3_055),
    ("Gera", "DE", 1, 7_545, 7_557),
    ("Zwickau", "DE", 1, 8_056, 8_066),
    ("Würzburg", "DE", 1, 97_070, 97_084),
    ("Göttingen", "DE", 1, 37_073, 37_085),
    ("Tübingen", "DE", 1, 72_070, 72_076),
    ("Görlitz", "DE", 1, 2_826, 2_828),
    ("Flensburg", "DE", 1, 24_937, 24_944),
    ("Wien", "AT", 5, 1_010, 1_230),
    ("Graz", "AT", 1, 8_010, 8_055),
    ("Salzburg", "AT", 1, 5_020, 5_026),
    ("Zürich", "CH", 3, 8_001, 8_064),
    ("Bern", "CH", 1, 3_004, 3_027),
)
BRANCHES: tuple[tuple[str, str], ...] = (
    ("Maschinenbau", "Mechanical or Industrial Engineering"),
    ("Elektrotechnik", "Electrical/Electronic Manufacturing"),
    ("Logistik", "Logistics and Supply Chain"),
    ("Bürobedarf", "Business Supplies and Equipment"),
    ("Gastronomie", "Restaurants"),
    ("Hotelbetriebe", "Hospitality"),
    ("Bäckerei", "Food Production"),
    ("Steuerberatung", "Accounting"),
    ("Architekten", "Architecture & Planning"),
    ("Gartenbau", "Farming"),
    ("Möbelhaus", "Furniture"),
    ("Druckerei", "Printing"),
    ("Software", "Computer Software"),
    ("Bauunternehmung", "Construction"),
    ("Medizintechnik", "Medical Devices"),
    ("Verlag", "Publishing"),
)
LEGAL_FORMS = ("GmbH", "AG", "KG", "GmbH & Co. KG", "OHG", "e. K.")
LEGAL_FORM_WEIGHTS = (60, 8, 6, 16, 3, 7)
# Reserved by RFC 2606, so that no letter can ever reach anybody.
MAIL_DOMAINS = ("mail.example", "post.example", "example.com", "heimat.example", "example.org", "example.net")
MAIL_DOMAIN_WEIGHTS = (34, 22, 16, 12, 8, 8)
# Numbers that the Bundesnetzagentur keeps free for films and books: area code, the digits before 000 to 999.
PHONE_BLOCKS = (("30", "23125"), ("69", "90009"), ("40", "66969"), ("221", "4710"), ("89", "99998"))
OWNERS = ("Birte Claasen", "Jörg Amthor", "Selin Aydın", "Tomáš Dvořák")
ORDER_NOTES = (
    "Bitte beim Nachbarn abgeben, 2. Stock",
    'Klingel "Familie" drücken; Paket nicht in den Regen stellen',
    "Bitte vorsichtig:\nGlas!",
    "Geschenk, bitte ohne Rechnung\nund mit Karte: „Alles Gute, Oma“",
    "Lieferung ab 17 Uhr, sonst Abholung",
    "Rechnung bitte an die Buchhaltung; Bestellnr. 4711, Kst. 0815",
)
_FOLDED = str.maketrans(
    {
        "ä": "ae",
        "ö": "oe",
        "ü": "ue",
        "ß": "ss",
        "ş": "s",
        "ı": "i",
        "ć": "c",
        "ë": "e",
        "ř": "r",
        "á": "a",
        "š": "s",
        " ": "",
        ".": "",
        "&": "",
    }
)


def folded(word: str) -> str:
    """The word as it stands in an e-mail address: lower case, without umlauts, accents and blanks."""
    return word.lower().translate(_FOLDED)


def transliterated(word: str) -> str:
    """The word as one types it who has no umlauts on the keyboard."""
    for letter, letters in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss"), ("Ö", "Oe"), ("Ü", "Ue")):
        word = word.replace(letter, letters)
    return word
