"""The dials of looking: how often, how large, how much in one go. Pure data."""

from __future__ import annotations

import math
from dataclasses import dataclass

from videoindex.errors import ConfigError
from videoindex.sampling.mrope import CELL_PX, CONTEXT_POSITIONS

__all__ = ["SamplingSettings"]


@dataclass(frozen=True, slots=True)
class SamplingSettings:
    """How a video is looked at by a Qwen3-VL model.

    A *look* is a pair of frames, one temporal patch of the model: ``2 * rate_hz`` frames are decoded a second.
    """

    # Looks a second.
    rate_hz: float = 1.0
    # Distance of the two frames of a look; half a look's interval at most is used.
    pair_gap_s: float = 0.1
    # Drop looks at which nothing changed since the last kept one (takes a scan; a plan without one keeps all).
    adaptive: bool = True
    # The picture has changed when this share of any block's pixels has, in (0, 1].
    changed_share: float = 0.05
    # However still the picture, never leave a longer time than this between two looks.
    heartbeat_s: float = 10.0
    # Floor and cap of a frame's area after resizing. The cap is 240 cells, 640 x 384 px for a 16 : 9 picture.
    min_pixels: int = 16 * CELL_PX * CELL_PX
    max_pixels: int = 240 * CELL_PX * CELL_PX
    # Tokens of one segment's prompt. Attention grows with its square: 32-64 thousand for describing hours,
    # 256 thousand for questions about things that lie minutes apart.
    token_budget: int = 32_768
    # Positions of one segment's prompt; above 262,144 YaRN comes in.
    position_budget: int = CONTEXT_POSITIONS
    # Of both budgets, what is kept for instructions and answer.
    reserved_tokens: int = 4_096

    def __post_init__(self) -> None:
        for name in ("rate_hz", "pair_gap_s", "heartbeat_s"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0.0):
                raise ConfigError(f"sampling.{name} must be a positive number, got {value}")
        if not 0.0 < self.changed_share <= 1.0:
            raise ConfigError(f"sampling.changed_share must lie in (0, 1], got {self.changed_share}")
        if self.heartbeat_s < self.interval_s:
            raise ConfigError(
                f"sampling.heartbeat_s ({self.heartbeat_s}) is shorter than the time between two looks "
                f"({self.interval_s:g} s at sampling.rate_hz {self.rate_hz}); raise one of them"
            )
        if not CELL_PX * CELL_PX <= self.min_pixels <= self.max_pixels:
            raise ConfigError(
                f"sampling.min_pixels ({self.min_pixels}) must be at least {CELL_PX * CELL_PX} (one cell) "
                f"and at most sampling.max_pixels ({self.max_pixels})"
            )
        if not 0 <= self.reserved_tokens < min(self.token_budget, self.position_budget):
            raise ConfigError(
                f"sampling.reserved_tokens ({self.reserved_tokens}) must be from 0 on, and less than "
                f"token_budget ({self.token_budget}) and position_budget ({self.position_budget})"
            )

    @property
    def interval_s(self) -> float:
        """Time between two looks of the uniform grid."""
        return 1.0 / self.rate_hz
