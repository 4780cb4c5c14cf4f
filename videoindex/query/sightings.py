"""How well a track of the object observer fits a described scene. Pure: hits in, scored candidates out."""

from __future__ import annotations

from collections.abc import Sequence

from videoindex.index.records import Hit
from videoindex.perception import object_words as seen
from videoindex.query.evidence import Candidate
from videoindex.query.scene import Look, Motion, SceneReading, Wanted, read_scene
from videoindex.query.settings import SearchSettings
from videoindex.types import Event

__all__ = ["canonical_text", "read_sightings"]

# Colours that shade and exposure mix up, and how alike they are; equal is 1, any other pair 0. How light a
# thing is depends on the light, so dark colours pass for each other; hue does not, so neighbouring hues hardly do.
_ALIKE = {
    frozenset(pair): likeness
    for pair, likeness in (
        (("black", "grey"), 0.5),
        (("white", "grey"), 0.5),
        (("black", "blue"), 0.5),
        (("black", "brown"), 0.5),
        (("blue", "grey"), 0.4),
        (("brown", "grey"), 0.4),
        (("green", "grey"), 0.3),
        (("blue", "purple"), 0.25),
        (("red", "pink"), 0.25),
        (("red", "orange"), 0.25),
        (("red", "brown"), 0.25),
        (("orange", "brown"), 0.25),
        (("orange", "yellow"), 0.25),
        (("purple", "pink"), 0.25),
        (("yellow", "brown"), 0.25),
    )
}
# What no camera names: how well a named colour passes for merely "dark" or "light".
_SHADES = {
    "dark": {"black": 1.0, "blue": 0.6, "grey": 0.6, "brown": 0.6},
    "light": {"white": 1.0, "grey": 0.7, "yellow": 0.4, "pink": 0.4, "brown": 0.4, "blue": 0.3},
}
# Below this fit of the colours asked for, a track is another one.
_WORST_LOOKS = 0.3
# A garment whose colour the track does not tell: better than any but the right colour.
_UNKNOWN_LOOK = 0.55
# Motions that a track always tells when they happen: when it does not, they did not.
_ALWAYS_TOLD = frozenset({"enters", "leaves", "is parked"})
_DRIVEN = frozenset({"drives", "rides"})


def canonical_text(scene: SceneReading) -> str:
    """The scene in the words of object events, for the full-text search."""
    if scene.absent:
        return seen.NOBODY
    parts: list[str] = []
    for wanted in scene.wanted:
        for name in wanted.classes:
            parts.append(seen.PLURALS[name] + f" {seen.IN_VIEW}" if wanted.at_least > 1 else name)
        parts += [f"{look.colour} {look.part}".strip() for look in wanted.looks]
    parts += [f"{motion.verb} {motion.side}".strip() for motion in scene.motions]
    return " ".join(parts)


def read_sightings(scene: SceneReading, hits: Sequence[Hit], settings: SearchSettings) -> list[Candidate]:
    """The events that show what the scene asks for; none when any part of it was never seen."""
    if not scene.verifiable:
        return []
    if scene.absent:
        empty = [hit.event for hit in hits if read_scene(hit.event.text).absent]
        return [_candidate(event, 1.0, settings) for event in empty]
    first, others = scene.wanted[0], scene.wanted[1:]
    found: list[Candidate] = []
    for hit in hits:
        fit = _fit(first, scene.motions, read_scene(hit.event.text))
        if fit is None:
            continue
        company = [_company(wanted, hit.event, hits) for wanted in others]
        if all(company):
            extra = tuple(event for event in company if event is not None)
            found.append(_candidate(hit.event, fit, settings, extra))
    return found


def _company(wanted: Wanted, event: Event, hits: Sequence[Hit]) -> Event | None:
    """The best event that shows ``wanted`` while ``event`` lasts, in the same video."""
    best: tuple[float, Event] | None = None
    for hit in hits:
        other = hit.event
        if other.video_id != event.video_id or other.id == event.id or other.span.intersect(event.span) is None:
            continue
        fit = _fit(wanted, (), read_scene(other.text))
        if fit is not None and (best is None or fit > best[0]):
            best = (fit, other)
    return best[1] if best else None


def _fit(wanted: Wanted, motions: Sequence[Motion], track: SceneReading) -> float | None:
    """How well one track fits, in [0, 1]; None when it shows something else."""
    shown = next((one for one in track.wanted if set(one.classes) & set(wanted.classes)), None)
    if shown is None or shown.at_least < wanted.at_least:
        return None
    crowded = shown.at_least > wanted.at_least
    if crowded and (wanted.looks or motions):
        return None
    looks = _looks_fit(wanted.looks, shown.looks)
    moves = _motions_fit(motions, track.motions)
    if looks is None or moves is None:
        return None
    # A count event ("two people in view") says less of one person than that person's own track.
    return 0.4 + 0.4 * looks + 0.2 * moves - (0.1 if crowded else 0.0)


def _looks_fit(wanted: Sequence[Look], shown: Sequence[Look]) -> float | None:
    """The mean fit of the colours asked for; None where none is shown, or those shown speak against it."""
    if not wanted:
        return 1.0
    told = [max((_look_fit(look, other) for other in shown), default=0.0) for look in wanted]
    if max(told) < _WORST_LOOKS:
        return None
    fits = [
        max(fit, _UNKNOWN_LOOK if _untold(look, shown) else 0.0) for look, fit in zip(wanted, told, strict=True)
    ]
    fit = sum(fits) / len(fits)
    return fit if fit >= _WORST_LOOKS else None


def _untold(look: Look, shown: Sequence[Look]) -> bool:
    """Whether the track tells no colour of the garment, while it may of another."""
    return bool(look.part) and all(other.part not in ("", look.part) for other in shown)


def _look_fit(look: Look, other: Look) -> float:
    alike = 1.0 if look.colour == other.colour else _ALIKE.get(frozenset((look.colour, other.colour)), 0.0)
    alike = max(alike, _SHADES.get(look.colour, {}).get(other.colour, 0.0))
    elsewhere = bool(look.part and other.part and look.part != other.part)
    return alike * (0.45 if elsewhere else 1.0)


def _motions_fit(wanted: Sequence[Motion], shown: Sequence[Motion]) -> float | None:
    """The mean fit of the motions asked for; None where the track tells that they did not happen."""
    if not wanted:
        return 1.0
    fits: list[float] = []
    for motion in wanted:
        same = [other for other in shown if other.verb == motion.verb]
        if same and motion.side and all(other.side and other.side != motion.side for other in same):
            return None
        parked = bool(shown) and all(other.verb == "is parked" for other in shown)
        if not same and (motion.verb in _ALWAYS_TOLD or (parked and motion.verb in _DRIVEN)):
            return None
        fits.append(0.4 if not same else 1.0 if any(other.side == motion.side for other in same) else 0.8)
    return sum(fits) / len(fits)


def _candidate(event: Event, fit: float, settings: SearchSettings, extra: tuple[Event, ...] = ()) -> Candidate:
    """A fit of 0 is just confident: the classes were seen, so the question is answered, if not well.

    A fit that is not whole is mostly another visitor, so the score falls steeply: it then compares with that of a
    text, which is a probability.
    """
    sure = (fit * (0.96 + 0.04 * event.confidence)) ** settings.fit_power
    score = settings.confident + (1.0 - settings.confident) * sure
    return Candidate(event.video_id, event.span, min(1.0, score), (event, *extra))
