"""The pictures of a needle run's report, as PNG: recall over depth and length, and how far off the times are."""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import AbstractContextManager
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

from videoindex.errors import MissingDependencyError
from videoindex.evaluation.needle_scores import by, figures
from videoindex.evaluation.trials import TrialRow

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["heat_map_png", "panel_name", "time_errors_png"]

_INK, _FAINT, _PAPER, _NOTHING = "#1f2933", "#7b8794", "#ffffff", "#eceff2"
_SCALE = ("#a8322d", "#d9764a", "#f2cf8f", "#8dbfa5", "#1f7a68")
"""From nothing found to all found; told apart by the colour-blind, and by the figure in each cell."""

_STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    "text.color": _INK,
    "axes.labelcolor": _INK,
    "axes.edgecolor": "#cbd2d9",
    "xtick.color": _FAINT,
    "ytick.color": _FAINT,
    "figure.facecolor": _PAPER,
    "savefig.facecolor": _PAPER,
}
_DPI = 170
_SHOWN_S = 3.0
"""Errors beyond this are drawn at the edge."""

_GOOD_S = 0.5
_MOST_COLUMNS = 3


def panel_name(arm: str, kind: str, prominence: str) -> str:
    """``direct · still, salient``."""
    return f"{arm} · {kind}, {prominence}"


def heat_map_png(rows: Sequence[TrialRow]) -> bytes:
    """Recall by depth (down) and length (across), a panel for each arm and kind of needle. A cell tells how many
    of how many were found.

    Raises MissingDependencyError without matplotlib.
    """
    with _style():
        return _png(_heat_map(rows))


