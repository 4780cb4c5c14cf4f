"""A vision-language model behind an OpenAI-compatible server.

The pictures are encoded once and sent with every question, in front of it and always the same, so that the server
reads them once and finds them in its prefix cache for the questions that follow.
"""

from __future__ import annotations

import base64
import io
import logging
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from videoindex.clock import format_span
from videoindex.errors import BackendError, ConfigError, TransientBackendError
from videoindex.perception.vlm.base import Form, Reply, Showing
from videoindex.perception.vlm.dialects import (
    DIALECT_VERSION,
    DIALECTS,
    Dialect,
    Encoded,
    Prefix,
    Request,
    dialect_of,
    floor_tokens,
    prefix,
)
from videoindex.perception.vlm.server_client import connect, key_of
from videoindex.perception.vlm.server_faults import Fault, context_flag, explain, fault_of, pause_s, quoted
from videoindex.perception.vlm.server_reach import Reached, reach, refuse_deaf_to_times
from videoindex.perception.vlm.server_replies import Answered, OddAnswerError, read_answer
from videoindex.perception.vlm.settings import VlmSettings
from videoindex.sampling.mrope import PATCH_FRAMES

if TYPE_CHECKING:
    import openai

__all__ = ["Reached", "Server", "encode", "reach"]

log = logging.getLogger(__name__)

T = TypeVar("T")
R = TypeVar("R")

# Stills are to be read: nothing of them is lost, and little time spent on making them small.
_PNG_EFFORT = 1


class Server:
    """A Vlm over HTTP. Cheap to make: it connects at the first showing.

    At most ``vlm.server.concurrency`` requests are under way at once, whatever the number of showings.
    """

    def __init__(self, settings: VlmSettings) -> None:
        if settings.backend not in DIALECTS:
            raise ConfigError(f"vlm.backend {settings.backend!r} is no server; servers are {', '.join(DIALECTS)}")
        self._settings = settings
        self._dialect = dialect_of(settings.backend, settings.server.schema)
        self._slots = threading.BoundedSemaphore(settings.server.concurrency)
        self._making = threading.Lock()
        self._client: openai.OpenAI | None = None

    @property
    def model(self) -> str:
        return self._settings.model

    @property
    def fingerprint(self) -> str:
        """Kind of server, model, how tokens are chosen and pictures encoded; not where the server is."""
        settings = self._settings
        drawn = f"temperature {settings.temperature} seed {settings.seed}" if settings.temperature else "likeliest"
        held = "schema" if self._dialect.schema else "free"
        return (
            f"server {settings.backend} {settings.model} {drawn} {held} jpeg {settings.server.jpeg_quality} "
            f"dialect {DIALECT_VERSION}"
        )

    @contextmanager
    def watch(self, showing: Showing) -> Iterator[_Viewing]:
        """See Vlm.watch. Whether the pictures fit is for the server to say, when it is asked."""
        client, dialect = self._connected(), self._dialect
        encoded = encode(showing, dialect, self._settings.server.jpeg_quality)
        shown = f"{showing.name} {format_span(showing.span.start_s, showing.span.end_s)}"
        line = _Line(self._settings, client, self._slots, shown)
        least = floor_tokens(encoded) if dialect.counts_cells else 0
        try:
            yield _Viewing(line, prefix(dialect, encoded), len(encoded.marks_s), least)
        finally:
            line.hung_up.set()

    def _connected(self) -> openai.OpenAI:
        """The one client of this Server, made at its first use."""
        with self._making:
            if self._client is None:
                refuse_deaf_to_times(self._settings)
                self._client = connect(self._settings.server, self._settings.server.timeout_s)
            return self._client


@dataclass(eq=False)
class _Viewing:
    """Pictures that are sent with every question; ``is_warm`` once the server has read them."""

    line: _Line
    prefix: Prefix
    looks: int
    least_tokens: int
    is_warm: bool = False

    def ask(self, questions: Sequence[str], form: Form) -> list[Reply]:
        """Asks the first question by itself, so that the others find the pictures in the server's cache."""
        if questions and not self.looks:
            raise BackendError(f"{self.line.shown}: there are no pictures to ask about: none could be decoded")
        alone = 0 if self.is_warm else 1
        replies = [self._one(question, form) for question in questions[:alone]]
        self.is_warm = self.is_warm or bool(replies)
        side_by_side = self.line.settings.server.concurrency
        return replies + _in_parallel(lambda question: self._one(question, form), questions[alone:], side_by_side)

    def _one(self, question: str, form: Form) -> Reply:
        answered = self.line.send(self.prefix.ask(question, form), form.max_tokens)
        if 0 < answered.prompt_tokens < self.least_tokens:
            raise BackendError(
                f"{self.line.settings.server.url} about {self.line.shown}: the server read "
                f"{answered.prompt_tokens:,} tokens where the pictures alone take {self.least_tokens:,}: it left "
                "some out or made them smaller; give it a larger context"
                f"{context_flag(self.line.settings)}, or lower sampling.token_budget or sampling.max_pixels"
            )
        return answered.reply


