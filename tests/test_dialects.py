"""What each kind of server is sent, as data; tests/test_server.py sends it."""

from __future__ import annotations

import base64
import json
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import real_processor
from hypothesis import given
from hypothesis import strategies as st
from real_processor import Case
from small_models import NEEDLE, noise, showing

from videoindex.perception.qwen_prompt import SCHEMA
from videoindex.perception.vlm.base import Form, Looks
from videoindex.perception.vlm.dialects import DIALECTS, Encoded, floor_tokens, milliseconds, prefix
from videoindex.perception.vlm.server import encode
from videoindex.perception.vlm.settings import BACKENDS
from videoindex.sampling.mrope import FrameSize, marker

SIZE = FrameSize(96, 64)
FORM = Form(300, SCHEMA)
IMAGE_SERVERS = ("sglang", "llamacpp", "ollama", "openai")


def encoded(looks: int = 3, *, backend: str = "vllm", stills: bool = False) -> Encoded:
    pictures = ("QQ==", "Qg==") if backend == "vllm" and not stills else ("QQ==",)
    at_s = tuple(10.0 + 1.5 * i + 0.25 * j for i in range(looks) for j in range(len(pictures)))
    marks_s = tuple(10.0 + 1.5 * i + 0.125 * (len(pictures) - 1) for i in range(looks))
    media_type = "image/png" if stills else "image/jpeg"
    return Encoded("Watch.", pictures * looks, media_type, at_s, marks_s, SIZE, stills)


def test_every_backend_but_the_local_one_has_a_dialect() -> None:
    assert set(DIALECTS) == set(BACKENDS) - {"local"}


@pytest.mark.parametrize("backend", DIALECTS)
@pytest.mark.parametrize("stills", [False, True])
def test_instructions_come_first_and_the_question_last(backend: str, stills: bool) -> None:
    asked = prefix(DIALECTS[backend], encoded(backend=backend, stills=stills)).ask("When?", FORM)
    system, user = asked.messages
    assert system == {"role": "system", "content": "Watch."}
    assert user["role"] == "user"
    assert user["content"][-1] == {"type": "text", "text": "When?"}
    assert not any(part.get("text") == "When?" for part in user["content"][:-1])


@pytest.mark.parametrize("backend", DIALECTS)
def test_everything_before_the_question_is_the_same_for_all_questions(backend: str) -> None:
    same = prefix(DIALECTS[backend], encoded(backend=backend))
    texts = [json.dumps(same.ask(question, FORM).messages) for question in ("A?", "Something longer?")]
    heads = [text[: text.rindex('{"type": "text"')] for text in texts]
    assert heads[0] == heads[1]
    assert len(heads[0]) > 100


def test_vllm_is_sent_one_video_with_its_instants_and_the_size_it_has() -> None:
    asked = prefix(DIALECTS["vllm"], encoded(2)).ask("When?", FORM)
    assert asked.messages[1]["content"][:-1] == [
        {"type": "video_url", "video_url": {"url": "data:video/jpeg;base64,QQ==,Qg==,QQ==,Qg=="}}
    ]
    assert asked.extra == {
        "media_io_kwargs": {
            "video": {
                "fps": 1000,
                "frames_indices": [10_000, 10_250, 11_500, 11_750],
                "total_num_frames": 11_751,
                "duration": 11.751,
                "num_frames": -1,
                "do_sample_frames": False,
            }
        },
        "mm_processor_kwargs": {
            "size": {"shortest_edge": 4 * 96 * 64, "longest_edge": 4 * 96 * 64},
            "do_sample_frames": False,
        },
    }


