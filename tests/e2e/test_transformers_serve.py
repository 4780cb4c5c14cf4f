"""The server backend against a real server of another maker: ``transformers serve``, with a small random model.

The same weights, run in this process on what was sent, must say the same, word for word. Random weights say
something else for every other picture, marker or question: that is asserted too.
"""

from __future__ import annotations

import base64
import functools
import io
import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from real_server import serving
from small_models import NEEDLE, make, noise

from videoindex.errors import BackendError, TransientBackendError
from videoindex.perception.vlm.base import Form, Looks, Showing
from videoindex.perception.vlm.dialects import DIALECTS
from videoindex.perception.vlm.inputs import patchify
from videoindex.perception.vlm.server import Server, encode
from videoindex.perception.vlm.server_reach import reach
from videoindex.perception.vlm.settings import ServerSettings, VlmSettings
from videoindex.sampling.mrope import FrameSize, marker
from videoindex.types import Span

TESTS = Path(__file__).resolve().parent.parent
SIZE = FrameSize(128, 96)
FORM = Form(12)
QUESTIONS = ("When?", "Which colour has it?", "What happens from 20.0 to 60.0 seconds?")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights, with what a processor needs; pictures as small as ours are not enlarged."""
    folder = make(tmp_path_factory.mktemp("random"), "dense")
    shutil.copy(NEEDLE / "video_preprocessor_config.json", folder)
    config = json.loads((NEEDLE / "preprocessor_config.json").read_text())
    config["size"]["shortest_edge"] = 32 * 32
    (folder / "preprocessor_config.json").write_text(json.dumps(config))
    return folder


@pytest.fixture(scope="module")
def url(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(model, tmp_path_factory.mktemp("hub")) as url:
        yield url


def settings(model: Path, url: str, **changes: Any) -> VlmSettings:
    own = ServerSettings(url=url, concurrency=2, timeout_s=300.0, retries=0, jpeg_quality=95)
    return VlmSettings(backend="openai", model=str(model), server=replace(own, **changes))


def shows(looks: Looks, *, stills: bool = False) -> Showing:
    return Showing("noise.mp4", Span(0.0, 121.0), "Watch closely.", [looks], looks.marks_s, SIZE, stills)


@functools.cache
def stock(model: Path) -> tuple[Any, Any]:
    """The weights in this process, and their tokenizer."""
    import torch
    from transformers import AutoModelForImageTextToText, AutoTokenizer

    weights = AutoModelForImageTextToText.from_pretrained(model, dtype=torch.float32)
    return weights.eval(), AutoTokenizer.from_pretrained(model)


def said_here(model: Path, pictures: Sequence[NDArray[np.uint8]], markers: Sequence[str], question: str) -> str:
    """What the stock model says, greedily, for pictures behind markers: no processor, no server."""
    import torch

    weights, tokenizer = stock(model)
    picture = "<|vision_start|>" + "<|image_pad|>" * SIZE.cells + "<|vision_end|>"
    shown = "".join(text + picture for text in markers)
    prompt = (
        f"<|im_start|>system\nWatch closely.<|im_end|>\n<|im_start|>user\n{shown}{question}<|im_end|>\n"
        "<|im_start|>assistant\n"
    )
    ids = torch.tensor([tokenizer(prompt, add_special_tokens=False)["input_ids"]])
    rows = [patchify(torch.from_numpy(np.stack([one, one])), torch.float32) for one in pictures]
    with torch.inference_mode():
        out = weights.generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            mm_token_type_ids=(ids == weights.config.image_token_id).int(),
            pixel_values=torch.cat(rows),
            image_grid_thw=torch.tensor([[1, SIZE.height_px // 16, SIZE.width_px // 16]] * len(pictures)),
            max_new_tokens=FORM.max_tokens,
            do_sample=False,
        )
    return tokenizer.decode(out[0, ids.shape[1] :]).removesuffix("<|im_end|>").strip()


def sent(showing: Showing) -> list[NDArray[np.uint8]]:
    """The pictures as they leave for the server."""
    from PIL import Image

    encoded = encode(showing, DIALECTS["openai"], 95)
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(one)))) for one in encoded.pictures]


def test_the_served_model_says_what_the_same_weights_say_here(model: Path, url: str) -> None:
    looks = noise(4, SIZE)
    pictures, markers = sent(shows(looks)), [marker(mark_s) for mark_s in looks.marks_s]
    with Server(settings(model, url)).watch(shows(looks)) as viewing:
        replies = viewing.ask(QUESTIONS, FORM)
    here = [said_here(model, pictures, markers, question) for question in QUESTIONS]
    assert [reply.text for reply in replies] == here
    assert all(0 < reply.tokens <= FORM.max_tokens for reply in replies)
    assert [reply.is_cut for reply in replies] == [reply.tokens == FORM.max_tokens for reply in replies]
    swapped = said_here(model, [pictures[1], pictures[0], *pictures[2:]], markers, QUESTIONS[0])
    later = said_here(model, pictures, [*markers[:-1], "<119.9 seconds>"], QUESTIONS[0])
    assert len({*here, swapped, later}) == len(QUESTIONS) + 2, "the model does not look"


def test_stills_arrive_to_the_last_bit(model: Path, url: str) -> None:
    one = noise(1, SIZE, seed=3).rgb_THWC[:1]
    still = Looks(np.repeat(one, 2, axis=0), np.array([47.0, 47.0]))
    with Server(settings(model, url)).watch(shows(still, stills=True)) as viewing:
        reply = viewing.ask(["Read it."], FORM)[0]
    assert reply.text == said_here(model, list(one), ["<47.0 seconds>"], "Read it.")


def test_a_server_that_knows_no_schema_answers_all_the_same(model: Path, url: str) -> None:
    looks = noise(1, SIZE, seed=5)
    texts = []
    for schema in ("auto", "always"):
        with Server(settings(model, url, schema=schema)).watch(shows(looks)) as viewing:
            texts.append(viewing.ask(["When?"], Form(12, '{"type": "object"}'))[0].text)
    assert texts[0] == texts[1]


def test_another_model_than_the_one_it_serves_is_refused_in_its_own_words(model: Path, url: str) -> None:
    other = replace(settings(model, url), model="Qwen/Qwen3-VL-8B-Instruct")
    with (
        Server(other).watch(shows(noise(1, SIZE))) as viewing,
        pytest.raises(
            BackendError, match=r"noise\.mp4 .*status 400: \"Server is pinned to .*vlm\.model"
        ) as caught,
    ):
        viewing.ask(["When?"], FORM)
    assert not isinstance(caught.value, TransientBackendError)


def test_it_is_reached(model: Path, url: str) -> None:
    """It lists what the hub's cache holds, here nothing, and says neither version nor context."""
    reached = reach(settings(model, url))
    assert (reached.url, reached.models, reached.version, reached.context_tokens) == (url, (), "", None)
