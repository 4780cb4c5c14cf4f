"""A real Qwen3-VL, a million parameters of it, through the whole product: films in, answers out.

It was trained to see coloured cards (tests/models/needle_vlm/README.md). Nothing of the product knows that: the
films are encoded, probed, scanned, decoded, sampled, described, stored, searched and asked about as any recording
is. What is broken on purpose must show in the score.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from needle_films import COLOURS, SAMPLING, Film, make_film, seen_card
from real_server import serving
from small_models import NEEDLE

from videoindex.cli import parser
from videoindex.commands import run
from videoindex.media.decoders.pyav import PyavDecoder
from videoindex.media.probe import probe
from videoindex.perception.qwen import Qwen, QwenSettings
from videoindex.perception.vlm.base import Looks, Showing, Viewing, Vlm
from videoindex.perception.vlm.local import Local
from videoindex.perception.vlm.settings import LocalSettings, VlmSettings
from videoindex.types import Event, Scan, Segment

ROOT = Path(__file__).resolve().parent.parent.parent
LENGTHS = (4, 8, 12, 16)
EACH = 6
ENOUGH = 0.9
NO_SCAN = Scan(np.array([0.0]), np.zeros((1, 1, 1), np.uint8), (), ())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("films")


@pytest.fixture(scope="module")
def films(folder: Path) -> list[Film]:
    """Films of every length that the model was trained for, with one card each."""
    made = [make_film(folder, 100 * length + i, length) for length in LENGTHS for i in range(EACH)]
    return [replace(film, video=probe(film.video.path).video) for film in made]


@pytest.fixture(scope="module")
def vlm() -> Local:
    return Local(VlmSettings(model=str(NEEDLE), local=LocalSettings(device="cpu")))


def small(config: str) -> str:
    """A shipped configuration with the small model and looks of the size it knows."""
    text = (ROOT / "configs" / config).read_text()
    changes = {
        'model = "Qwen/Qwen3-VL-8B-Instruct"': f'model = "{NEEDLE}"',
        "max_pixels = 245760": f"max_pixels = {SAMPLING.max_pixels}\nmin_pixels = {SAMPLING.min_pixels}",
        "answer_tokens = 3072": "answer_tokens = 256",
        'observers = ["captions", "screen_text", "speech", "objects", "qwen"]': 'observers = ["qwen"]',
    }
    return changed(text, changes)


def changed(text: str, changes: Mapping[str, str]) -> str:
    for shipped, ours in changes.items():
        assert shipped in text, f"the configuration no longer says {shipped}"
        text = text.replace(shipped, ours)
    return text


@dataclass(frozen=True)
class Index:
    """A database and the configuration that filled it."""

    db: Path
    config: Path

    def add(self, films: Sequence[Film]) -> None:
        """``videoindex index`` as a user runs it, in a process of its own."""
        line = ["index", *(str(film.video.path) for film in films), *self._everywhere(), "--json"]
        indexed = subprocess.run(
            [sys.executable, "-c", f"from videoindex.cli import main; main({line!r})"],
            env={**os.environ, "PREFECT_HOME": str(self.db.with_name("prefect"))},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert indexed.returncode == 0, indexed.stderr

    def ask(self, question: str, film: Film) -> Any:
        line = ["ask", question, "--video", str(film.video.path), *self._everywhere()]
        return run(parser().parse_args(line)).document

    def finds_card(self, film: Film) -> bool:
        """Whether the first moment begins with the first look at the film's card."""
        ((colour, span),) = film.cards
        answer = self.ask(f"when is a {colour} card held up?", film)
        return answer["found"] and abs(answer["moments"][0]["start_s"] - span.start_s - 0.5) < 0.01

    def _everywhere(self) -> list[str]:
        return ["--db", str(self.db), "--config", str(self.config)]


@pytest.fixture(scope="module")
def index(folder: Path, films: list[Film]) -> Index:
    """What ``videoindex index --config configs/gpu.toml`` makes of the films with the small model."""
    (folder / "gpu.toml").write_text(small("gpu.toml"))
    made = Index(folder / "db", folder / "gpu.toml")
    made.add(films)
    return made


def test_cards_are_found_to_the_second(index: Index, films: list[Film]) -> None:
    found = [index.finds_card(film) for film in films]
    assert np.mean(found) >= ENOUGH, f"{sum(found)} of {len(found)}"


def test_cards_that_never_come_are_not_found(index: Index, films: list[Film]) -> None:
    answers = [index.ask(f"when is a {film.absent} card held up?", film) for film in films]
    assert np.mean([not answer["found"] for answer in answers]) >= ENOUGH
    assert all(answer["coverage"]["examined_s"] > 3 for answer in answers)


