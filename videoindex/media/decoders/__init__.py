"""One small protocol over several decoders, each run in a guarded child process."""

from __future__ import annotations

from videoindex.errors import ConfigError
from videoindex.media.decoders.base import Decoder
from videoindex.media.decoders.guard import Guarded, GuardSettings

__all__ = ["DECODERS", "Decoder", "GuardSettings", "open_decoder"]

DECODERS = {
    "pyav": "videoindex.media.decoders.pyav:PyavDecoder",
    "decord": "videoindex.media.decoders.decord:DecordDecoder",
    "torchcodec": "videoindex.media.decoders.torchcodec:TorchcodecDecoder",
}


def open_decoder(name: str = "pyav", guard: GuardSettings | None = None) -> Guarded:
    """The decoder called ``name``, in a child process that is stopped when it hangs (see guard.py).

    The child starts with the first call to ``frames`` and is kept for the next.

    Raises:
        ConfigError: no decoder has that name.
    """
    if name not in DECODERS:
        raise ConfigError(f"there is no decoder called {name!r}; choose from: {', '.join(DECODERS)}")
    return Guarded(name, DECODERS[name], guard)
