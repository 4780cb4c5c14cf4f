"""A needle run's report as one HTML page that needs nothing beside itself: no script, no file, no network."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Any

from videoindex.evaluation.needle_scores import figures
from videoindex.evaluation.protocols import find_protocol
from videoindex.evaluation.report import (
    Group,
    NeedleReport,
    groups,
    health_sentences,
    rate_text,
    times_text,
)
from videoindex.evaluation.report_style import STYLE
from videoindex.evaluation.trials import TrialRow

__all__ = ["report_page"]

_MOST_PICTURES = 200
"""Of this many trials the page carries a picture; it would be too large with all of thousands."""


def report_page(report: NeedleReport, heat_map: bytes, time_errors: bytes, folder: Path) -> str:
    """The page. ``heat_map`` and ``time_errors`` are PNG; pictures of needles are read from ``folder``.

    Whatever a recording or a model said is shown as text, never as HTML.
    """
    run = report.run
    title = f"Needles: {', '.join(run.arms)} over {', '.join(length.label for length in run.grid.lengths)}"
    parts = [
        f"<h1>{escape(title)}</h1>",
        f"<p class=lead>{len(report.rows)} of {report.planned} trials in {escape(report.haystack)}.</p>",
        _warnings(report),
        _tiles(report),
        _paragraphs(health_sentences(report) if run.haystack else []),
        _picture("Recall by depth and length", heat_map),
        _picture("Time error of found needles", time_errors),
        _figures(groups(report.rows)),
        _trials(report.rows, folder),
        _how(report),
    ]
    body = "\n".join(part for part in parts if part)
    return (
        "<!doctype html>\n<html lang=en><head><meta charset=utf-8>"
        '<meta name=viewport content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>\n<body><main>\n{body}\n</main></body></html>\n"
    )


def _warnings(report: NeedleReport) -> str:
    items = "".join(f"<li>{escape(one)}</li>" for one in report.warnings)
    return f"<aside><strong>Beware</strong><ul>{items}</ul></aside>" if items else ""


def _paragraphs(sentences: Iterable[str]) -> str:
    return "".join(f"<p>{escape(one)}</p>" for one in sentences)


def _tiles(report: NeedleReport) -> str:
    """The four figures that matter most, of each arm."""
    tiles = []
    for arm in report.run.arms:
        rows = [row for row in report.rows if row.arm == arm]
        own = figures(rows)
        low, high = own.recall.interval
        tiles += [
            (
                f"{arm}: recall",
                _share(own.recall.value),
                f"{own.recall.hits} of {own.recall.n}, {low:.2f}-{high:.2f}",
            ),
            (f"{arm}: median time error", *_tile_times(own.times)),
            (
                f"{arm}: false finds",
                str(own.false_finds.hits) if own.false_finds.n else "-",
                f"on {own.false_finds.n} controls",
            ),
            (f"{arm}: failed, unjudged", f"{own.failed}, {own.unjudged}", f"of {len(rows)} trials"),
        ]
    cells = "".join(
        f"<div class=tile><span>{escape(name)}</span><b>{escape(value)}</b><small>{escape(note)}</small></div>"
        for name, value, note in tiles
    )
    return f"<div class=tiles>{cells}</div>"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _tile_times(times: Any) -> tuple[str, str]:
    if times is None:
        return "-", "nothing was found"
    return (
        f"{times.median_s:.2f} s",
        f"{times.low_s:.2f}-{times.high_s:.2f}; 9 of 10 in {times.ninth_tenth_s:.2f} s",
    )


def _picture(name: str, png: bytes) -> str:
    return f'<figure><img alt="{escape(name)}" src="data:image/png;base64,{_base64(png)}"></figure>'


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _figures(found: Sequence[Group]) -> str:
    head = ("", "recall", "answer right", "time found", "median error", "false finds", "failed", "unjudged")
    rows = [
        (
            group.name,
            rate_text(group.figures.recall),
            rate_text(group.figures.right),
            rate_text(group.figures.found),
            times_text(group.figures.times),
            rate_text(group.figures.false_finds),
            str(group.figures.failed),
            str(group.figures.unjudged),
        )
        for group in found
    ]
    note = (
        "Intervals are Wilson's at 95 %; a median's comes from order statistics. A question that failed counts "
        "as not found; what could not be judged is in no figure."
    )
    return f"<h2>Figures</h2>{_table(head, rows)}<p class=note>{escape(note)}</p>"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join(f"<tr>{''.join(f'<td>{_unbroken(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<div class=wide><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"


def _unbroken(cell: str) -> str:
    """With hyphens at which no line is broken: an interval stays in one piece."""
    return escape(cell).replace("-", "&#8209;")


def _trials(rows: Sequence[TrialRow], folder: Path) -> str:
    """Every trial: the needle's picture, what was asked, the truth, what was said. What went wrong comes first."""
    ordered = sorted(rows, key=lambda row: row.score is not None and row.score == 1.0)
    cards, left = [], _MOST_PICTURES
    for row in ordered:
        picture = folder / row.picture if row.picture and left else None
        left -= picture is not None
        cards.append(_card(row, picture))
    return f"<h2>Needles, and what was said</h2><div class=cards>{''.join(cards)}</div>"


def _card(row: TrialRow, picture: Path | None) -> str:
    state = {None: "unjudged", 1.0: "right"}.get(row.score, "wrong")
    state = "failed" if row.outcome == "failed" else state
    shown = (
        f'<img alt="the needle" src="data:image/jpeg;base64,{_base64(picture.read_bytes())}">' if picture else ""
    )
    facts = [
        ("asked", row.question),
        ("true", f"{row.answer or 'nothing to find'}{_at(row.truth)}"),
        ("said", f"{row.said or '-'}{_at(row.predicted[:1])}"),
    ]
    facts += [("why", row.reason)] if row.reason else []
    told = "".join(f"<dt>{name}</dt><dd>{escape(text)}</dd>" for name, text in facts)
    return (
        f'<article class="{state}">{shown}<header><b>{state}</b> {escape(row.arm)} · {escape(row.key)}</header>'
        f"<dl>{told}</dl></article>"
    )


def _at(spans: Sequence[tuple[float, float]]) -> str:
    said = ", ".join(f"{start_s:.2f}-{end_s:.2f} s" for start_s, end_s in spans)
    return f" ({said})" if said else ""


def _how(report: NeedleReport) -> str:
    """All that one needs to make the run again."""
    run = report.run
    parts = ["<h2>How it was made</h2>"]
    if run.protocol:
        protocol = find_protocol(run.protocol)
        parts.append(
            f"<p>After {escape(protocol.source)}: {escape(protocol.said)}. Ours differs: "
            f"{escape(protocol.differs)}.</p>"
        )
    planted = (
        "Needles were planted while frames were sampled; no copy was encoded."
        if run.planting == "sample"
        else "Needles were spliced into a copy and verified by decoding it."
    )
    if not run.is_direct:
        planted += " One copy holds the needles of many questions, each a distraction to the others."
    parts.append(f"<p>{escape(planted)}</p>")
    if len(report.made_with) > 1:
        parts.append("<p>Versions changed while the run went on; each set is shown.</p>")
    for versions in report.made_with:
        parts.append(_table(("made with", "version"), versions.items()))
    for name, document in (("Run", run.document()), ("Settings", report.settings)):
        text = json.dumps(document, indent=2, ensure_ascii=False)
        parts.append(f"<details><summary>{name}</summary><pre>{escape(text)}</pre></details>")
    return "".join(parts)
