"""Tracks -> the events a person would write down. Pure; words from ``object_words``.

One event for each visit ("a person wearing a black top enters from the left, walks to the right, leaves at the
right"), one for each stretch in which several of a class are in view, and one for each in which nobody is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Final

from videoindex.perception.colours import dominant, mean_palette, paint
from videoindex.perception.object_words import (
    ANIMALS,
    COUNT_WORDS,
    IN_VIEW,
    MOTIONS,
    NOBODY,
    PARTS,
    PLURALS,
    SIZES,
    VEHICLES,
)
from videoindex.perception.tracking import Sighting, Track
from videoindex.types import Span, merge_spans, subtract_spans

__all__ = ["Scene", "Wording", "count_wordings", "describe", "nobody_wordings", "visit_span", "visit_wordings"]

ENTERS, LEAVES, WALKS, DRIVES, RIDES, STANDS, PARKED, APPEARS = MOTIONS
FAR_AWAY, CLOSE = SIZES
# Shares of the picture's width or height.
AT_BORDER: Final = 0.03
GETS_ANYWHERE: Final = 0.12
FAR_BELOW_HEIGHT: Final = 0.12
CLOSE_FROM_HEIGHT: Final = 0.85
# A box that grows or shrinks by this factor comes nearer or goes away.
NEARER: Final = 1.6
# Stood still: stayed within this share of the picture's width for at least so long.
STILL_SHARE: Final = 0.06
STILL_S: Final = 4.0
# How far a movement at the border is carried back or on to meet it.
CARRY_S: Final = 1.0
LEAST_COUNT_S: Final = 1.0
LEAST_NOBODY_S: Final = 1.0
# How sure it is that nobody is in view where nobody ever was.
SURE_OF_NOBODY: Final = 0.6
# Trousers are named when at least this share of a visit's looks show the lower body.
LOWER_SEEN: Final = 0.5
# Top and trousers of one colour are told apart from a coat, or from a body cut off below the waist, only where the
# box is as slender as a whole standing person (about 2.4 times as high as wide).
WHOLE_BODY: Final = 2.2
# A box so many times as slender as usual shows an object that is cut off at a side.
CUT_OFF: Final = 1.3


@dataclass(frozen=True, slots=True)
class Scene:
    """Where tracks were seen: the span looked at, the picture's size, and seconds between close looks."""

    span: Span
    width_px: int
    height_px: int
    look_s: float = 0.25


@dataclass(frozen=True, slots=True)
class Wording:
    """An event before it has an id: what to say, when, how sure, and the sightings it rests on."""

    span: Span
    text: str
    confidence: float
    sightings: tuple[Sighting, ...] = ()


def visit_wordings(tracks: Sequence[Track], scene: Scene) -> list[Wording]:
    """One wording for each track."""
    return [
        Wording(visit_span(track, scene), describe(track, scene), min(track.score, 1.0), track.sightings)
        for track in tracks
    ]


def visit_span(track: Track, scene: Scene) -> Span:
    """From when it came to when it went, at least a look; open ends reach the ends of the scene's span."""
    start_s = scene.span.start_s if track.open_start else max(track.start_s, scene.span.start_s)
    end_s = max(track.end_s, track.sightings[-1].at_s + scene.look_s)
    return Span(start_s, scene.span.end_s if track.open_end else min(end_s, scene.span.end_s))


def count_wordings(tracks: Sequence[Track], scene: Scene) -> list[Wording]:
    """ "two people in view" for each stretch in which the number of overlapping visits of a class is that."""
    wordings: list[Wording] = []
    for label in sorted({track.label for track in tracks}):
        same = [track for track in tracks if track.label == label]
        visits = [visit_span(track, scene) for track in same]
        edges_s = sorted({edge for span in visits for edge in (span.start_s, span.end_s)})
        sure = min((track.score for track in same), default=0.0)
        for span, count in _levels(edges_s, visits):
            if count >= 2 and span.duration_s >= LEAST_COUNT_S:
                word = COUNT_WORDS[count] if count < len(COUNT_WORDS) else str(count)
                wordings.append(Wording(span, f"{word} {PLURALS[label]} {IN_VIEW}", min(sure, 1.0)))
    return wordings


def nobody_wordings(tracks: Sequence[Track], scene: Scene, unseen: Sequence[Span] = ()) -> list[Wording]:
    """The stretches with no person, ``unseen`` spans left out."""
    people = [track for track in tracks if track.label == "person"]
    sure = min((track.score for track in people), default=SURE_OF_NOBODY)
    empty = subtract_spans([scene.span], [*unseen, *(visit_span(track, scene) for track in people)])
    return [Wording(span, NOBODY, min(sure, 1.0)) for span in empty if span.duration_s >= LEAST_NOBODY_S]


def describe(track: Track, scene: Scene) -> str:
    """The sentence for one visit: who, in what colours, and what they do in order."""
    doing = _actions(track, scene)
    height = max(s.box.height_px for s in track.sightings) / scene.height_px
    if height < FAR_BELOW_HEIGHT:
        doing.append(FAR_AWAY)
    elif height >= CLOSE_FROM_HEIGHT:
        doing.append(CLOSE)
    return f"{_who(track, scene)} {', '.join(doing)}"


def _who(track: Track, scene: Scene) -> str:
    whole = _whole(track.sightings)
    upper = mean_palette([s.upper for s in whole if s.upper is not None])
    if track.label != "person":
        colour = paint(upper)
        return _with_article(f"{colour} {track.label}" if colour else track.label)
    top, trousers = PARTS
    above = dominant(upper)
    below = _colour_below(whole, above)
    worn = ([_with_article(f"{above} {top}")] if above else []) + ([f"{below} {trousers}"] if below else [])
    return f"a person wearing {' and '.join(worn)}" if worn else "a person"


