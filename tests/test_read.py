"""What is asked of ``read`` is checked before anything is opened; its commands and documents are as described."""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import slides
from hypothesis import given
from hypothesis import strategies as st
from planted import write_sound

from videoindex import commands, config
from videoindex.cli import main, parser
from videoindex.commands import Result, run
from videoindex.errors import DecodeError, UsageError
from videoindex.media.decoders.pyav import PyavDecoder
from videoindex.media.probe import probe
from videoindex.perception.ocr import TextReader
from videoindex.perception.vlm.base import Vlm
from videoindex.perception.vlm.scripted import Scripted
from videoindex.query.read import (
    Readers,
    ReadSettings,
    Time,
    Wish,
    instants,
    require_picture,
    shown_box,
    span_between,
)
from videoindex.query.read_schema import at_pointer, fault_in, load_schema
from videoindex.types import Span, Video

DOCS = Path(__file__).resolve().parent.parent / "docs" / "reading.md"
TEN = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
INSTANT_KEYS = {"path", "video_id", "width_px", "height_px", "reader", "instants", "notes"}
STEPS_KEYS = {"path", "video_id", "width_px", "height_px", "reader", "start_s", "end_s", "steps", "gaps", "notes"}


def video(wide: int = 1280, high: int = 720, recorded_at: datetime | None = None) -> Video:
    return Video("v1", Path("/films/a.mp4"), Span(5.0, 15.0), wide, high, 25.0, False, recorded_at)


