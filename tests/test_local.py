"""The local backend beyond what every Vlm promises: memory first, one at a time, several batches."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from small_models import NEEDLE, make, noise, showing

from videoindex.errors import BackendError, ConfigError
from videoindex.perception.vlm import local as local_module
from videoindex.perception.vlm.base import Form, Looks
from videoindex.perception.vlm.local import Local
from videoindex.perception.vlm.settings import LocalSettings, VlmSettings
from videoindex.sampling.mrope import FrameSize

SIZE = FrameSize(64, 64)


def local(model: Path = NEEDLE, **fields: object) -> Local:
    return Local(VlmSettings(model=str(model), local=LocalSettings(**{"device": "cpu", **fields})))


def test_what_cannot_fit_is_refused_before_anything_is_decoded() -> None:
    def never():
        pytest.fail("decoded")
        yield

    vlm = local(memory_gib=0.001)
    shown = replace(showing(noise(40, SIZE), SIZE), looks=never())
    with pytest.raises(ConfigError, match=r"noise\.mp4.*GiB"), vlm.watch(shown):
        pass


def test_more_windows_than_a_batch_are_answered_in_several() -> None:
    questions = [f"when, {i}?" for i in range(5)]
    replies = []
    for batch_windows in (2, 8):
        with local(batch_windows=batch_windows).watch(showing(noise(4, SIZE), SIZE)) as viewing:
            replies.append(viewing.ask(questions, Form(6)))
    assert replies[0] == replies[1]
    assert len(replies[0]) == 5


def test_a_second_showing_waits_for_the_first() -> None:
    vlm, order = local(), []
    entered, leave = threading.Event(), threading.Event()

    def first() -> None:
        with vlm.watch(showing(noise(2, SIZE), SIZE)):
            entered.set()
            leave.wait(30)
            order.append("first")

    def second() -> None:
        with vlm.watch(showing(noise(2, SIZE), SIZE)):
            order.append("second")

    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    threads[0].start()
    entered.wait(30)
    threads[1].start()
    threads[1].join(0.2)
    leave.set()
    for thread in threads:
        thread.join(60)
    assert order == ["first", "second"]


def test_a_showing_that_failed_leaves_the_model_free() -> None:
    def broken():
        raise RuntimeError("the decoder broke")
        yield

    vlm = local()
    shown = showing(noise(2, SIZE), SIZE)
    with pytest.raises(RuntimeError, match="the decoder broke"), vlm.watch(replace(shown, looks=broken())):
        pass
    with vlm.watch(showing(noise(2, SIZE), SIZE)) as viewing:
        assert len(viewing.ask(["?"], Form(2))) == 1


def test_a_full_gpu_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    monkeypatch.setattr(local_module, "read", full)
    with (
        pytest.raises(BackendError, match=r"ran out.*Tried to allocate.*token_budget"),
        local().watch(showing(noise(2, SIZE), SIZE)),
    ):
        pass


def test_nothing_that_could_be_decoded_is_no_error() -> None:
    nothing = replace(showing(noise(2, SIZE), SIZE), looks=iter(list[Looks]()))
    with local().watch(nothing) as viewing:
        assert viewing.ask([], Form(2)) == []


def test_the_fingerprint_follows_weights_precision_and_choice_but_not_the_machine(tmp_path: Path) -> None:
    other = make(tmp_path, "dense")
    same = [local(), local(chunk_tokens=7, batch_windows=1, memory_gib=3.0, attention="plain")]
    assert len({vlm.fingerprint for vlm in same}) == 1
    warm = Local(VlmSettings(model=str(NEEDLE), temperature=0.5, seed=1))
    seeded = Local(VlmSettings(model=str(NEEDLE), temperature=0.5, seed=2))
    different = [local(), local(other), local(dtype="bfloat16"), local(four_bit=True), warm, seeded]
    assert len({vlm.fingerprint for vlm in different}) == len(different)
