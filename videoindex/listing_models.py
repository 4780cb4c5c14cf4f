"""What ``plan`` and ``doctor`` show of models, GPUs and servers: documents for programs, text for people."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from videoindex.doctor import Findings
    from videoindex.fits import Fit, Verdict
    from videoindex.serving import Serving

__all__ = [
    "findings_document",
    "findings_text",
    "fit_text",
    "servings_document",
    "servings_lines",
    "verdict_document",
    "verdict_text",
]

_GIB = 2**30


def verdict_document(verdict: Verdict) -> dict[str, Any]:
    """Whether a plan fits this machine's GPUs; where none is known, ``needs`` counts GPUs of ``memory_bytes``."""
    return {
        "names": [gpu.name for gpu in verdict.gpus],
        "memory_bytes": verdict.gpu_bytes,
        "fits": verdict.is_enough,
        "needs": verdict.needs,
        "largest_segment_tokens": verdict.segment_tokens if verdict.gpus else None,
    }


def verdict_text(verdict: Verdict) -> str:
    """One line: what is here, whether the plan fits, what it takes where it does not."""
    size = f"of {verdict.gpu_bytes / _GIB:.0f} GiB"
    takes = f"{verdict.needs} {'GPU' if verdict.needs == 1 else 'GPUs'}" if verdict.needs else "more than 8 GPUs"
    if not verdict.gpus:
        return f"none here whose memory is known; it takes {takes} {size}"
    here = f"{len(verdict.gpus)} x {verdict.gpus[0].name}" if len(verdict.gpus) > 1 else verdict.gpus[0].name
    largest = f"largest segment {verdict.segment_tokens:,} tokens"
    if verdict.is_enough:
        return f"{here}: fits, {largest}"
    return f"{here}: does not fit, it takes {takes} {size}; {largest}"


def servings_document(ways: Sequence[Serving]) -> list[dict[str, str]]:
    """Every way to serve a model: commands, and what the settings then say."""
    return [
        {
            "server": way.server,
            "weights": way.weights,
            "pull": way.pull_line,
            "serve": way.serve_line,
            "model": way.model,
            "url": way.url,
        }
        for way in ways
    ]


def servings_lines(ways: Sequence[Serving]) -> list[str]:
    """The commands that serve a model, by server."""
    if not ways:
        return ["no server takes these weights with so long a prompt; set vlm.backend to local"]
    return [
        line for way in ways for line in (f"serve it with {way.server}:", *(f"  {line}" for line in way.lines))
    ]


def findings_document(found: Findings) -> dict[str, Any]:
    """``doctor --json``; ``fits`` is null where no GPU's memory is known."""
    return {
        "checks": [dataclasses.asdict(check) for check in found.checks],
        "fits": _fits_document(found.fits, found.gpus) if found.fits else None,
    }


def findings_text(found: Findings) -> str:
    """One line a check, with the command that mends it, then the table of what fits."""
    lines = []
    for check in found.checks:
        fix = f"\n{'':10}{check.fix}" if check.fix else ""
        lines.append(f"{check.state:8}  {check.name}: {check.detail}{fix}")
    ask = "Which models fit a GPU that is not here: videoindex doctor --gpu-gib 80"
    return "\n".join([*lines, "", _fits_text(found.fits, found.gpus) if found.fits else ask])


def _fits_document(fits: Sequence[Fit], gpus: int) -> dict[str, Any]:
    return {
        "gpu_bytes": fits[0].gpu_bytes,
        "gpus": gpus,
        "models": [
            {
                "model": row.model.repo_id,
                "weights": row.weights,
                "gpus": row.gpus,
                "segment_tokens": row.segment_tokens,
                "segment_s": row.segment_s,
            }
            for row in fits
        ],
    }


def _fits_text(fits: Sequence[Fit], gpus: int) -> str:
    """The table, one line a size and one column a format."""
    gib = f"{fits[0].gpu_bytes / _GIB:.0f} GiB"
    head = f"Qwen3-VL on {f'{gpus} GPUs' if gpus > 1 else 'one GPU'} of {gib}: the largest segment that fits"
    rows = [
        [size, *(fit_text(row, gpus) for row in group)] for size, group in groupby(fits, lambda f: f.model.size)
    ]
    table = [["model", *(row.weights for row in fits[:3])], *rows]
    widths = [max(len(row[column]) for row in table) for column in range(4)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table
    ]
    note = "Calculated, with nine tenths of the memory; minutes at one look a second of 240 cells."
    return "\n".join([head, *(f"  {line}" for line in lines), note])


def fit_text(row: Fit, gpus: int = 1) -> str:
    """One cell: the largest segment on ``gpus`` GPUs, or how many more it takes."""
    if row.gpus == 0:
        return "more than 8 GPUs"
    if row.gpus > gpus:
        return f"{row.gpus} GPUs"
    return f"{row.segment_tokens:,} tokens, {row.segment_s / 60:.1f} min"
