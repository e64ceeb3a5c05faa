"""Parts of pages for people: self-contained, readable on a phone, by day and night, and on paper."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from html import escape

_STYLE = """
:root { color-scheme: light dark; --ink: #1d2329; --soft: #5b6670; --paper: #fbfaf7; --card: #ffffff; --line: #e3e0d8;
  --good: #1f7a4d; --warn: #9a5b00; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e6e1; --soft: #a3abb3; --paper: #15181c; --card: #1d2126;
  --line: #343a41; --good: #6fcf9b; --warn: #f0b35a; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, sans-serif; }
main { max-width: 68rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .4rem; letter-spacing: -.01em; }
h2 { font-size: 1.2rem; margin: 2.6rem 0 .3rem; }
p { max-width: 46rem; margin: .3rem 0 .9rem; color: var(--soft); }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .8rem;
  margin: 1.6rem 0 0; }
.figure { background: var(--card); border: 1px solid var(--line); border-radius: .7rem; padding: .9rem 1rem; }
.figure b { display: block; font-size: 1.6rem; line-height: 1.2; font-variant-numeric: tabular-nums; }
.figure span { color: var(--soft); font-size: .88rem; }
.wide { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: .7rem; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
th, td { text-align: left; vertical-align: top; padding: .5rem .8rem; overflow-wrap: break-word; max-width: 30rem; }
th { color: var(--soft); font-weight: 600; white-space: nowrap; }
tr + tr td, thead + tbody td { border-top: 1px solid var(--line); }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
a { color: inherit; }
.good { color: var(--good); } .warn { color: var(--warn); }
ul { padding-left: 1.2rem; } li { margin: .3rem 0; overflow-wrap: anywhere; }
@media print { body { background: none; font-size: 11px; } main { max-width: none; padding: 0; }
  .wide { overflow: visible; } tr, .figure { break-inside: avoid; } }
"""


@dataclass(frozen=True)
class Figure:
    """One number to see at once, and what it is."""

    value: str
    meaning: str
    kind: str = ""


def page(title: str, introduction: str, parts: Iterable[str], *, language: str = "en") -> str:
    """A whole page of finished parts, which loads nothing from elsewhere."""
    return (
        f'<!doctype html>\n<html lang="{escape(language)}">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n"
        f"<main>\n<h1>{escape(title)}</h1>\n<p>{escape(introduction)}</p>\n{chr(10).join(parts)}\n</main>\n</html>\n"
    )


def section(heading: str, explanation: str, content: str) -> str:
    """A heading, a sentence on what is shown, and a finished part."""
    return f"<section>\n<h2>{escape(heading)}</h2>\n<p>{escape(explanation)}</p>\n{content}\n</section>"


def figures(shown: Iterable[Figure]) -> str:
    """Numbers side by side."""
    cells = (
        f'<div class="figure"><b class="{escape(one.kind)}">{escape(one.value)}</b>'
        f"<span>{escape(one.meaning)}</span></div>"
        for one in shown
    )
    return f'<div class="figures">{"".join(cells)}</div>'


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table that scrolls on its own; numbers stand to the right with thousands separated, nothing stands for None."""
    content = [list(row) for row in rows]
    numeric = [any(_is_number(row[place]) for row in content) for place in range(len(headings))]
    head = "".join(_cell("th", heading, right) for heading, right in zip(headings, numeric, strict=True))
    body = "\n".join(
        f"<tr>{''.join(_cell('td', value, right) for value, right in zip(row, numeric, strict=True))}</tr>"
        for row in content
    )
    return f'<div class="wide"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table></div>'


def link(address: str, text: str) -> str:
    """A line that leads to another page."""
    return f'<p><a href="{escape(address)}">{escape(text)}</a></p>'


def listing(sentences: Iterable[str], kind: str = "") -> str:
    """A list of sentences."""
    items = "".join(f'<li class="{escape(kind)}">{escape(sentence)}</li>' for sentence in sentences)
    return f"<ul>{items}</ul>"


def _cell(tag: str, value: object, right: bool) -> str:
    shown = "" if value is None else f"{value:,}" if _is_number(value) else str(value)
    return f"<{tag}{' class=' + chr(34) + 'number' + chr(34) if right else ''}>{escape(shown)}</{tag}>"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)