def _whole(sightings: Sequence[Sighting]) -> list[Sighting]:
    """Those that are not cut off at a side: in a much more slender box, parts are not where they should be."""
    usual = median(s.box.height_px / s.box.width_px for s in sightings)
    return [s for s in sightings if s.box.height_px / s.box.width_px <= CUT_OFF * usual]


def _colour_below(sightings: Sequence[Sighting], above: str | None) -> str | None:
    """The colour of the trousers, or None where the legs were hardly seen or may be hidden."""
    lowers = [s.lower for s in sightings if s.lower is not None]
    if len(lowers) < LOWER_SEEN * len(sightings):
        return None
    below = dominant(mean_palette(lowers))
    slender = median(s.box.height_px / s.box.width_px for s in sightings)
    return below if below != above or slender >= WHOLE_BODY else None


def _with_article(words: str) -> str:
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def _actions(track: Track, scene: Scene) -> list[str]:
    """What it does, in order; never empty."""
    doing: list[str] = []
    still_s = _longest_still_s(track.sightings, scene)
    still = still_s >= STILL_S and track.label not in {"bicycle"}
    if not track.open_start:
        side = track.came_at or _border(track.sightings, scene)
        doing.append(f"{ENTERS} from the {side}" if side else ENTERS)
    way = _way(track, scene)
    if way:
        verb = WALKS if track.label == "person" or track.label in ANIMALS else DRIVES
        doing.append(f"{RIDES if track.label in {'bicycle', 'motorcycle'} else verb} {way}")
    if still:
        doing.append(PARKED if track.label in VEHICLES else STANDS)
    if not track.open_end:
        side = track.went_at or _border(tuple(reversed(track.sightings)), scene)
        doing.append(f"{LEAVES} at the {side}" if side else LEAVES)
    if not doing:
        doing.append(PARKED if track.label in VEHICLES and not track.moved else IN_VIEW)
    return doing


def _way(track: Track, scene: Scene) -> str | None:
    """Where it gets to on the whole: a direction in the picture, or towards or away from the camera."""
    first, last = track.sightings[0].box, track.sightings[-1].box
    (x0, y0), (x1, y1) = first.centre_px, last.centre_px
    right, down = (x1 - x0) / scene.width_px, (y1 - y0) / scene.height_px
    if max(abs(right), abs(down)) >= GETS_ANYWHERE and abs(right) >= 0.7 * abs(down):
        return "to the right" if right > 0 else "to the left"
    middle = max((s.box for s in track.sightings), key=lambda b: b.height_px)
    grows, shrinks = middle.height_px / first.height_px, middle.height_px / last.height_px
    if max(grows, shrinks) >= NEARER and min(grows, shrinks) < NEARER:
        return "towards the camera" if grows > shrinks else "away from the camera"
    if abs(down) >= GETS_ANYWHERE:
        return "down" if down > 0 else "up"
    return None


def _longest_still_s(sightings: Sequence[Sighting], scene: Scene) -> float:
    """The longest stretch in which the box's centre stays within ``STILL_SHARE`` of the picture's width."""
    longest_s, first = 0.0, 0
    within_px = STILL_SHARE * scene.width_px
    for k in range(len(sightings)):
        while _spread_px(sightings[first : k + 1]) > within_px:
            first += 1
        longest_s = max(longest_s, sightings[k].at_s - sightings[first].at_s)
    return longest_s


def _spread_px(sightings: Sequence[Sighting]) -> float:
    across = [s.box.centre_px[0] for s in sightings]
    return max(across) - min(across)


def _border(sightings: Sequence[Sighting], scene: Scene) -> str | None:
    """The side at which a visit began; for its end, hand over the sightings reversed.

    The box is carried on against its movement, from where it is going to where it came from.
    """
    first = sightings[0]
    later = next((s for s in sightings if abs(s.at_s - first.at_s) >= 0.5), sightings[-1])
    elapsed_s = abs(later.at_s - first.at_s)
    carry = min(CARRY_S / elapsed_s, 2.0) if elapsed_s > 0 else 0.0
    (x0, y0), (x1, y1) = first.box.centre_px, later.box.centre_px
    box = first.box.shifted((x0 - x1) * carry, (y0 - y1) * carry)
    gaps = {
        "left": (box.left_px / scene.width_px, x1 - x0),
        "right": (1 - box.right_px / scene.width_px, x0 - x1),
        "top": (box.top_px / scene.height_px, y1 - y0),
        "bottom": (1 - box.bottom_px / scene.height_px, y0 - y1),
    }
    for side in ("left", "right"):
        if gaps[side][0] <= AT_BORDER and gaps[side][1] > 0:
            return side
    for side in ("top", "bottom"):
        if gaps[side][0] <= AT_BORDER and gaps[side][1] > GETS_ANYWHERE * 0.3 * scene.height_px:
            return side
    return None


def _levels(edges_s: Sequence[float], visits: Sequence[Span]) -> list[tuple[Span, int]]:
    """How many visits overlap, for each stretch between edges; equal neighbours joined."""
    levels: list[tuple[Span, int]] = []
    for start_s, end_s in pairwise(edges_s):
        count = sum(start_s in visit for visit in visits)
        if levels and levels[-1][1] == count:
            levels[-1] = (merge_spans([levels[-1][0], Span(start_s, end_s)])[0], count)
        else:
            levels.append((Span(start_s, end_s), count))
    return levels
