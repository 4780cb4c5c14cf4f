"""A vision-language model of a few lines that sees coloured cards: right unless what it is shown is wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace

import numpy as np

from videoindex.evaluation.needle_prompts import NEEDLE_INSTRUCTIONS
from videoindex.evaluation.needle_words import COLOURS
from videoindex.perception.vlm.base import Looks, Showing, Viewing, Vlm
from videoindex.perception.vlm.scripted import Scripted, Shown

_SHARE = 0.2


def eyes(says_always: bool = False) -> Scripted:
    """Answers about the first card that it sees, with the marks of the looks that show it; with ``says_always`` it
    claims a red card where it sees none."""

    def answer(shown: Shown, question: str) -> str:
        seen = list(cards(shown.looks))
        if not seen and says_always:
            seen = [(shown.looks.marks_s[0], "red")]
        if shown.showing.instructions != NEEDLE_INSTRUCTIONS:
            plain = {"text": "", "boxes": [], "confidence": 0.9}
            events = [
                {"start": at_s, "end": at_s, "what": f"a {colour} card is held up", **plain}
                for at_s, colour in seen
            ]
            return json.dumps({"events": events})
        if not seen:
            return json.dumps({"seen": False, "start": None, "end": None, "answer": ""})
        colour = seen[0][1]
        times_s = [at_s for at_s, name in seen if name == colour]
        options = re.search(r"Choose one of these: (.+)\.$", question)
        said = colour if options is None or colour in options[1].split(" | ") else "none"
        return json.dumps({"seen": True, "start": times_s[0], "end": times_s[-1], "answer": said})

    return Scripted(answer)


def cards(looks: Looks) -> Iterator[tuple[float, str]]:
    """The marks of looks in which a card is seen, with its colour."""
    for number, at_s in enumerate(looks.marks_s):
        for rgb_HWC in looks.rgb_THWC[2 * number : 2 * number + 2]:
            shares = {
                name: float(np.all(np.abs(rgb_HWC.astype(int) - rgb) < 40, axis=-1).mean())
                for name, rgb in COLOURS.items()
            }
            best = max(shares, key=lambda name: shares[name])
            if shares[best] > _SHARE:
                yield at_s, best
                break


class Tampered:
    """A model that is given something else than it should: a subclass says what of all its looks."""

    def __init__(self, vlm: Vlm) -> None:
        self._vlm = vlm
        self.model, self.fingerprint = vlm.model, vlm.fingerprint

    def watch(self, showing: Showing) -> AbstractContextManager[Viewing]:
        return self._watch(showing)

    @contextmanager
    def _watch(self, showing: Showing) -> Iterator[Viewing]:
        batches = list(showing.looks)
        whole = Looks(
            np.concatenate([one.rgb_THWC for one in batches]), np.concatenate([one.at_s_T for one in batches])
        )
        with self._vlm.watch(replace(showing, looks=[self.changed(whole)])) as viewing:
            yield viewing

    def changed(self, looks: Looks) -> Looks:
        raise NotImplementedError


class ShiftedClock(Tampered):
    """All times are late by a second and a half."""

    def changed(self, looks: Looks) -> Looks:
        return Looks(looks.rgb_THWC, looks.at_s_T + 1.5)


class DroppedSegment(Tampered):
    """The looks from 40 to 60 % of what is shown are missing."""

    def changed(self, looks: Looks) -> Looks:
        count = len(looks)
        keep = [k for k in range(count) if not 0.4 * count <= k < 0.6 * count]
        frames = [frame for k in keep for frame in (2 * k, 2 * k + 1)]
        return Looks(looks.rgb_THWC[frames], looks.at_s_T[frames])


class OffByOne(Tampered):
    """Pairs begin with the second frame of a look: each holds one frame of two looks."""

    def changed(self, looks: Looks) -> Looks:
        return Looks(looks.rgb_THWC[1:-1], looks.at_s_T[1:-1])
