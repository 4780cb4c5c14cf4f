"""A Qwen3-VL in this process: shown a segment once, asked about window after window of it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from videoindex.errors import BackendError
from videoindex.perception.vlm.base import Form, Reply, Showing
from videoindex.perception.vlm.decode import Choice, answer
from videoindex.perception.vlm.inputs import chat_frame
from videoindex.perception.vlm.loading import Loaded, load, weights_digest
from videoindex.perception.vlm.memory import Load, check_fits, free_bytes
from videoindex.perception.vlm.prefill import Read, prefix_tokens, read, slice_looks
from videoindex.perception.vlm.settings import VlmSettings

if TYPE_CHECKING:
    from videoindex.perception.vlm.memory import Memory

__all__ = ["Local"]

log = logging.getLogger(__name__)

# What questions and answers are planned to take of a row: longer ones are still answered, if there is room.
_PLANNED_QUESTION_TOKENS = 512
_PLANNED_ANSWER_TOKENS = 4_096


class Local:
    """A Vlm loaded by transformers. Cheap to make: the weights are loaded at the first showing.

    One showing at a time has the model; others wait for it.
    """

    def __init__(self, settings: VlmSettings) -> None:
        self._settings = settings
        self._loaded: Loaded | None = None
        self._in_use = threading.Lock()

    @property
    def model(self) -> str:
        return self._settings.model

    @property
    def fingerprint(self) -> str:
        """Model, revision or contents of its folder, precision, and how tokens are chosen; not where it runs."""
        settings, local = self._settings, self._settings.local
        weights = weights_digest(settings.model) or f"revision {local.revision or 'newest'}"
        drawn = f"temperature {settings.temperature} seed {settings.seed}" if settings.temperature else "likeliest"
        return f"local {settings.model} [{weights}] {local.dtype}{' 4 bit' if local.four_bit else ''} {drawn}"

    @contextmanager
    def watch(self, showing: Showing) -> Iterator[_Viewing]:
        """See Vlm.watch. Raises ConfigError, before anything is decoded, when the showing cannot fit in memory."""
        import torch

        with self._in_use:
            self._loaded = self._loaded or load(self._settings)
            memory = self.plan(self._loaded, showing)
            log.info("%s: %.2f GiB planned beside the weights", showing.name, memory.peak / 2**30)
            with _out_of_memory_named(showing), torch.inference_mode():
                seen = read(self._loaded, showing, self._settings.local.chunk_tokens)
            yield _Viewing(self._loaded, seen, self._settings, showing)

    def plan(self, loaded: Loaded, showing: Showing) -> Memory:
        """The memory that ``showing`` will take. Raises ConfigError when it is more than may be used."""
        local = self._settings.local
        tokens = prefix_tokens(chat_frame(loaded.tokenizer, showing.instructions), showing)
        run_as = Load(
            chunk_tokens=min(local.chunk_tokens, tokens),
            slice_cells=slice_looks(showing, local.chunk_tokens) * showing.size.cells,
            rows=local.batch_windows,
            question_tokens=_PLANNED_QUESTION_TOKENS,
            answer_tokens=_PLANNED_ANSWER_TOKENS,
            element_bytes=loaded.dtype.itemsize,
            vocabulary=loaded.spec.text.vocabulary,
        )
        available = free_bytes(loaded.device, local.memory_gib)
        return check_fits(loaded.spec, tokens, available, run_as, f"{showing.name} {showing.span}")


@dataclass(frozen=True, slots=True, eq=False)
class _Viewing:
    """A kept prefix and the model that read it."""

    loaded: Loaded
    read: Read
    settings: VlmSettings
    showing: Showing

    def ask(self, questions: Sequence[str], form: Form) -> list[Reply]:
        """Answers in batches of ``vlm.local.batch_windows``. The schema is not enforced: the caller parses."""
        import torch

        side_by_side = self.settings.local.batch_windows
        choice = Choice(self.settings.temperature, self.settings.seed)
        replies: list[Reply] = []
        with _out_of_memory_named(self.showing), torch.inference_mode():
            for start in range(0, len(questions), side_by_side):
                asked = questions[start : start + side_by_side]
                replies += answer(self.loaded, self.read, asked, form, choice)
        return replies


@contextmanager
def _out_of_memory_named(showing: Showing) -> Iterator[None]:
    import torch

    try:
        yield
    except torch.OutOfMemoryError as error:
        raise BackendError(
            f"{showing.name} {showing.span}: the GPU's memory ran out ({str(error).splitlines()[0][:200]}); lower "
            "sampling.token_budget, vlm.local.chunk_tokens or vlm.local.batch_windows"
        ) from error
