"""What is looked at for an answer: which recordings, which part of them, within one budget."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from asked import Bench, event, has_bag, make_bench, watcher
from looking import Clock, sees

from videoindex.config import IndexSettings, Settings, open_backends, open_store
from videoindex.errors import UsageError
from videoindex.index.records import Filters
from videoindex.looking import Searching, by_agent, by_change, by_look, names_vlm, require_vlm
from videoindex.perception.vlm.scripted import Scripted, Shown
from videoindex.perception.vlm.settings import LocalSettings, VlmSettings
from videoindex.query.frames import Likeness
from videoindex.query.look_reply import LookReply
from videoindex.query.look_settings import SecondLookSettings
from videoindex.query.search import SearchResult, search
from videoindex.query.state import state_question
from videoindex.types import Span

GONE = "when did the bag disappear?"


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """The yard with its bag, a film that was moved, and another with a bag that nobody wrote down."""
    made = make_bench(tmp_path_factory.mktemp("looking"))
    made.add("alley.mp4", lambda video: [event(video, 2.0, 3.0, "rain falls")], seconds=22)
    return made


@pytest.fixture
def model() -> Iterator[Scripted]:
    with watcher() as seeing:
        yield seeing


def searching(bench: Bench, filters: Filters | None = None, look: SecondLookSettings | None = None) -> Searching:
    settings = replace(bench.settings, look=look) if look else bench.settings
    return Searching(open_store(settings), open_backends(settings).embedder, filters or Filters(), settings)


def found(one: Searching, question: str) -> SearchResult:
    return search(one.index, one.embedder, question, filters=one.filters, settings=one.settings.search)


def changed(bench: Bench, filters: Filters | None = None, look: SecondLookSettings | None = None) -> LookReply:
    asked = state_question(GONE)
    assert asked is not None
    one = searching(bench, filters, look)
    return by_change(asked, found(one, GONE), one)


def only(bench: Bench, *names: str) -> Filters:
    records = open_store(bench.settings).videos()
    return Filters(video_ids=tuple(record.video.id for record in records if record.video.path.name in names))


def test_a_change_is_looked_for_in_every_recording_and_a_moved_one_is_said(bench: Bench, model: Scripted) -> None:
    reply = changed(bench).reply
    assert [moment.video_id for moment in reply.answer.moments] == [
        *only(bench, "yard.mp4").video_ids,
        *only(bench, "alley.mp4").video_ids,
    ]
    assert reply.answer.text.index("in yard.mp4") < reply.answer.text.index("in alley.mp4")
    assert "gone.mp4 is not there any more" in reply.answer.text


def test_recordings_share_one_budget_and_what_it_left_out_is_named(bench: Bench, model: Scripted) -> None:
    whole = changed(bench, only(bench, "yard.mp4"), bench.settings.look)
    assert whole.reply.answer.found
    tokens = replace(bench.settings.look, token_budget=8_850)
    reply = changed(bench, only(bench, "yard.mp4", "alley.mp4"), tokens).reply
    assert "Not looked at: alley.mp4 (look.token_budget (8,850) is spent" in reply.answer.text
    assert {moment.video_id for moment in reply.answer.moments} <= set(only(bench, "yard.mp4").video_ids)


def test_a_change_is_looked_for_in_the_time_asked_about_only(bench: Bench, model: Scripted) -> None:
    late = replace(only(bench, "yard.mp4"), after_s=14.0, before_s=30.0)
    looked = changed(bench, late)
    assert not looked.reply.answer.found
    assert looked.reply.answer.text.startswith("No such change was seen")
    assert all(14.0 <= one.start_s <= 30.0 for one in looked.shown)


def test_a_faint_find_is_looked_at_for_a_picture_alone(bench: Bench, model: Scripted) -> None:
    one = searching(bench)
    for question, is_looked_at in (
        ("when does a child carry a green bag?", True),
        ('when is "green bag" said?', False),
        ("when does a child carry a green bag after the car leaves?", False),
    ):
        asked_before = len(model.asked)
        result = found(one, question)
        assert result.moments == ()
        looked = by_look(result, one)
        assert bool(looked.shown) is is_looked_at, question
        assert (len(model.asked) > asked_before) is is_looked_at, question
    assert "There was no moment to look at again." in looked.reply.answer.text


def test_pictures_like_the_question_are_looked_at_first(bench: Bench, model: Scripted) -> None:
    """Nobody wrote down the bag in the alley: a likeness leads there, and only what is seen counts."""
    one = searching(bench)
    result = found(one, "when does a child carry a green bag?")
    (alley,) = only(bench, "alley.mp4").video_ids
    like = (Likeness(alley, Span(9.0, 12.0), 9.0, 0.3), Likeness(alley, Span(1.0, 2.0), 1.0, 0.2))
    looked = by_look(replace(result, suggested=like), one)
    assert [(row.video.id, row.verdict) for row in looked.shown[:2]] == [(alley, "tightened"), (alley, "rejected")]
    seen = [row for row in looked.reply.answer.moments if row.video_id == alley]
    assert {row.events[0].source for row in seen} == {"look"}
    assert len(looked.shown) <= one.settings.look.windows


def test_a_model_that_is_asked_about_one_window_is_not_told_of_the_rest(bench: Bench, model: Scripted) -> None:
    one = searching(bench, only(bench, "yard.mp4"))
    by_look(found(one, "when is a brown bag on the bench before 0:20?"), one)
    asked = [question for _, question, _ in model.asked]
    assert asked
    assert all('Somebody asks: "' in question and "0:20" not in question for question in asked)


def test_the_agent_is_given_the_time_asked_about_and_no_more(bench: Bench) -> None:
    told: list[str] = []

    def answers(_: Shown, asked: str) -> str:
        told.append(asked)
        if "Step 1" not in asked:
            action = {"action": "look_at", "video": "v1", "start_s": 2, "end_s": 12, "question": "A bag?"}
        else:
            action = {"action": "answer", "found": False, "text": "I looked", "cites": []}
        return json.dumps(action if asked.startswith("The recordings") else {"says": "A bag.", "at": []})

    one = searching(bench, replace(only(bench, "yard.mp4"), after_s=10.0, before_s=30.0))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("videoindex.looking.open_vlm", lambda _: Scripted(answers))
        looked, made = by_agent(found(one, "when is a bag there?"), one, lambda _: None)
    assert json.loads(told[0].splitlines()[1])["runs_s"] == [10.0, 30.0]
    assert "You see it from 10.0 to 12.0 seconds" in told[1]
    assert looked.reply.answer.text == "Not found: I looked."
    assert looked.reply.answer.coverage.total_s == pytest.approx(20.0)
    assert [step.number for step in made.steps] == [1, 2]


def test_the_time_to_load_weights_is_none_of_looking(bench: Bench) -> None:
    clock = Clock()

    class Slow(Scripted):
        """Takes longer than the whole budget to load."""

        def watch(self, showing):  # type: ignore[no-untyped-def]
            clock.now_s += 0.0 if self.asked or loaded else 1_000.0
            loaded.append(True)
            return super().watch(showing)

    loaded: list[bool] = []
    settings = replace(bench.settings, vlm=VlmSettings(model="here", local=LocalSettings(device="cpu")))
    one = replace(searching(bench, only(bench, "yard.mp4")), settings=settings)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("videoindex.looking.open_vlm", lambda _: Slow(sees(has_bag)))
        patch.setattr("time.monotonic", clock)
        looked = by_look(found(one, "when is a brown bag on the bench?"), one)
    assert [shown.verdict for shown in looked.shown].count("not judged") == 0


@pytest.mark.parametrize(
    ("settings", "here", "named"),
    [
        (Settings(), False, False),
        (Settings(), True, True),
        (Settings(vlm=VlmSettings(model="a-folder")), False, True),
        (Settings(vlm=VlmSettings(backend="vllm")), False, True),
        (Settings(index=IndexSettings(observers=("qwen",))), False, True),
    ],
)
def test_a_model_is_named_by_the_settings_or_is_here(
    settings: Settings, here: bool, named: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("videoindex.looking.missing_files", lambda _: [] if here else ["config.json"])
    assert names_vlm(settings) is named
    if named:
        require_vlm(settings, "--look")
    else:
        with pytest.raises(UsageError, match=r"--look needs a vision-language model.*\[vlm\].*configs/gpu.toml"):
            require_vlm(settings, "--look")
