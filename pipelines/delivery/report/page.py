"""The page around the sections: calm on a phone and on a desk, by day and by night, on paper, and read aloud."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from pathlib import Path

from pipelines.delivery.report.palette import DAY, NIGHT, properties, replacements
from pipelines.delivery.report.parts import Context, Figure, Numbers, Section, Tile
from pipelines.delivery.report.words import Words

_STYLE = Path(__file__).with_name("page.css")


def page(sections: Sequence[Section], context: Context) -> str:
    """The whole page, which loads nothing from elsewhere and runs no script."""
    words = context.words
    title = words("page", "title")
    lead = words("page", "lead", day=words.day(context.as_of))
    return f"""<!doctype html>
<html lang="{escape(words.language)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>{escape(title)} · {escape(words.day(context.as_of))}</title>
<link rel="icon" href="data:,">
<style>
{_style()}
</style>
</head>
<body>
<a class="skip" href="#content">{escape(words("page", "skip"))}</a>
<header>
<p class="day">{escape(words.day(context.as_of))}</p>
<h1>{escape(title)}</h1>
<p class="lead">{_prose(lead)}</p>
{_contents(sections, words)}
</header>
<main id="content">
{chr(10).join(_section(section, words) for section in sections)}
</main>
<footer>
<p>{escape(words("page", "discretion"))}</p>
<p><a href="data_quality.html">{escape(words("quality", "link"))}</a></p>
</footer>
</body>
</html>
"""


def _prose(text: str) -> str:
    """Text in which no line breaks within a day."""
    return re.sub(r"\d{4}-\d\d-\d\d", r"<time>\g<0></time>", escape(text))


def _style() -> str:
    return f""":root {{ color-scheme: light dark; {properties(DAY)} }}
@media screen and (prefers-color-scheme: dark) {{ :root {{ {properties(NIGHT)} }} }}
{replacements()}
{_STYLE.read_text(encoding="utf-8").strip()}"""


def _contents(sections: Sequence[Section], words: Words) -> str:
    items = "".join(f'<li><a href="#{section.name}">{escape(section.heading)}</a></li>' for section in sections)
    return f'<nav aria-label="{escape(words("page", "contents"))}"><ol>{items}</ol></nav>'


def _section(section: Section, words: Words) -> str:
    parts = [
        _tiles(section.tiles),
        f'<div class="figures">{"".join(_figure(one, words) for one in section.figures)}</div>'
        if section.figures
        else "",
    ]
    notes = "".join(f'<p class="note">{_prose(note)}</p>' for note in section.notes)
    link = f'<p class="note"><a href="{section.link[0]}">{escape(section.link[1])}</a></p>' if section.link else ""
    return f"""<section id="{section.name}" aria-labelledby="{section.name}-heading">
<div class="said">
<h2 id="{section.name}-heading">{escape(section.heading)}</h2>
<p class="sentence">{_prose(section.sentence)}</p>
{notes}{link}
</div>
<div class="shown">{"".join(parts)}</div>
</section>"""


def _tiles(tiles: Sequence[Tile]) -> str:
    items = "".join(
        f"<div><dt>{escape(tile.meaning)}</dt><dd>{escape(tile.value)}"
        f"{f'<span>{escape(tile.change)}</span>' if tile.change else ''}</dd></div>"
        for tile in tiles
    )
    return f'<dl class="tiles">{items}</dl>' if tiles else ""


def _figure(figure: Figure, words: Words) -> str:
    caption = f"<figcaption>{escape(figure.title)}</figcaption>"
    if not figure.chart:
        return f'<figure class="broad">{caption}{_numbers(figure.numbers, figure.title)}</figure>'
    return (
        f"<figure>{caption}{figure.chart}<details><summary>{escape(words('page', 'numbers'))}"
        f'<span class="unseen">: {escape(figure.title)}</span></summary>'
        f"{_numbers(figure.numbers, figure.title)}</details></figure>"
    )


def _numbers(numbers: Numbers, title: str) -> str:
    """A table that scrolls by itself where it is too wide, by keyboard too."""
    head = "".join(
        f'<th scope="col"{_side(at, numbers)}>{escape(text)}</th>' for at, text in enumerate(numbers.headings)
    )
    body = "\n".join(
        "<tr>"
        + "".join(
            f'<th scope="row">{escape(text)}</th>' if at == 0 else f"<td{_side(at, numbers)}>{escape(text)}</td>"
            for at, text in enumerate(row)
        )
        + "</tr>"
        for row in numbers.rows
    )
    return (
        f'<div class="wide" role="region" tabindex="0" aria-label="{escape(title)}"><table>'
        f'<caption class="unseen">{escape(title)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table></div>"
    )


def _side(at: int, numbers: Numbers) -> str:
    return ' class="number"' if at >= numbers.first_number else ""
