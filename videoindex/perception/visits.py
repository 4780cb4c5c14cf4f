"""Tracks -> visits: tracks of one object joined, and their ends set by the movement around them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from videoindex.perception.colours import mean_palette, similarity
from videoindex.perception.detector import Crop, Detection
from videoindex.perception.tracking import Track

__all__ = ["Stir", "join_tracks", "reach_out"]

AT_BORDER: Final = 0.02
SAME_COLOURS: Final = 0.4
SAME_HEIGHT: Final = 1.5
JOIN_HEIGHTS: Final = 0.5
REACH_S: Final = 1.5
# A region leads to another when it lies within this share of its size around it.
TOUCHES: Final = 0.25


@dataclass(frozen=True, slots=True)
class Stir:
    """What moved between the look at ``before_s`` and the one at ``at_s``, in pixels of the picture."""

    before_s: float
    at_s: float
    regions: tuple[Crop, ...]


def join_tracks(tracks: Sequence[Track], bridge_s: float, size_px: tuple[int, int]) -> list[Track]:
    """Joins a track that ended inside the picture with one of its class that began there soon after.

    At most ``bridge_s`` apart in time and half a box height in space, of like height and colours: an occlusion, or
    a hole in the detector's attention. A track that ends at the left or right border has left, and one that
    begins at a border has come in.
    """
    joined: list[Track] = []
    for track in sorted(tracks, key=lambda t: t.start_s):
        earlier = [k for k, other in enumerate(joined) if _continues(other, track, bridge_s, size_px)]
        if not earlier:
            joined.append(track)
            continue
        k = max(earlier, key=lambda k: joined[k].end_s)
        joined[k] = replace(
            joined[k],
            sightings=(*joined[k].sightings, *track.sightings),
            open_end=track.open_end,
            moved=joined[k].moved or track.moved,
        )
    return joined


def reach_out(track: Track, stirs: Sequence[Stir], size_px: tuple[int, int]) -> Track:
    """Moves the ends of a visit to where the movement that leads up to it begins and that away from it ends.

    Regions are followed from look to look, at most ``REACH_S`` from the sightings. An object not there yet at
    the look before a stir is there at the stir's own; one that left is gone by then.
    """
    came_s, went_s = track.start_s, track.end_s
    came_at = went_at = None
    if not track.open_start:
        before = [stir for stir in reversed(stirs) if came_s - REACH_S <= stir.at_s <= track.start_s]
        for at_s, region in _followed(before, track.sightings[0].box):
            came_s, came_at = min(came_s, at_s), _side(region, size_px)
    if not track.open_end:
        after = [stir for stir in stirs if track.end_s <= stir.before_s and stir.at_s <= went_s + REACH_S]
        for at_s, region in _followed(after, track.sightings[-1].box):
            went_s, went_at = max(went_s, at_s), _side(region, size_px)
    return replace(track, came_s=came_s, went_s=went_s, came_at=came_at, went_at=went_at)


def _followed(stirs: Iterable[Stir], box: Detection) -> list[tuple[float, Crop]]:
    """The regions of the first stirs in a row that each touch the one before, the first one ``box``."""
    place = Crop(int(box.left_px), int(box.top_px), round(box.right_px), round(box.bottom_px))
    followed: list[tuple[float, Crop]] = []
    for stir in stirs:
        near = [region for region in stir.regions if _touches(region, place)]
        if not near:
            break
        place = max(near, key=lambda region: region.width_px * region.height_px)
        followed.append((stir.at_s, place))
    return followed


def _touches(region: Crop, place: Crop) -> bool:
    across_px, down_px = TOUCHES * place.width_px, TOUCHES * place.height_px
    return (
        region.left_px <= place.right_px + across_px
        and region.right_px >= place.left_px - across_px
        and region.top_px <= place.bottom_px + down_px
        and region.bottom_px >= place.top_px - down_px
    )


def _continues(earlier: Track, later: Track, bridge_s: float, size_px: tuple[int, int]) -> bool:
    hole_s = later.start_s - earlier.end_s
    if earlier.label != later.label or earlier.open_end or later.open_start or not 0.0 < hole_s <= bridge_s:
        return False
    last, first = earlier.sightings[-1].box, later.sightings[0].box
    left_at, came_at = _borders(last, size_px), _borders(first, size_px)
    if left_at & {"left", "right"} or not came_at <= left_at:
        return False
    high_px, low_px = max(last.height_px, first.height_px), min(last.height_px, first.height_px)
    (x0, y0), (x1, y1) = last.centre_px, first.centre_px
    if high_px > SAME_HEIGHT * low_px or max(abs(x1 - x0), abs(y1 - y0)) > JOIN_HEIGHTS * high_px:
        return False
    before = mean_palette([s.upper for s in earlier.sightings if s.upper is not None])
    after = mean_palette([s.upper for s in later.sightings if s.upper is not None])
    return sum(before) == 0.0 or sum(after) == 0.0 or similarity(before, after) >= SAME_COLOURS


def _side(region: Crop, size_px: tuple[int, int]) -> str | None:
    """The border a region lies against; people reach down to the lower one wherever they go, so it counts last."""
    at = _borders(region, size_px)
    return next((side for side in ("left", "right", "bottom", "top") if side in at), None)


def _borders(box: Detection | Crop, size_px: tuple[int, int]) -> set[str]:
    """The sides of the picture that a box lies against."""
    near_px = AT_BORDER * size_px[0]
    gaps_px = {
        "left": box.left_px,
        "top": box.top_px,
        "right": size_px[0] - box.right_px,
        "bottom": size_px[1] - box.bottom_px,
    }
    return {side for side, gap_px in gaps_px.items() if gap_px <= near_px}
