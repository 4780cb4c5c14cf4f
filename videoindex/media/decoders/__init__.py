"""One small protocol over several decoders."""

from __future__ import annotations

from videoindex.errors import ConfigError
from videoindex.media.decoders.base import Decoder
from videoindex.media.decoders.pyav import PyavDecoder

__all__ = ["Decoder", "open_decoder"]


def open_decoder(name: str = "pyav") -> Decoder:
    """The decoder called ``name``."""
    if name != "pyav":
        raise ConfigError(f"there is no decoder called {name!r}; choose from: pyav")
    return PyavDecoder()