def blocks() -> list[Any]:
    return [json.loads(block) for block in re.findall(r"```json\n(.*?)```", DOCS.read_text(), re.DOTALL)]


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        ({}, "say what to read: --at T for an instant, or --steps"),
        ({"is_steps": True, "at": (1.0,)}, "--steps reads a span"),
        ({"is_steps": True, "prompt": "what?"}, "--steps reads a span"),
        ({"at": (1.0,), "start": 0.0}, "--start, --end and --rate are of --steps"),
        ({"at": (1.0,), "end": 0.0}, "--start, --end and --rate are of --steps"),
        ({"at": (1.0,), "rate_hz": 1.0}, "--start, --end and --rate are of --steps"),
    ],
)
def test_a_wish_whose_parts_do_not_go_together_is_refused(wish: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        Wish(**wish)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"min_pixels": 1023}, r"--min-pixels \(1023\) must be at least 1024"),
        ({"min_pixels": 5000, "max_pixels": 4000}, r"at most --max-pixels \(4000\)"),
        ({"rate_hz": 0.0}, "--rate must lie above 0"),
        ({"rate_hz": math.nan}, "--rate must lie above 0"),
        ({"rate_hz": 31.0}, "at most 30 looks a second"),
        ({"answer_tokens": 0}, "answer_tokens must be 1 or more"),
    ],
)
def test_settings_out_of_range_name_their_flag(values: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        ReadSettings(**values)


def test_a_bound_given_alone_moves_the_other_out_of_its_way() -> None:
    wish = Wish(at=(1.0,))
    low = ReadSettings.of(wish, max_pixels=100_000)
    assert (low.min_pixels, low.max_pixels) == (100_000, 100_000)
    high = ReadSettings.of(wish, min_pixels=20_000_000)
    assert (high.min_pixels, high.max_pixels) == (20_000_000, 20_000_000)
    both = ReadSettings.of(Wish(is_steps=True, rate_hz=3.0), 2_000, 30_000, 77)
    assert (both.min_pixels, both.max_pixels, both.answer_tokens, both.rate_hz) == (2_000, 30_000, 77, 3.0)
    assert ReadSettings.of(wish) == ReadSettings()


@given(st.integers(64, 5000), st.integers(64, 3000))
def test_no_picture_is_shown_smaller_than_it_is_unless_the_cap_says_so(wide: int, high: int) -> None:
    size = ReadSettings().shown_px(video(wide, high))
    if 1.05 * (wide + 32) * (high + 32) <= ReadSettings().max_pixels:
        assert size.width_px >= wide
        assert size.height_px >= high
    assert size.cells <= 16_384


def test_the_sizes_shown_are_those_of_the_page() -> None:
    sizes = [ReadSettings().shown_px(video(*px)) for px in ((1280, 720), (3840, 2160))]
    assert [(s.width_px, s.height_px, s.cells) for s in sizes] == [(1280, 736, 920), (3840, 2176, 8160)]
    small = ReadSettings().shown_px(video(320, 180))
    assert small.cells >= 256
    capped = ReadSettings(max_pixels=300_000).shown_px(video())
    assert capped.width_px * capped.height_px <= 300_000


def test_characters_are_recognised_at_the_pictures_own_size_between_the_bounds() -> None:
    assert ReadSettings().searched_px(video()) == (0, 0)
    wide, high = ReadSettings().searched_px(video(320, 180))
    assert wide * high == pytest.approx(256 * 1024, rel=0.01)
    assert wide / high == pytest.approx(16 / 9, rel=0.01)
    wide, high = ReadSettings(max_pixels=300_000).searched_px(video())
    assert wide * high == pytest.approx(300_000, rel=0.01)


def test_instants_keep_their_order_and_may_be_given_on_either_clock() -> None:
    made = instants(video(recorded_at=TEN), [9.0, TEN + timedelta(seconds=1.5), 5.0, 9.0])
    assert made == [9.0, 6.5, 5.0, 9.0]


@pytest.mark.parametrize(
    ("time", "says"),
    [
        (
            15.0,
            r"a\.mp4: --at 0:00:15\.0 \(15 s\) lies outside .* from 5\.000 s up to, not including, 15\.000",
        ),
        (4.999, "lies outside the recording"),
        (-1.0, "lies outside the recording"),
        (TEN, r"/films/a\.mp4: when it was recorded is not known, .*--recorded-at"),
    ],
)
def test_an_instant_that_cannot_be_in_the_recording_is_named(time: Time, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        instants(video(), [time])


def test_a_span_runs_between_its_ends_or_those_of_the_recording() -> None:
    assert span_between(video(), None, None) == Span(5.0, 15.0)
    assert span_between(video(), 6.0, 15.04) == Span(6.0, 15.0)
    assert span_between(video(recorded_at=TEN), TEN + timedelta(seconds=2), 9.0) == Span(7.0, 9.0)
    for start, end, says in (
        (9.0, 9.0, "must lie after --start"),
        (2.0, 9.0, r"--start 0:00:02\.0"),
        (6.0, 16.0, r"--end \(0:00:16\.0\) lies outside the recording"),
    ):
        with pytest.raises(UsageError, match=says):
            span_between(video(), start, end)


def test_a_models_box_is_given_in_pixels_of_the_displayed_picture() -> None:
    box = shown_box(video(), 7.0, [500, 250, 1000, 500])
    assert box is not None
    assert (box.at_s, box.left_px, box.top_px, box.right_px, box.bottom_px) == (7.0, 640.0, 180.0, 1280.0, 360.0)
    cut = shown_box(video(), 7.0, [-50, 0, 1200, 10**400])
    assert cut is not None
    assert (cut.left_px, cut.right_px, cut.bottom_px) == (0.0, 1280.0, 720.0)


@pytest.mark.parametrize("corners", [[], [1, 2, 3], [10, 10, 10, 20], [20, 10, 10, 20], [1001, 0, 1002, 9]])
def test_a_box_that_encloses_nothing_is_none(corners: list[float]) -> None:
    assert shown_box(video(), 7.0, corners) is None


def test_sound_alone_cannot_be_read(tmp_path: Path) -> None:
    write_sound(tmp_path / "talk.m4a", 2.0)
    with pytest.raises(DecodeError, match=r"talk\.m4a has no picture to read: .*events --source speech"):
        require_picture(probe(tmp_path / "talk.m4a").video)
    with pytest.raises(DecodeError, match="has no picture to read"):
        run(parser().parse_args(["read", str(tmp_path / "talk.m4a"), "--at", "1"]))


def test_the_schema_of_the_page_is_sound_and_its_example_satisfies_it(tmp_path: Path) -> None:
    _, schema, filled, _ = blocks()
    (tmp_path / "invoice.json").write_text(json.dumps(schema))
    loaded = load_schema(tmp_path / "invoice.json")
    assert fault_in(filled["data"], loaded) is None
    assert fault_in({**filled["data"], "date": "17 April"}, loaded) is not None
    assert [at_pointer(filled["data"], box["path"]) for box in filled["boxes"]] == ["2026-0417", 89]


@pytest.fixture(scope="module")
def form(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("read") / "form.mp4"
    lines = [
        slides.Planted("Customer form", 0.0, 5.0, 40, 20, 30),
        slides.Planted("Utrecht", 2.0, 5.0, 60, 140, 24),
        slides.Planted("Saved", 3.0, 4.0, 60, 240, 24),
    ]
    slides.record(path, slides.plain((250, 250, 245), 640, 360), lines, 5.0, fps=8)
    return path


def document(*line: str) -> Any:
    return json.loads(json.dumps(run(parser().parse_args(["read", *line])).document))


def test_without_a_model_the_command_reads_text_with_boxes_and_says_who_read(form: Path) -> None:
    read = document(str(form), "--at", "0:02.5", "--at", "1")
    assert set(read) == INSTANT_KEYS == set(blocks()[0])
    assert read["reader"] == "screen_text (PP-OCRv6-small)"
    assert "character recognition alone" in read["notes"][0]
    assert (read["width_px"], read["height_px"]) == (640, 360)
    later, earlier = read["instants"]
    assert set(later) == set(blocks()[0]["instants"][0])
    assert (later["at_s"], later["text"]) == (2.5, "Customer form\nUtrecht")
    assert (earlier["at_s"], earlier["text"]) == (1.0, "Customer form")
    title, city = later["lines"]
    assert set(title) == set(blocks()[0]["instants"][0]["lines"][0])
    left, top, right, bottom = city["box_px"]
    assert left == pytest.approx(60, abs=8)
    assert top - 4 <= 140 <= 164 <= bottom + 12
    assert left < right < 200
    assert city["confidence"] > 0.9
    printed = run(parser().parse_args(["read", str(form), "--at", "1"])).text
    assert "Customer form" in printed
    assert "reader: screen_text (PP-OCRv6-small)" in printed


def test_without_a_model_the_steps_are_the_texts_that_came_and_went(form: Path) -> None:
    read = document(str(form), "--steps", "--start", "1", "--end", "4.5")
    assert set(read) == STEPS_KEYS == set(blocks()[3])
    assert (read["start_s"], read["end_s"], read["gaps"]) == (1.0, 4.5, [])
    assert "no click" in read["notes"][0]
    steps = [(step["action"], step["text"]) for step in read["steps"]]
    assert steps == [
        ("text_present", "Customer form"),
        ("text_appeared", "Utrecht"),
        ("text_appeared", "Saved"),
        ("text_vanished", "Saved"),
    ]
    assert [step["at_s"] for step in read["steps"]] == pytest.approx([1.0, 2.0, 3.0, 4.0], abs=0.3)
    assert all(set(step) == set(blocks()[3]["steps"][0]) for step in read["steps"])


@pytest.mark.parametrize("flag", ["--schema", "--prompt"])
def test_what_only_a_model_can_do_is_refused_with_the_setting_to_change(
    form: Path, tmp_path: Path, flag: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "s.json").write_text('{"type": "object"}')
    with pytest.raises(SystemExit) as ended:
        main(["read", str(form), "--at", "1", flag, str(tmp_path / "s.json")])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert f"{flag} needs a vision-language model" in said
    assert '"qwen" in index.observers' in said


def scripted(monkeypatch: pytest.MonkeyPatch, answer: Any) -> Scripted:
    vlm = Scripted(lambda _, question: answer(question) if callable(answer) else answer)
    readers = Readers(PyavDecoder(), TextReader(), vlm)
    monkeypatch.setattr(commands, "_readers", lambda _: readers)
    return vlm


def test_with_a_model_the_command_fills_the_invoice_of_the_page(
    form: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, schema, filled, _ = blocks()
    path = tmp_path / "invoice.json"
    path.write_text(json.dumps(schema))
    boxes = [{"path": "/number", "bbox_2d": [800, 120, 940, 160]}]
    vlm = scripted(monkeypatch, json.dumps({"data": filled["data"], "boxes": boxes}))
    read = document(str(form), "--at", "1", "--schema", str(path), "--prompt", "The second page counts.")
    assert read["reader"] == "qwen (scripted)"
    (page,) = read["instants"]
    assert {*filled} == {*page} - {"at_s", "frame_s", "wall_clock"}
    assert page["data"] == filled["data"]
    assert page["boxes"] == [{"path": "/number", "box_px": [512.0, 43.2, 601.6, 57.6]}]
    ((_, question, _),) = vlm.asked
    assert question.endswith("The second page counts.")


def test_a_command_that_read_nothing_of_its_span_fails(form: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scripted(monkeypatch, "I cannot help with that.")
    result: Result = run(parser().parse_args(["read", str(form), "--steps"]))
    assert result.code == 1
    assert "gap" in result.text


def test_a_model_is_opened_where_the_settings_name_one(monkeypatch: pytest.MonkeyPatch) -> None:
    vlm: Vlm = Scripted(lambda *_: "")
    monkeypatch.setattr(commands, "open_vlm", lambda _: vlm)
    plain = config.load_settings()
    assert commands._readers(plain).vlm is None
    assert commands._readers(plain).name == "screen_text (PP-OCRv6-small)"
    described = config.Settings(index=config.IndexSettings(observers=("captions", "qwen")))
    readers = commands._readers(described)
    assert readers.vlm is vlm
    assert readers.name == "qwen (scripted)"