@pytest.mark.parametrize("backend", IMAGE_SERVERS)
def test_image_servers_are_sent_a_marker_and_a_picture_for_each_look(backend: str) -> None:
    asked = prefix(DIALECTS[backend], encoded(2, backend=backend)).ask("When?", FORM)
    picture = {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,QQ=="}}
    assert asked.messages[1]["content"][:-1] == [
        {"type": "text", "text": "<10.0 seconds>"},
        picture,
        {"type": "text", "text": "<11.5 seconds>"},
        picture,
    ]
    assert asked.extra == {}


def test_stills_are_pictures_for_vllm_too_and_keep_their_size() -> None:
    asked = prefix(DIALECTS["vllm"], encoded(1, stills=True)).ask("Read it.", FORM)
    assert asked.messages[1]["content"][:-1] == [
        {"type": "text", "text": "<10.0 seconds>"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,QQ=="}},
    ]
    assert asked.extra == {"mm_processor_kwargs": {"size": {"shortest_edge": 6_144, "longest_edge": 6_144}}}


@pytest.mark.parametrize("backend", DIALECTS)
def test_a_schema_is_asked_for_where_the_server_can_hold_to_it(backend: str) -> None:
    same = prefix(DIALECTS[backend], encoded(backend=backend))
    assert same.ask("When?", Form(300)).response_format is None
    wanted = same.ask("When?", FORM).response_format
    if backend == "openai":
        assert wanted is None
    else:
        assert wanted == {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": json.loads(SCHEMA), "strict": True},
        }


def test_what_cannot_be_written_in_utf8_is_not_sent() -> None:
    asked = prefix(DIALECTS["openai"], encoded(backend="openai")).ask("You answered: \ud800", FORM)
    assert asked.messages[1]["content"][-1]["text"] == "You answered: ?"


def _pairs() -> st.SearchStrategy[tuple[float, float]]:
    """Two instants, close together or not; of every other pair the mean lies at the border of two tenths."""
    apart = st.floats(0, 2.5) | st.integers(0, 100).map(lambda hundredths: hundredths / 200)
    anywhere = st.floats(2.5, 90_000)
    border = st.tuples(st.integers(25, 900_000), st.floats(-6e-4, 6e-4)).map(lambda at: (at[0] + 0.5) / 10 + at[1])
    return st.tuples(anywhere | border, apart).map(lambda pair: (pair[0] - pair[1], pair[0] + pair[1]))


@given(st.lists(_pairs(), min_size=1, max_size=40))
def test_whole_milliseconds_give_the_markers_of_the_true_instants(pairs: list[tuple[float, float]]) -> None:
    at_s = [instant for pair in pairs for instant in pair]
    marks_s = [(first + second) / 2 for first, second in pairs]
    numbers = milliseconds(at_s, marks_s)
    made = [
        marker((first / 1000 + second / 1000) / 2)
        for first, second in zip(numbers[0::2], numbers[1::2], strict=True)
    ]
    assert made == [marker(mark_s) for mark_s in marks_s]
    assert max(abs(number / 1000 - instant) for number, instant in zip(numbers, at_s, strict=True)) < 0.0016


def test_two_frames_of_one_millisecond_are_still_two_frames() -> None:
    twice = Encoded("", ("QQ==",) * 4, "image/jpeg", (0.0,) * 4, (0.0, 0.0), SIZE, stills=False)
    video = prefix(DIALECTS["vllm"], twice).extra["media_io_kwargs"]["video"]
    assert video["frames_indices"] == [0, 0, 0, 0]
    assert video["total_num_frames"] == 4


def test_the_least_tokens_are_those_of_markers_and_cells() -> None:
    assert floor_tokens(encoded(2)) == 2 * (len("10.1") + 3 + 2 + 6)
    large = Encoded("", ("QQ==",), "image/png", (1.0,), (1.0,), FrameSize(3_840, 2_176), stills=True)
    assert floor_tokens(large) == len("1.0") + 3 + 2 + 2_048


def test_the_real_processor_writes_the_markers_that_the_looks_have(tmp_path: Path) -> None:
    """Instants of 29.97 and 23.976 pictures a second, an odd one that rounds badly, and two that are equal."""
    from transformers import AutoTokenizer

    at_s = sorted(
        [k * 1001 / 30_000 + hour for k, hour in ((3, 0), (4, 0), (900, 60), (903, 60), (1, 3_600), (2, 3_600))]
    )
    at_s += [4_000.049_6, 4_000.050_3, 5_000.5, 5_000.5]
    small = noise(len(at_s) // 2, SIZE)
    looks = Looks(small.rgb_THWC, np.array(at_s))
    sent = encode(showing(looks, SIZE), DIALECTS["vllm"], 90)
    numbers = prefix(DIALECTS["vllm"], sent).extra["media_io_kwargs"]["video"]["frames_indices"]
    case = Case(looks.rgb_THWC, tuple(numbers), "Watch.", "When?", 32 * 32, SIZE.cells * 32 * 32)
    made = real_processor.process(NEEDLE, [case], tmp_path)[0]
    text = AutoTokenizer.from_pretrained(NEEDLE).decode(made.input_ids)
    assert re.findall(r"<[\d.]+ seconds>", text) == [marker(mark_s) for mark_s in looks.marks_s]


def test_what_is_sent_is_encoded_once_in_order_and_of_each_look_what_is_needed() -> None:
    looks = noise(5, SIZE)
    for backend, per_look in (("vllm", 2), ("ollama", 1)):
        sent = encode(showing(looks, SIZE, batch=2), DIALECTS[backend], 90)
        assert len(sent.pictures) == 5 * per_look
        assert sent.at_s == tuple(looks.at_s_T[:: 2 // per_look].tolist())
        assert sent.marks_s == looks.marks_s
        assert all(base64.b64decode(picture, validate=True)[:2] == b"\xff\xd8" for picture in sent.pictures)
        assert all(first != second for first, second in pairwise(sent.pictures))