def test_a_real_server_runs_the_model_as_well(
    folder: Path, films: list[Film], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """``videoindex index --config configs/server.toml`` over HTTP, to a server of another maker."""
    some = [film for film in films if film.video.span.duration_s < 10]
    with serving(NEEDLE, tmp_path_factory.mktemp("hub")) as url:
        served = {'backend = "vllm"': 'backend = "openai"', "http://127.0.0.1:8000/v1": url}
        (folder / "server.toml").write_text(changed(small("server.toml"), served))
        index = Index(folder / "served", folder / "server.toml")
        index.add(some)
    found = [index.finds_card(film) for film in some]
    assert np.mean(found) >= ENOUGH, f"{sum(found)} of {len(found)}"


def described(
    vlm: Vlm, films: Sequence[Film], token_budget: int = SAMPLING.token_budget, drop: Sequence[int] = ()
) -> list[tuple[Event, ...]]:
    """What the describer writes down of each film; segments whose number is in ``drop`` are left out."""
    qwen = Qwen(QwenSettings(answer_tokens=256), replace(SAMPLING, token_budget=token_budget), vlm, PyavDecoder())
    found = []
    for film in films:
        segments = qwen.segments(film.video, NO_SCAN)
        observed = [qwen.observe(film.video, one) for n, one in enumerate(segments) if n not in drop]
        found.append(tuple(event for one in observed for event in one.events))
    return found


def score(films: Sequence[Film], seen: Sequence[Sequence[Event]]) -> float:
    """The share of films of which exactly the cards that were held up are told, each from its first look on."""
    right = [
        sorted((seen_card(event.text), event.span.start_s) for event in events)
        == sorted((colour, span.start_s + 0.5) for colour, span in film.cards)
        for film, events in zip(films, seen, strict=True)
    ]
    return float(np.mean(right))


def test_the_describer_is_right_and_every_sabotage_shows(vlm: Local, films: list[Film]) -> None:
    whole = score(films, described(vlm, films))
    assert whole >= ENOUGH
    assert score(films, described(Shifted(vlm, 1.0), films)) < 0.2
    assert score(films, described(Mixed(vlm), films)) < 0.4


def test_a_dropped_segment_shows(vlm: Local, films: list[Film]) -> None:
    """Sixteen looks in two segments: each half of the films has its card in one of them."""
    long = [film for film in films if film.video.span.duration_s > 14]
    half = SAMPLING.reserved_tokens + 2 + 8 * 16
    segments = Qwen(QwenSettings(), replace(SAMPLING, token_budget=half), vlm, PyavDecoder()).segments
    assert {len(segments(film.video, NO_SCAN)) for film in long} == {2}
    both = score(long, described(vlm, long, half))
    assert both >= 0.8
    without = [score(long, described(vlm, long, half, drop=[number])) for number in (0, 1)]
    assert sum(without) <= 1.0 + 1e-9
    assert min(without) < both


class Shifted:
    """A model that is told times which are all late by the same seconds."""

    def __init__(self, vlm: Vlm, by_s: float) -> None:
        self._vlm, self._by_s = vlm, by_s
        self.model, self.fingerprint = vlm.model, vlm.fingerprint

    def watch(self, showing: Showing) -> AbstractContextManager[Viewing]:
        late = (Looks(looks.rgb_THWC, looks.at_s_T + self._by_s) for looks in showing.looks)
        return self._vlm.watch(replace(showing, looks=late))


class Mixed:
    """A model that is shown the pictures of the recording before with the times of this one."""

    def __init__(self, vlm: Vlm) -> None:
        self._vlm = vlm
        self._before: np.ndarray | None = None
        self.model, self.fingerprint = vlm.model, vlm.fingerprint

    @contextmanager
    def watch(self, showing: Showing) -> Iterator[Viewing]:
        looks = list(showing.looks)
        rgb_THWC = np.concatenate([one.rgb_THWC for one in looks])
        at_s_T = np.concatenate([one.at_s_T for one in looks])
        other = rgb_THWC if self._before is None else np.resize(self._before, rgb_THWC.shape)
        self._before = rgb_THWC
        with self._vlm.watch(replace(showing, looks=[Looks(other, at_s_T)])) as viewing:
            yield viewing


def test_several_cards_are_told_apart(vlm: Local, folder: Path) -> None:
    made = [make_film(folder, 5_000 + i, 14, cards=2) for i in range(10)]
    seen = described(vlm, made)
    told = [
        (colour, span.start_s + 0.5) in {(seen_card(event.text), event.span.start_s) for event in events}
        for film, events in zip(made, seen, strict=True)
        for colour, span in film.cards
    ]
    assert np.mean(told) >= 0.8, f"{sum(told)} of {len(told)}"


def test_the_colours_are_those_that_the_model_was_trained_on() -> None:
    readme = (NEEDLE / "README.md").read_text()
    assert all(colour in readme for colour in COLOURS)


def test_segments_hold_a_whole_film(films: list[Film], vlm: Local) -> None:
    qwen = Qwen(QwenSettings(), SAMPLING, vlm, PyavDecoder())
    segments: list[list[Segment]] = [qwen.segments(film.video, NO_SCAN) for film in films]
    assert all(len(one) == 1 for one in segments)
    assert all(one[0].size_px == (96, 64) for one in segments)
