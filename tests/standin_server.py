"""Stands in for vLLM, SGLang, llama.cpp, Ollama and a plain OpenAI-compatible server, over real HTTP on loopback.

Each refuses what the real one refuses, with its words, and reads a request as the real one does: which pictures
its model would see, behind which markers. What was read is kept in ``seen``, the bytes of every request in
``requests``. The rules are those of vLLM 0.33 (``VideoMediaIO``, ``Qwen3VLProcessingInfo``), Ollama's
``FromChatRequest`` and the documents of the others. ``failures`` are played first, one a request.
"""

from __future__ import annotations

import base64
import io
import json
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Failure = Callable[["Handler"], None]

# What each takes at the top of a request's body; vLLM, SGLang and llama.cpp let unknown fields pass unread, which
# is worse than refusing them: here none may be sent.
_COMMON = {"model", "messages", "max_tokens", "temperature", "seed"}
_FIELDS = {
    "vllm": _COMMON | {"response_format", "media_io_kwargs", "mm_processor_kwargs"},
    "sglang": _COMMON | {"response_format"},
    "llamacpp": _COMMON | {"response_format"},
    "ollama": _COMMON | {"response_format"},
    "openai": _COMMON,
}
_HEADERS = {
    *("host", "accept", "accept-encoding", "connection", "content-type", "content-length", "user-agent"),
    *("x-stainless-raw-response", "authorization"),
}
# The checkpoint's bounds for all pixels of a video together, and for a picture.
_VIDEO_SIZE = {"shortest_edge": 4_096, "longest_edge": 25_165_824}
_IMAGE_SIZE = {"shortest_edge": 65_536, "longest_edge": 16_777_216}


class RefusedError(Exception):
    """A request that the real server would not take."""

    def __init__(self, words: str, status: int = 400) -> None:
        super().__init__(words)
        self.status = status


@dataclass
class Seen:
    """What the model behind the server is shown: pictures behind each marker, before the question; ``raw`` is the
    request that it was read from."""

    instructions: str
    looks: list[tuple[str, list[NDArray[np.uint8]]]]
    question: str
    schema: dict[str, Any] | None
    raw: bytes


@dataclass
class StandIn:
    """A server of ``kind``. ``answer`` makes the answer's message of what was seen."""

    kind: str
    answer: Callable[[Seen], dict[str, Any]] = lambda seen: {"content": f"about {seen.question}"}
    finish_reason: str = "stop"
    model: str = "Qwen/Qwen3-VL-8B-Instruct"
    key: str = ""
    trusts_requests: bool = True
    takes_schemas: bool = False
    version: str = ""
    encoder_cache: int = 32_768
    prompt_tokens: int | None = None
    failures: list[Failure] = field(default_factory=list)
    meeting: threading.Barrier | None = None
    seen: list[Seen] = field(default_factory=list)
    requests: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    gets: list[str] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    under_way: int = 0
    most_under_way: int = 0

    def __post_init__(self) -> None:
        self.lock = threading.Lock()
        self.over = threading.Event()

    def __enter__(self) -> StandIn:
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"standin": self}))
        self.http.daemon_threads = True
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.http.shutdown()
        self.http.server_close()

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.http.server_address[1]}"

    @property
    def url(self) -> str:
        return f"{self.root}/v1"


class Handler(BaseHTTPRequestHandler):
    """One request; bodies of answers go out with their length, and the connection stays."""

    standin: StandIn
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Says nothing."""

    def give(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def do_GET(self) -> None:
        self.standin.gets.append(self.path)
        about = about_server(self.standin)
        if self.standin.key and self.headers.get("Authorization") != f"Bearer {self.standin.key}":
            self.give(401, {"error": {"message": f"no: {self.headers.get('Authorization')}"}})
        elif self.path in about:
            self.give(200, about[self.path])
        else:
            self.give(404, {"error": {"message": "Not Found"}})

    def do_POST(self) -> None:
        server = self.standin
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        with server.lock:
            server.requests.append(raw)
            server.headers.append(headers)
            server.under_way += 1
            server.most_under_way = max(server.most_under_way, server.under_way)
            server.steps.append("begins")
            failure = server.failures.pop(0) if server.failures else None
        if failure is not None:
            self.end()
            failure(self)
        else:
            self.answer(raw, headers)

    def answer(self, raw: bytes, headers: dict[str, str]) -> None:
        server = self.standin
        try:
            seen = read_request(server, self.path, raw, headers)
        except RefusedError as refusal:
            self.done(refusal.status, {"error": {"message": str(refusal), "code": refusal.status}})
            return
        if server.meeting is not None:
            server.meeting.wait(20)
        with server.lock:
            server.seen.append(seen)
        tokens = sum(picture_tokens(pictures) + len(marker) for marker, pictures in seen.looks) + 20
        self.done(
            200,
            {
                "id": "1",
                "object": "chat.completion",
                "model": server.model,
                "choices": [{"index": 0, "message": server.answer(seen), "finish_reason": server.finish_reason}],
                "usage": {"prompt_tokens": server.prompt_tokens or tokens, "completion_tokens": 7},
            },
        )

    def done(self, status: int, body: Any) -> None:
        self.end()
        self.give(status, body)

    def end(self) -> None:
        """Counts the request as ended, before its answer leaves: whoever has the answer may ask the next."""
        with self.standin.lock:
            self.standin.steps.append("ends")
            self.standin.under_way -= 1


def says(status: int, words: str, headers: dict[str, str] | None = None) -> Failure:
    """An error with the server's words."""
    return lambda handler: handler.give(status, {"error": {"message": words}}, headers)


