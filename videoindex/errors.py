"""One error tree. Every message names the file, the second or the value, and the next step.

VideoIndexError
├── UsageError            the request cannot be right: a flag, a setting, a time        (exit 2)
│   └── ConfigError       a setting that is unknown, of the wrong type, or out of range
├── MediaError            a file that cannot be used
│   ├── NotAVideoError    missing, empty, a still image, not a media file
│   ├── DecodeError       damaged so that nothing (or not the wanted instant) could be decoded
│   └── DecoderHungError  a decoder that gave no frame in time and was stopped
├── BackendError          a model, weight or server that is missing or failed
│   ├── MissingDependencyError   a package or weight to install; carries the command
│   └── TransientBackendError    a fault that a retry may mend
└── IndexStoreError       the index cannot be read or written as asked
    └── IndexBusyError    another process is writing to it
"""

from __future__ import annotations

__all__ = [
    "BackendError",
    "ConfigError",
    "DecodeError",
    "DecoderHungError",
    "IndexBusyError",
    "IndexStoreError",
    "MediaError",
    "MissingDependencyError",
    "NotAVideoError",
    "TransientBackendError",
    "UsageError",
    "VideoIndexError",
]


class VideoIndexError(Exception):
    """The root of every error that videoindex raises on purpose; its text is fit for a user."""


class UsageError(VideoIndexError):
    """The request cannot be right: a flag, a setting, a time."""


class ConfigError(UsageError):
    """A setting that is unknown, of the wrong type, or out of range."""


class MediaError(VideoIndexError):
    """A file that cannot be used."""


class NotAVideoError(MediaError):
    """The file is missing, empty, a still image, or not a media file."""


class DecodeError(MediaError):
    """The file is damaged so that nothing, or not the wanted instant, could be decoded."""


class DecoderHungError(MediaError):
    """A decoder gave no frame in time and was stopped."""


class BackendError(VideoIndexError):
    """A model, weight or server that is missing or failed."""


class MissingDependencyError(BackendError):
    """A package or weight is missing; the message carries the command that installs it."""


class TransientBackendError(BackendError):
    """A fault that a retry may mend."""


class IndexStoreError(VideoIndexError):
    """The index cannot be read or written as asked."""


class IndexBusyError(IndexStoreError):
    """Another process is writing to the index."""
