"""The camera sample: a fixed camera over a yard through which people and motorcycles pass now and then."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from videoindex.errors import UsageError
from videoindex.evaluation.cutouts import Cutout, cut_out
from videoindex.evaluation.samples_yard import WALL_TOP_PX, WIDTH_PX, draw_yard
from videoindex.evaluation.truth import GroundingQuery, SampleTruth
from videoindex.media.recorder import record
from videoindex.types import Span, merge_spans

__all__ = ["CAMERA_STARTS_AT", "CAST", "Actor", "Passage", "make_camera", "plan_passages"]

CAMERA_STARTS_AT = datetime(2026, 3, 14, 9, 0, 0, tzinfo=UTC)
"""What the camera's clock shows at the first frame."""

_SHORTEST_REST_S = 2.5
_FIRST_REST_S = 4.0
_NOISE_FIELDS = 8
_NOISE_LEVELS = 2.2
_LIGHT_PERIOD_S = 170.0


@dataclass(frozen=True, slots=True)
class Actor:
    """Who passes: a cut-out, perhaps dyed, ``height_px`` tall, its foot at ``foot_px``, across in ``crossing_s``.

    ``query`` is what a user would ask for, ``noun`` what a detector calls it; who does not step rolls.
    """

    cutout: str
    noun: str
    query: str
    height_px: int
    foot_px: int
    crossing_s: float
    dye_rgb: tuple[int, int, int] | None = None
    steps: bool = True


@dataclass(frozen=True, slots=True)
class Passage:
    """One visit: the actor's left edge is at ``left_px_K`` at the seconds ``at_s_K``, straight lines between.

    Law: at the first and the last of them the actor is just outside the picture, so the visit lasts over ``span``.
    """

    actor: Actor
    at_s_K: tuple[float, ...]
    left_px_K: tuple[float, ...]

    @property
    def span(self) -> Span:
        return Span(self.at_s_K[0], self.at_s_K[-1])

    @property
    def from_left(self) -> bool:
        return self.left_px_K[1] > self.left_px_K[0]


CAST = (
    Actor("officer", "person", "a person in a red jacket", 400, 640, 11.0, (176, 34, 40)),
    Actor("motorcycle", "motorcycle", "a red motorcycle", 236, 572, 7.5, None, steps=False),
    Actor("photographer", "person", "a man in a green coat with a camera", 430, 672, 12.0, (34, 104, 58)),
    Actor("officer", "person", "a person in a dark uniform", 396, 640, 10.0),
    Actor("astronaut", "person", "an astronaut in an orange suit", 430, 660, 11.0),
    Actor("motorcycle", "motorcycle", "a blue motorcycle", 236, 572, 7.0, (30, 70, 170), steps=False),
    Actor("photographer", "person", "a man in a dark coat with a camera", 430, 672, 12.0),
    Actor("officer", "person", "a person in a blue jacket", 400, 640, 10.5, (36, 74, 168)),
)
"""In order of appearance, so that a short recording holds a person and a vehicle."""

_NEGATIVES = (
    "a dog runs through the yard",
    "a bus drives past",
    "a person in a yellow jacket",
    "two people shake hands",
)


def _sprite(actor: Actor) -> Cutout:
    """The actor's picture at its size, as it faces when it comes from the left."""
    sprite = cut_out(actor.cutout, actor.dye_rgb).resized(actor.height_px)
    return sprite if actor.steps else _with_shadow(sprite)