def gives(body: bytes, status: int = 200) -> Failure:
    """A body of one's own."""
    return lambda handler: handler.give(status, body)


def resets(handler: Handler) -> None:
    """Breaks the connection off in the middle of the body, as a killed server does."""
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"choices": [')
    handler.wfile.flush()
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    handler.close_connection = True


def hangs(handler: Handler) -> None:
    """Says nothing until the test is over."""
    handler.standin.over.wait(60)
    handler.close_connection = True


def about_server(server: StandIn) -> dict[str, Any]:
    """What each kind answers to GET."""
    entry: dict[str, Any] = {"id": server.model, "object": "model"}
    if server.kind in ("vllm", "sglang"):
        entry["max_model_len"] = 65_536
    about: dict[str, Any] = {"/v1/models": {"object": "list", "data": [entry]}}
    if server.kind == "vllm":
        about["/version"] = {"version": server.version or "0.33.0"}
    if server.kind == "sglang":
        place = "/server_info" if server.version != "0.5.3" else "/get_server_info"
        about[place] = {"version": server.version or "0.5.23"}
    if server.kind == "llamacpp":
        about["/props"] = {"build_info": "b7000-abcdef0", "default_generation_settings": {"n_ctx": 32_768}}
    if server.kind == "ollama":
        about["/api/version"] = {"version": server.version or "0.14.1"}
        about["/api/ps"] = {"models": [{"name": server.model, "context_length": 4_096}] if server.seen else []}
    return about


def read_request(server: StandIn, path: str, raw: bytes, headers: dict[str, str]) -> Seen:
    """Checks a request down to its last field and reads it as the server would."""
    if path != "/v1/chat/completions":
        raise RefusedError("Not Found", 404)
    if server.key and headers.get("authorization") != f"Bearer {server.key}":
        raise RefusedError(f"Incorrect API key provided: {headers.get('authorization')}", 401)
    if not server.key and "authorization" in headers:
        raise RefusedError("a key was sent unasked")
    if unasked := set(headers) - _HEADERS:
        raise RefusedError(f"headers that nobody asked for: {sorted(unasked)}")
    body = json.loads(raw)
    known = _FIELDS[server.kind] | ({"response_format"} if server.takes_schemas else set())
    if unknown := set(body) - known:
        raise RefusedError(f"Unexpected fields in the request: {sorted(unknown)}", 422)
    if body["model"] != server.model:
        raise RefusedError(f"The model `{body['model']}` does not exist.", 404)
    if type(body["max_tokens"]) is not int or body["max_tokens"] < 1:
        raise RefusedError("max_tokens must be a positive integer")
    system, user = body["messages"]
    if system["role"] != "system" or user["role"] != "user" or not isinstance(system["content"], str):
        raise RefusedError("wanted a system text and a user's message")
    *shown, asked = user["content"]
    read = _vllm_looks if server.kind == "vllm" else _picture_looks
    return Seen(system["content"], read(server, shown, body), _text(asked), _schema(body), raw)


def _schema(body: dict[str, Any]) -> dict[str, Any] | None:
    wanted = body.get("response_format")
    if wanted is None:
        return None
    if wanted["type"] != "json_schema" or set(wanted["json_schema"]) != {"name", "schema", "strict"}:
        raise RefusedError(f"response_format {wanted} is not understood")
    schema: dict[str, Any] = wanted["json_schema"]["schema"]
    if schema.get("type") != "object":
        raise RefusedError("failed to parse grammar")
    return schema


def _vllm_looks(
    server: StandIn, shown: list[dict[str, Any]], body: dict[str, Any]
) -> list[tuple[str, list[NDArray[np.uint8]]]]:
    kwargs = {name: body[name] for name in ("media_io_kwargs", "mm_processor_kwargs") if name in body}
    if kwargs and not server.trusts_requests:
        raise RefusedError(
            f"Per-request {min(kwargs)} are disabled by default because they can change multimodal media loading "
            "resource usage. Start the server with --trust-request-mm-kwargs only when clients are trusted."
        )
    size = kwargs.get("mm_processor_kwargs", {}).get("size", {})
    if not (len(shown) == 1 and shown[0]["type"] == "video_url"):
        if "media_io_kwargs" in kwargs:
            raise RefusedError("there is no video to read so")
        return _resized(_picture_looks(server, shown, body), _IMAGE_SIZE | size, together=False)
    media_type, _, data = shown[0]["video_url"]["url"].partition(";base64,")
    if media_type != "data:video/jpeg":
        raise RefusedError(f"{media_type} is no sequence of JPEG pictures")
    video = kwargs.get("media_io_kwargs", {}).get("video", {})
    pictures = [_decoded(part, "JPEG") for part in _cut(data.split(","), video.get("num_frames", 32))]
    numbers = _frame_numbers(video, len(pictures))
    clock_hz = float(video.get("fps", 1))
    if video.get("do_sample_frames") or kwargs["mm_processor_kwargs"].get("do_sample_frames"):
        raise RefusedError("The timestamps length should be equal video length", 500)
    pairs = list(zip(numbers[0::2], numbers[1::2], strict=True))
    markers = [f"<{(first / clock_hz + second / clock_hz) / 2:.1f} seconds>" for first, second in pairs]
    looks = [(marker, pictures[2 * i : 2 * i + 2]) for i, marker in enumerate(markers)]
    cells = sum(picture_tokens(pair) - 2 for _, pair in looks)
    if cells > server.encoder_cache:
        raise RefusedError(
            f"The decoder prompt contains a(n) video item with {cells} embedding tokens, which exceeds the "
            f"pre-allocated encoder cache size {server.encoder_cache}. Please reduce the input size or increase "
            "the encoder cache size by setting --limit-mm-per-prompt at startup."
        )
    return _resized(looks, _VIDEO_SIZE | size, together=True)


def _cut(parts: list[str], num_frames: int) -> list[str]:
    if num_frames == 0:
        raise RefusedError("num_frames must be greater than 0 or -1")
    return parts[:num_frames] if num_frames > 0 else parts


def _frame_numbers(video: dict[str, Any], frames: int) -> list[int]:
    numbers = video.get("frames_indices", list(range(frames)))
    if not (isinstance(numbers, list) and all(type(number) is int for number in numbers)):
        raise RefusedError("frames_indices must be a list of integers")
    if len(numbers) != frames:
        raise RefusedError(f"frames_indices length ({len(numbers)}) must match number of frames sent ({frames})")
    total = video.get("total_num_frames", frames)
    if type(total) is not int or total < frames:
        raise RefusedError(f"total_num_frames ({total}) must be >= number of frames sent ({frames})")
    if not numbers[-1] < total or video["duration"] != total / video["fps"]:
        raise RefusedError("the frames lie outside the video")
    return numbers


def _resized(
    looks: list[tuple[str, list[NDArray[np.uint8]]]], size: dict[str, int], *, together: bool
) -> list[tuple[str, list[NDArray[np.uint8]]]]:
    """Refuses what the real processor would enlarge or make smaller: never wanted here."""
    pictures = [picture for _, several in looks for picture in several]
    for picture in pictures:
        pixels = picture.shape[0] * picture.shape[1] * (len(pictures) if together else 1)
        if not size["shortest_edge"] <= pixels <= size["longest_edge"]:
            raise RefusedError(f"{pixels} pixels would be resized to lie in {size}")
    return looks


def _picture_looks(
    server: StandIn, shown: list[dict[str, Any]], _: dict[str, Any]
) -> list[tuple[str, list[NDArray[np.uint8]]]]:
    looks = []
    for text, image in zip(shown[0::2], shown[1::2], strict=True):
        if image["type"] != "image_url" or set(image["image_url"]) != {"url"}:
            raise RefusedError(f"{image['type']} is no picture")
        media_type, _, data = image["image_url"]["url"].partition(";base64,")
        formats = {"data:image/jpeg": "JPEG", "data:image/png": "PNG"}
        if media_type not in formats:
            raise RefusedError("invalid image input")
        looks.append((_text(text), [_decoded(data, formats[media_type])]))
    return looks


def _text(part: dict[str, Any]) -> str:
    if set(part) != {"type", "text"} or part["type"] != "text":
        raise RefusedError("wanted a text")
    text: str = part["text"]
    return text


def _decoded(data: str, wanted: str) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(base64.b64decode(data, validate=True))) as picture:
        if picture.format != wanted:
            raise RefusedError(f"said to be {wanted}, is {picture.format}")
        return np.asarray(picture.convert("RGB"))


def picture_tokens(pictures: list[NDArray[np.uint8]]) -> int:
    """Cells of a look, with its start and end."""
    return pictures[0].shape[0] // 32 * (pictures[0].shape[1] // 32) + 2
