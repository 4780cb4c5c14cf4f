"""What each kind of server is sent for pictures and a question: the body of ``/v1/chat/completions``. Pure.

Read in the servers' sources (vLLM 0.19.1, 0.20.0 and 0.33.0, SGLang 0.5.23, llama.cpp, Ollama, transformers
5.23.0), see docs/servers.md:

- vLLM takes the pairs of pictures as one video of JPEG frames, with their instants: frame numbers of a clock of
  1,000 a second. Its own processor then writes the markers. It cuts a video to 32 frames unless told
  ``num_frames: -1``, and would scale it to the total of pixels that the checkpoint names unless told its size.
- All others take single pictures: the first of each pair, behind a marker written as text. SGLang takes videos
  too, but samples them itself.

The instructions come first, the question last, and all that stands between is the same for every question.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from videoindex.perception.vlm.base import Form
from videoindex.sampling.mrope import PATCH_FRAMES, FrameSize, marker, patch_tokens

__all__ = [
    "DIALECTS",
    "DIALECT_VERSION",
    "Dialect",
    "Encoded",
    "Prefix",
    "Request",
    "dialect_of",
    "floor_tokens",
    "prefix",
]

# Raise it when a server is sent something else for the same showing: part of the fingerprint.
DIALECT_VERSION = "1"

_CLOCK_HZ = 1_000  # vLLM's frame numbers are milliseconds
_SCHEMA_NAME = "answer"
# Pictures of more cells may be made smaller: llama.cpp stops at 4,096, Ollama at 2 MiB pixels.
_SURE_CELLS = 2_048


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a kind of server takes: looks as a ``video`` or as pictures, and whether it holds to a JSON Schema.

    ``counts_cells``: it serves Qwen3-VL, so that the tokens of its pictures are known beforehand.
    """

    video: bool
    schema: bool
    counts_cells: bool

    def frames_per_look(self, *, stills: bool) -> int:
        """How many of a look's two pictures are sent."""
        return PATCH_FRAMES if self.video and not stills else 1


# Whatever else speaks the protocol is asked for nothing that is not in every such server: no schema, unless the
# settings say that it knows one.
DIALECTS: dict[str, Dialect] = {
    "vllm": Dialect(video=True, schema=True, counts_cells=True),
    "sglang": Dialect(video=False, schema=True, counts_cells=True),
    "llamacpp": Dialect(video=False, schema=True, counts_cells=True),
    "ollama": Dialect(video=False, schema=True, counts_cells=True),
    "openai": Dialect(video=False, schema=False, counts_cells=False),
}


def dialect_of(backend: str, schema: str) -> Dialect:
    """The dialect of a kind of server; ``schema`` is auto, or always or never where the settings know better."""
    dialect = DIALECTS[backend]
    return dialect if schema == "auto" else replace(dialect, schema=schema == "always")


@dataclass(frozen=True, slots=True)
class Encoded:
    """Pictures ready to be sent: ``pictures`` in base64, all of ``media_type``, ``frames_per_look`` to a look.

    ``at_s`` are the instants of the pictures, ``marks_s`` those of the looks.
    """

    instructions: str
    pictures: tuple[str, ...]
    media_type: str
    at_s: tuple[float, ...]
    marks_s: tuple[float, ...]
    size: FrameSize
    stills: bool


@dataclass(frozen=True, slots=True)
class Request:
    """The part of a request's body that kinds of servers differ in; ``extra`` are fields of the server's own."""

    messages: list[dict[str, Any]]
    response_format: dict[str, Any] | None = None
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Prefix:
    """What all questions about the same pictures share; ``ask`` puts one behind it."""

    dialect: Dialect
    instructions: str
    parts: tuple[dict[str, Any], ...]
    extra: dict[str, Any]

    def ask(self, question: str, form: Form) -> Request:
        """The request for one question."""
        messages: list[dict[str, Any]] = [
            {"role": "system", "content": self.instructions},
            # A lone surrogate, which an answer quoted in a question may hold, cannot be sent.
            {"role": "user", "content": [*self.parts, _text(question.encode("utf-8", "replace").decode())]},
        ]
        return Request(messages, self._format(form), self.extra)

    def _format(self, form: Form) -> dict[str, Any] | None:
        if not (self.dialect.schema and form.schema):
            return None
        schema = {"name": _SCHEMA_NAME, "schema": json.loads(form.schema), "strict": True}
        return {"type": "json_schema", "json_schema": schema}


