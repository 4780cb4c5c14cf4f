"""Decodes in a child process with limits, and stops it when it hangs.

Recordings are untrusted and decoders are large C programs: a crash, a hang (dmlc/decord#363) or a memory bomb in
one of them must not take the index down. The child and its limits are in process.py, its side in child.py.
"""

from __future__ import annotations

import mmap
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from videoindex.errors import ConfigError
from videoindex.media.decoders.base import check_request, output_size
from videoindex.media.decoders.child import DecodeRequest
from videoindex.media.decoders.process import MEMORY_MIB, Child, Children, shared_children
from videoindex.types import Frames, Video

__all__ = ["GuardSettings", "Guarded"]

# Batches up to this size have two places in shared memory: one is filled while the other is looked at.
_DOUBLE_BYTES = 32 << 20


@dataclass(frozen=True, slots=True)
class GuardSettings:
    """``idle_s``: longest wait for the next batch; ``memory_mib``: address space of a child, 0 for no limit;
    ``cpu_s``: processor time for one call; ``keep``: children kept waiting between calls."""

    idle_s: float = 60.0
    memory_mib: int = MEMORY_MIB
    cpu_s: int = 36_000
    keep: int = 2

    def __post_init__(self) -> None:
        if self.idle_s <= 0:
            raise ConfigError(f"idle_s must be above 0, got {self.idle_s}")
        if self.memory_mib < 0 or 0 < self.memory_mib < 256:
            raise ConfigError(f"memory_mib must be 0 (no limit) or at least 256, got {self.memory_mib}")
        if self.cpu_s < 1:
            raise ConfigError(f"cpu_s must be at least 1, got {self.cpu_s}")
        if self.keep < 0:
            raise ConfigError(f"keep must be 0 or more, got {self.keep}")


class Guarded:
    """A Decoder that runs another one in a child process. Safe to use from several threads.

    ``factory`` is ``module:callable``, which makes the decoder to guard; ``name`` is what messages call it. With
    settings of its own it has children of its own, else it shares them with probing and its like.
    """

    def __init__(self, name: str, factory: str, settings: GuardSettings | None = None) -> None:
        self.name = name
        self._factory = factory
        self._settings = settings or GuardSettings()
        self._children = Children(settings.memory_mib, settings.keep) if settings else shared_children()

    def close(self) -> None:
        """Ends the children that wait for work."""
        self._children.close()

    def frames(
        self, video: Video, at_s_T: Sequence[float], size_px: tuple[int, int] = (0, 0), batch_frames: int = 8
    ) -> Iterator[Frames]:
        """See Decoder.frames. Also raises DecoderHungError after ``idle_s`` without a batch, and DecodeError when
        the decoder crashes; both name the file and the second."""
        check_request(video, at_s_T, size_px, batch_frames)
        width_px, height_px = output_size(video, size_px)
        slot_bytes = max(1, min(batch_frames, len(at_s_T)) * width_px * height_px * 3)
        return self._frames(
            DecodeRequest(
                factory=self._factory,
                video=video,
                at_s_T=tuple(float(at) for at in at_s_T),
                size_px=size_px,
                batch_frames=batch_frames,
                slot_bytes=slot_bytes,
                slots=2 if slot_bytes <= _DOUBLE_BYTES else 1,
                cpu_s=self._settings.cpu_s,
            )
        )

    def _frames(self, request: DecodeRequest) -> Iterator[Frames]:
        if not request.at_s_T:
            return
        with self._children.borrow() as child:
            yield from self._batches(child, request)

    def _batches(self, child: Child, request: DecodeRequest) -> Iterator[Frames]:
        size_bytes = request.slot_bytes * request.slots
        fd = child.shared_fd(size_bytes)
        child.tell(request.to_json())
        next_s, number = request.at_s_T[0], 0
        with mmap.mmap(fd, size_bytes) as shared:
            while True:
                where = f"{request.video.path} at {next_s:.2f} s"
                said = child.hear(f"decoder {self.name}", where, self._settings.idle_s)
                if "done" in said:
                    return
                frames = _copy(said, shared, number % request.slots * request.slot_bytes)
                number += 1
                yield frames
                given = bisect_right(request.at_s_T, float(frames.at_s_T[-1]))
                next_s = request.at_s_T[min(given, len(request.at_s_T) - 1)]
                child.tell("next")


def _copy(said: dict[str, object], shared: mmap.mmap, offset: int) -> Frames:
    """The batch a child announced, copied out of shared memory: the caller may keep it."""
    at_s_T = np.array(said["at_s_T"], dtype=np.float64)
    pts_s_T = np.array(said["pts_s_T"], dtype=np.float64)
    width_px, height_px = np.array(said["size_px"], dtype=np.int64).tolist()
    shape = (len(at_s_T), height_px, width_px, 3)
    pixels = np.frombuffer(shared, np.uint8, int(np.prod(shape)), offset)
    return Frames(pixels.reshape(shape).copy(), at_s_T, pts_s_T)