@dataclass(frozen=True, slots=True, eq=False)
class _Line:
    """The way to the server for one showing; once ``hung_up``, nothing is tried again."""

    settings: VlmSettings
    client: openai.OpenAI
    slots: threading.BoundedSemaphore
    shown: str
    hung_up: threading.Event = field(default_factory=threading.Event)

    def send(self, request: Request, max_tokens: int) -> Answered:
        """The answer, tried again after faults of transport. Raises BackendError, TransientBackendError."""
        server, key = self.settings.server, key_of(self.settings.server)
        tries = 0
        while True:
            answer = self._try(request, max_tokens)
            if isinstance(answer, Answered):
                return answer
            tries += 1
            is_last = tries > server.retries or (answer.wait_s or 0.0) > server.timeout_s
            if not answer.is_transient or is_last:
                break
            wait_s = pause_s(tries, answer)
            log.info("%s about %s: %s; again in %.1f s", server.url, self.shown, quoted(answer, key), wait_s)
            if self.hung_up.wait(wait_s):
                break
        models = self._models() if answer.kind == "absent" else ()
        message = explain(self.settings, self.shown, answer, key, models)
        if answer.is_transient:
            raise TransientBackendError(f"{message} (tried {tries} times)")
        raise BackendError(message)

    def _try(self, request: Request, max_tokens: int) -> Answered | Fault:
        import openai

        settings = self.settings
        messages: Any = request.messages
        response_format: Any = openai.omit if request.response_format is None else request.response_format
        try:
            with self.slots:
                raw = self.client.chat.completions.with_raw_response.create(
                    model=settings.model,
                    messages=messages,
                    max_tokens=max_tokens,
                    temperature=settings.temperature,
                    seed=settings.seed if settings.temperature else openai.omit,
                    response_format=response_format,
                    extra_body=request.extra or None,
                )
            return read_answer(raw.text, thinks="thinking" in settings.model.lower())
        except openai.OpenAIError as error:
            return fault_of(error, settings.server.timeout_s)
        except OddAnswerError as error:
            return Fault(str(error), 200)

    def _models(self) -> tuple[str, ...]:
        try:
            return reach(self.settings).models
        except BackendError:
            return ()


def encode(showing: Showing, dialect: Dialect, jpeg_quality: int) -> Encoded:
    """Consumes the looks of ``showing``: JPEG, of stills PNG, in base64; as many of each look as are sent."""
    per_look = dialect.frames_per_look(stills=showing.stills)
    pictures: list[str] = []
    at_s: list[float] = []
    marks_s: list[float] = []
    for looks in showing.looks:
        step = PATCH_FRAMES // per_look
        pictures += [_picture(rgb_HWC, showing.stills, jpeg_quality) for rgb_HWC in looks.rgb_THWC[::step]]
        at_s += looks.at_s_T[::step].tolist()
        marks_s += looks.marks_s
    media_type = "image/png" if showing.stills else "image/jpeg"
    return Encoded(
        showing.instructions,
        tuple(pictures),
        media_type,
        tuple(at_s),
        tuple(marks_s),
        showing.size,
        showing.stills,
    )


def _picture(rgb_HWC: NDArray[np.uint8], is_still: bool, jpeg_quality: int) -> str:
    from PIL import Image

    written = io.BytesIO()
    if is_still:
        Image.fromarray(rgb_HWC).save(written, "PNG", compress_level=_PNG_EFFORT)
    else:
        Image.fromarray(rgb_HWC).save(written, "JPEG", quality=jpeg_quality)
    return base64.b64encode(written.getvalue()).decode("ascii")


def _in_parallel(work: Callable[[T], R], items: Sequence[T], side_by_side: int) -> list[R]:
    """``work`` on each item, in threads that hold up neither an interrupt nor the end of the process.

    The first error is raised at once; no further item is then begun.
    """
    todo = queue.SimpleQueue[tuple[int, T]]()
    done = queue.SimpleQueue[tuple[int, R | Exception]]()
    over = threading.Event()
    for numbered in enumerate(items):
        todo.put(numbered)

    def labour() -> None:
        while not over.is_set():
            try:
                number, item = todo.get_nowait()
            except queue.Empty:
                return
            try:
                done.put((number, work(item)))
            except Exception as error:
                done.put((number, error))

    for _ in range(min(side_by_side, len(items))):
        threading.Thread(target=labour, daemon=True, name="vlm-server").start()
    results: dict[int, R] = {}
    try:
        while len(results) < len(items):
            number, outcome = done.get()
            if isinstance(outcome, Exception):
                raise outcome
            results[number] = outcome
    finally:
        over.set()
    return [results[number] for number in range(len(items))]