def prefix(dialect: Dialect, encoded: Encoded) -> Prefix:
    """The pictures as ``dialect`` has them."""
    if dialect.video and not encoded.stills:
        parts: Sequence[dict[str, Any]] = [_video(encoded)]
    else:
        pictures = [_image(encoded.media_type, picture) for picture in encoded.pictures]
        markers = [_text(marker(at_s)) for at_s in encoded.marks_s]
        parts = [part for pair in zip(markers, pictures, strict=True) for part in pair]
    return Prefix(dialect, encoded.instructions, tuple(parts), _extra(dialect, encoded))


def floor_tokens(encoded: Encoded) -> int:
    """The fewest tokens that a server that serves Qwen3-VL reads for these pictures, unless it leaves some out."""
    cells = min(encoded.size.cells, _SURE_CELLS)
    spared = encoded.size.cells - cells
    return sum(patch_tokens(at_s, encoded.size) - spared for at_s in encoded.marks_s)


def milliseconds(at_s: Sequence[float], marks_s: Sequence[float]) -> list[int]:
    """Instants in whole milliseconds, such that the mean of each pair is written as its mark is.

    Rounding moves a mean by half a millisecond at most, which can carry it to or over the border between two
    tenths of a second; the second of the pair is then moved back by one.
    """
    rounded: list[int] = []
    for first_s, second_s, mark_s in zip(at_s[0::2], at_s[1::2], marks_s, strict=True):
        first, second = round(first_s * _CLOCK_HZ), round(second_s * _CLOCK_HZ)
        move = next(move for move in (0, 1, -1) if _written(first, second + move) == marker(mark_s))
        rounded += [first, second + move]
    return rounded


def _written(first: int, second: int) -> str:
    """The marker that Qwen3-VL's processor makes of two frame numbers (``_calculate_timestamps``)."""
    return marker((first / _CLOCK_HZ + second / _CLOCK_HZ) / 2)


def _video(encoded: Encoded) -> dict[str, Any]:
    return {"type": "video_url", "video_url": {"url": f"data:video/jpeg;base64,{','.join(encoded.pictures)}"}}


def _image(media_type: str, picture: str) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": f"data:{media_type};base64,{picture}"}}


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def _extra(dialect: Dialect, encoded: Encoded) -> dict[str, Any]:
    """vLLM's own fields: the instants of the frames, and the size that pictures keep."""
    if not dialect.video:
        return {}
    area_px = encoded.size.width_px * encoded.size.height_px
    if encoded.stills:
        return {"mm_processor_kwargs": {"size": _exactly(area_px)}}
    numbers = milliseconds(encoded.at_s, encoded.marks_s)
    # No fewer frames than are sent: two may share a millisecond.
    total = max(numbers[-1] + 1, len(numbers)) if numbers else 1
    video = {
        "fps": _CLOCK_HZ,
        "frames_indices": numbers,
        "total_num_frames": total,
        "duration": total / _CLOCK_HZ,
        "num_frames": -1,
        "do_sample_frames": False,
    }
    size = _exactly(area_px * len(numbers))
    return {"media_io_kwargs": {"video": video}, "mm_processor_kwargs": {"size": size, "do_sample_frames": False}}


def _exactly(area_px: int) -> dict[str, int]:
    """The bounds of an area, over all frames, that leave pictures as they are."""
    return {"shortest_edge": area_px, "longest_edge": area_px}