def _heat_map(rows: Sequence[TrialRow]) -> Figure:
    sought = [row for row in rows if row.depth is not None and row.score is not None]
    panels = by(sought, "arm", "kind", "prominence")
    columns = max(1, min(_MOST_COLUMNS, len({(kind, look) for _, kind, look in panels})))
    lines = max(1, -(-len(panels) // columns))
    seconds = {row.length: row.length_s for row in sought}
    lengths = sorted(seconds, key=lambda length: seconds[length])
    depths = sorted({row.depth for row in sought if row.depth is not None})
    wide, high = 1.5 + 0.74 * max(2, len(lengths)), 0.95 + 0.4 * max(3, len(depths))
    figure = _figure(wide * columns + 0.9, high * lines + 0.6)
    figure.suptitle("Recall by depth and length", x=0.015, ha="left", fontsize=13, fontweight="bold")
    if not panels:
        _say(figure, "no trial with a depth was judged")
        return figure
    every = [figure.add_subplot(lines, columns, place + 1) for place in range(len(panels))]
    for place, (axes, (name, own)) in enumerate(zip(every, panels.items(), strict=True)):
        _heat(axes, own, lengths, depths)
        axes.set_title(panel_name(*name), fontsize=10.5, loc="left", pad=7)
        axes.set_xlabel("length" if place + columns >= len(panels) else "", color=_FAINT)
        axes.set_ylabel("depth" if place % columns == 0 else "", color=_FAINT)
    bar = figure.colorbar(every[0].images[0], ax=every, shrink=0.6, aspect=22, pad=0.02, ticks=[0, 0.5, 1])
    bar.outline.set_visible(False)
    bar.ax.tick_params(length=0)
    return figure


def _heat(axes: Axes, rows: Sequence[TrialRow], lengths: Sequence[str], depths: Sequence[float]) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    shares = np.full((len(depths), len(lengths)), np.nan)
    for (length, depth), own in by(rows, "length", "depth").items():
        rate = figures(own).recall
        place = depths.index(depth), lengths.index(length)
        shares[place] = rate.hits / rate.n
        ink = "white" if shares[place] < 0.25 or shares[place] > 0.85 else _INK
        axes.text(place[1], place[0], f"{rate.hits}/{rate.n}", ha="center", va="center", color=ink, fontsize=8.5)
    colours = LinearSegmentedColormap.from_list("found", _SCALE).with_extremes(bad=_NOTHING)
    axes.imshow(np.ma.masked_invalid(shares), cmap=colours, vmin=0, vmax=1, aspect="auto")
    axes.set_xticks(range(len(lengths)), lengths)
    axes.set_yticks(range(len(depths)), [f"{depth:.0%}" for depth in depths])
    axes.set_xticks(np.arange(-0.5, len(lengths)), minor=True)
    axes.set_yticks(np.arange(-0.5, len(depths)), minor=True)
    axes.grid(which="minor", color=_PAPER, linewidth=2.5)
    axes.tick_params(which="both", length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)


def time_errors_png(rows: Sequence[TrialRow]) -> bytes:
    """Where the first found time begins, less the truth: a line for each arm and kind, a dot for each
    found needle.

    Raises MissingDependencyError without matplotlib.
    """
    with _style():
        return _png(_time_errors(rows))


def _time_errors(rows: Sequence[TrialRow]) -> Figure:
    found = [row for row in rows if row.offset_s is not None and row.found]
    lines = by(found, "arm", "kind", "prominence")
    figure = _figure(8.6, 1.35 + 0.6 * max(2, len(lines)))
    figure.suptitle("Time error of found needles", x=0.015, ha="left", fontsize=13, fontweight="bold")
    if not lines:
        _say(figure, "no needle was found at a time")
        return figure
    axes = figure.add_subplot(1, 1, 1)
    axes.axvspan(-_GOOD_S, _GOOD_S, color="#e3f1ec", zorder=0)
    axes.axvline(0.0, color="#9aa5b1", linewidth=1, zorder=1)
    for place, own in enumerate(lines.values()):
        _dots(axes, place, [row.offset_s for row in own if row.offset_s is not None])
    axes.set_yticks(range(len(lines)), [panel_name(*key) for key in lines])
    axes.set_ylim(len(lines) - 0.4, -0.6)
    axes.set_xlim(-_SHOWN_S * 1.06, _SHOWN_S * 1.06)
    axes.set_xlabel("found less true beginning, seconds (band: half a second; bar: median)", color=_FAINT)
    axes.tick_params(length=0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    return figure


def _dots(axes: Axes, place: int, offsets_s: Sequence[float]) -> None:
    shown = np.clip(offsets_s, -_SHOWN_S, _SHOWN_S)
    beyond = np.abs(offsets_s) > _SHOWN_S
    jitter = place + np.random.default_rng(place).uniform(-0.2, 0.2, len(shown))
    axes.scatter(shown[~beyond], jitter[~beyond], s=22, color="#1f7a68", alpha=0.55, linewidths=0, zorder=3)
    axes.scatter(shown[beyond], jitter[beyond], s=26, marker="x", color="#a8322d", zorder=3)
    middle = float(np.clip(median(offsets_s), -_SHOWN_S, _SHOWN_S))
    axes.plot([middle, middle], [place - 0.32, place + 0.32], color=_INK, linewidth=2.2, zorder=4)


def _style() -> AbstractContextManager[None]:
    """The look of all pictures. Raises MissingDependencyError without matplotlib."""
    try:
        from matplotlib import rc_context
    except ImportError as error:
        raise MissingDependencyError(
            "the report's pictures are drawn with matplotlib: pip install 'videoindex[demo]'"
        ) from error
    style: dict[Any, Any] = dict(_STYLE)
    return rc_context(style)


def _figure(wide_in: float, high_in: float) -> Figure:
    """A figure that no window belongs to."""
    from matplotlib.figure import Figure

    return Figure(figsize=(wide_in, high_in), dpi=_DPI, layout="constrained")


def _say(figure: Figure, text: str) -> None:
    figure.text(0.5, 0.5, text, ha="center", va="center", color=_FAINT)


def _png(figure: Figure) -> bytes:
    written = io.BytesIO()
    # Without a name of the software, the same trials make the same bytes.
    figure.savefig(written, format="png", metadata={"Software": None})
    return written.getvalue()
