"""How closely questions are answered by looking again, and what that may cost. Pure data."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from videoindex.errors import ConfigError
from videoindex.sampling.mrope import CELL_PX

__all__ = ["AgentSettings", "SecondLookSettings", "StateSettings"]


@dataclass(frozen=True, slots=True)
class StateSettings:
    """How the instant of a change is closed in on: pictures spread over the recording, then bisection."""

    # Pictures spread evenly over the recording first: what changes back between two of them is missed.
    grid: int = 17
    # A change is closed in on until it lies between two pictures this close together.
    precision_s: float = 0.5
    # The most pictures of one recording that are shown, those that cannot be decoded included.
    pictures: int = 64
    # Cap of a picture's area once resized: 1,024 cells of 32 x 32 px, about a megapixel.
    max_pixels: int = 1_024 * CELL_PX * CELL_PX

    def __post_init__(self) -> None:
        if self.grid < 2:
            raise ConfigError(f"look.state.grid must be 2 or more, got {self.grid}")
        if not (math.isfinite(self.precision_s) and self.precision_s >= 0.04):
            raise ConfigError(f"look.state.precision_s must be 0.04 or more, got {self.precision_s}")
        if self.pictures < self.grid:
            raise ConfigError(
                f"look.state.pictures ({self.pictures}) must be at least look.state.grid ({self.grid})"
            )
        _check_pixels("look.state.max_pixels", self.max_pixels)


@dataclass(frozen=True, slots=True)
class AgentSettings:
    """How far a model may go by itself that searches, looks and reads until it can answer."""

    # The most steps: searches, looks, readings and the answer.
    steps: int = 12
    # The most events that one search shows it.
    results: int = 8
    # The longest span that one look may ask for.
    longest_look_s: float = 120.0
    # What all steps together may take: text is counted as a token for each 3 bytes.
    token_budget: int = 262_144
    # How long all steps together may take, in seconds: no step is begun that would end later, by the pace so far.
    seconds: float = 300.0

    def __post_init__(self) -> None:
        for name in ("steps", "results", "token_budget"):
            if getattr(self, name) < 1:
                raise ConfigError(f"look.agent.{name} must be 1 or more, got {getattr(self, name)}")
        for name in ("longest_look_s", "seconds"):
            _check_positive(f"look.agent.{name}", getattr(self, name))


@dataclass(frozen=True, slots=True)
class SecondLookSettings:
    """How the best moments of a search are looked at again, and what that may cost."""

    # The most moments of one question that are looked at again.
    windows: int = 5
    # A moment is shown with this much before and after it, in seconds.
    widen_s: float = 10.0
    # Looks a second (two pictures each); fewer where a window would not fit window_tokens.
    rate_hz: float = 2.0
    # Floor and cap of a picture's area once resized. The cap is 240 cells, 640 x 384 px for a 16 : 9 picture.
    min_pixels: int = 16 * CELL_PX * CELL_PX
    max_pixels: int = 240 * CELL_PX * CELL_PX
    # What the pictures of one window may take.
    window_tokens: int = 16_384
    # What all windows of one question may take together: pictures, instructions and answers.
    token_budget: int = 98_304
    # How long all windows together may take, in seconds: none is begun that would end later, by the pace so far.
    seconds: float = 120.0
    # The longest answer, thinking included: a Thinking model wants 8,000 and more.
    answer_tokens: int = 1_024
    state: StateSettings = field(default_factory=StateSettings)
    agent: AgentSettings = field(default_factory=AgentSettings)

    def __post_init__(self) -> None:
        for name in ("windows", "window_tokens", "token_budget"):
            if getattr(self, name) < 1:
                raise ConfigError(f"look.{name} must be 1 or more, got {getattr(self, name)}")
        for name in ("rate_hz", "seconds"):
            _check_positive(f"look.{name}", getattr(self, name))
        if not (math.isfinite(self.widen_s) and self.widen_s >= 0):
            raise ConfigError(f"look.widen_s must be 0 or more, got {self.widen_s}")
        if self.answer_tokens < 64:
            raise ConfigError(f"look.answer_tokens must be 64 or more, got {self.answer_tokens}")
        _check_pixels("look.max_pixels", self.max_pixels)
        if not CELL_PX * CELL_PX <= self.min_pixels <= self.max_pixels:
            raise ConfigError(
                f"look.min_pixels ({self.min_pixels}) must be at least {CELL_PX * CELL_PX} (one cell) and at most "
                f"look.max_pixels ({self.max_pixels})"
            )


def _check_positive(name: str, value: float) -> None:
    if not (math.isfinite(value) and value > 0):
        raise ConfigError(f"{name} must be a positive number, got {value}")


def _check_pixels(name: str, value: int) -> None:
    if value < CELL_PX * CELL_PX:
        raise ConfigError(f"{name} must be at least {CELL_PX * CELL_PX} (one cell), got {value}")