def _with_shadow(sprite: Cutout) -> Cutout:
    """What rolls on the lane throws a soft shadow on it; the shadows of walkers fall behind the wall."""
    height_px, width_px = sprite.alpha_HW.shape
    shadow = np.zeros((height_px, width_px), np.float32)
    centre, axes = (width_px // 2, round(height_px * 0.9)), (round(width_px * 0.42), round(height_px * 0.07))
    cv2.ellipse(shadow, centre, axes, 6, 0, 360, 0.55, -1)
    shadow = np.asarray(cv2.GaussianBlur(shadow, (0, 0), height_px / 40), np.float32)
    alpha = sprite.alpha_HW + shadow * (1 - sprite.alpha_HW)
    share = (sprite.alpha_HW / np.maximum(alpha, 1e-6))[..., None]
    rgb = sprite.rgb_HWC * share + np.array([38, 38, 42], np.float32) * (1 - share)
    return Cutout(np.asarray(rgb, np.uint8), np.asarray(alpha, np.float32))


def _keyframes(
    actor: Actor, width_px: int, start_s: float, rng: np.random.Generator
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Crosses from one side to the other; a walker sometimes stands still on the way, or turns back."""
    outside_px = (-float(width_px), float(WIDTH_PX))
    enters, leaves = outside_px if rng.random() < 0.5 else outside_px[::-1]
    manner = rng.choice(["cross", "stop", "turn back"], p=[0.5, 0.3, 0.2]) if actor.steps else "cross"
    if manner == "cross":
        return (start_s, start_s + actor.crossing_s), (enters, leaves)
    middle_px = float(rng.uniform(0.35, 0.6)) * WIDTH_PX - width_px / 2
    pace_s_px = actor.crossing_s / (WIDTH_PX + width_px)
    stops_s = start_s + abs(middle_px - enters) * pace_s_px
    goes_on_s = stops_s + float(rng.uniform(2.0, 3.5))
    leaves = enters if manner == "turn back" else leaves
    gone_s = goes_on_s + abs(leaves - middle_px) * pace_s_px
    return (start_s, stops_s, goes_on_s, gone_s), (enters, middle_px, middle_px, leaves)


def _shifted(passage: Passage, by_s: float) -> Passage:
    return Passage(passage.actor, tuple(at_s + by_s for at_s in passage.at_s_K), passage.left_px_K)


def plan_passages(duration_s: float, activity: float, seed: int, widths_px: dict[str, int]) -> tuple[Passage, ...]:
    """Who passes when: visits one after another until ``activity`` of the time is filled, at least one.

    ``widths_px`` maps an actor's query to the width of its picture. Raises UsageError when no visit fits.
    """
    rng = np.random.default_rng((seed, 2))
    visits: list[Passage] = []
    filled_s, spare_s = 0.0, duration_s - _FIRST_REST_S
    while True:
        actor = CAST[len(visits) % len(CAST)]
        visit = Passage(actor, *_keyframes(actor, widths_px[actor.query], 0.0, rng))
        needed_s = visit.span.duration_s + _SHORTEST_REST_S
        if needed_s > spare_s or (visits and filled_s + visit.span.duration_s / 2 > activity * duration_s):
            break
        visits.append(visit)
        filled_s, spare_s = filled_s + visit.span.duration_s, spare_s - needed_s
    if not visits:
        raise UsageError(
            f"{duration_s:g} s are too short for a visit; make the camera sample at least 0.4 minutes long"
        )
    rests_s = _SHORTEST_REST_S + spare_s * rng.dirichlet(np.full(len(visits) + 1, 3.0))
    rests_s[0] += _FIRST_REST_S - _SHORTEST_REST_S
    planned, at_s = [], 0.0
    for visit, rest_s in zip(visits, rests_s, strict=False):
        planned.append(_shifted(visit, at_s + float(rest_s)))
        at_s = planned[-1].span.end_s
    return tuple(planned)


def _truth(video: str, passages: tuple[Passage, ...]) -> tuple[GroundingQuery, ...]:
    """What can be asked of the passages, and what never happens."""

    def asked(query: str, found: list[Passage]) -> GroundingQuery:
        windows = tuple(merge_spans(passage.span for passage in found))
        return GroundingQuery(video, query, windows, "visual" if windows else "negative")

    looks = dict.fromkeys(passage.actor.query for passage in passages)
    people = [passage for passage in passages if passage.actor.noun == "person"]
    queries = [asked(look, [passage for passage in passages if passage.actor.query == look]) for look in looks]
    queries.append(asked("a person is in the yard", people))
    queries.append(asked("a motorcycle drives past", [p for p in passages if p.actor.noun == "motorcycle"]))
    queries.append(asked("a person comes in from the left", [p for p in people if p.from_left]))
    queries.append(asked("a person comes in from the right", [p for p in people if not p.from_left]))
    return (*queries, *(asked(query, []) for query in _NEGATIVES))


def _clock(at: datetime) -> NDArray[np.uint8]:
    """The strip with date, time and name that cameras burn into the picture."""
    strip = Image.new("RGB", (470, 34), (12, 12, 12))
    font = ImageFont.load_default(24)
    pen = ImageDraw.Draw(strip)
    x_px = 10
    for letter in f"{at:%Y-%m-%d %H:%M:%S}   CAM 02 YARD":
        # Digits stand in columns, as they do on a camera.
        advance_px = 14 if letter.isdigit() else round(font.getlength(letter)) + 1
        pen.text((x_px, 2), letter, font=font, fill=(235, 235, 235))
        x_px += advance_px
    return np.asarray(strip, np.uint8)


def _top_px(actor: Actor, left_px: float) -> int:
    """A walker rises and sinks by a few pixels with each step."""
    step_px = 6.0 * abs(math.sin(math.pi * left_px / 105.0)) if actor.steps else 1.5 * math.sin(left_px / 23.0)
    return round(actor.foot_px - actor.height_px - step_px)


def _noise_field(rng: np.random.Generator, shape_HW: tuple[int, ...]) -> NDArray[np.uint8]:
    """One reading of the sensor's noise, the same in all three colours, about a middle of 128."""
    grey = np.clip(128 + rng.normal(0, _NOISE_LEVELS, shape_HW), 0, 255).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def _frames(
    frame_count: int,
    fps: int,
    passages: tuple[Passage, ...],
    sprites: dict[str, Cutout],
    starts_at: datetime,
    seed: int,
) -> Iterator[NDArray[np.uint8]]:
    rng = np.random.default_rng((seed, 3))
    yard = draw_yard(seed)
    noise = [_noise_field(rng, yard.shape[:2]) for _ in range(_NOISE_FIELDS)]
    coming = list(passages)
    sprite, facing_for = next(iter(sprites.values())), None
    clock = _clock(starts_at)
    for number in range(frame_count):
        at_s = number / fps
        if number % fps == 0:
            clock = _clock(starts_at + timedelta(seconds=at_s))
        while coming and coming[0].span.end_s <= at_s:
            coming.pop(0)
        frame = yard.copy()
        if coming and at_s in coming[0].span:
            visit = coming[0]
            left_px = float(np.interp(at_s, visit.at_s_K, visit.left_px_K))
            if visit is not facing_for:
                sprite, facing_for = sprites[visit.actor.query], visit
                sprite = sprite if visit.from_left else sprite.mirrored()
            above_wall = frame[:WALL_TOP_PX]
            sprite.paste_onto(above_wall, round(left_px), _top_px(visit.actor, left_px))
        light = 1.0 + 0.025 * np.sin(2 * np.pi * at_s / _LIGHT_PERIOD_S)
        sensed = cv2.addWeighted(frame, light, noise[int(rng.integers(_NOISE_FIELDS))], 1.0, -128.0)
        frame = np.asarray(sensed, np.uint8)
        frame[14 : 14 + len(clock), 14 : 14 + clock.shape[1]] = clock
        yield frame


def make_camera(
    path: Path,
    minutes: float = 1.0,
    activity: float = 0.2,
    seed: int = 0,
    fps: int = 15,
    starts_at: datetime = CAMERA_STARTS_AT,
) -> SampleTruth:
    """Writes a camera recording of ``minutes`` to ``path`` and its truth next to it.

    1280 x 720, H.264, no sound. For ``activity`` of the time (at least once) somebody is in
    the picture. Give ``path`` a name that holds ``starts_at`` for the recording's date to be known.
    Raises UsageError for a length or an activity that cannot be, MissingDependencyError without the pictures.
    """
    if not 0.0 <= activity <= 0.9:
        raise UsageError(f"activity must lie in [0, 0.9], got {activity}")
    sprites = {actor.query: _sprite(actor) for actor in CAST}
    widths_px = {query: sprite.alpha_HW.shape[1] for query, sprite in sprites.items()}
    frame_count = round(minutes * 60 * fps)
    passages = plan_passages(frame_count / fps, activity, seed, widths_px)
    record(path, _frames(frame_count, fps, passages, sprites, starts_at, seed), fps)
    sample = SampleTruth(path, frame_count / fps, _truth(path.name, passages))
    sample.save()
    return sample
