"""``ask`` as a person gives it: with a second look, by steps, with pictures; and what it says without a model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import planted
import pytest
from asked import BAG, Bench, make_bench, watcher
from looking import FPS
from PIL import Image

from videoindex.asking import AskWish
from videoindex.cli import main, parser
from videoindex.commands import run
from videoindex.config import Settings, load_settings, open_store
from videoindex.errors import UsageError
from videoindex.perception.vlm.scripted import Scripted

WHEN = "when is a brown bag on the bench?"


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return make_bench(tmp_path_factory.mktemp("asking"))


@pytest.fixture
def model() -> Iterator[Scripted]:
    with watcher() as seeing:
        yield seeing


def test_without_a_flag_no_model_is_opened_and_nothing_is_added(bench: Bench, model: Scripted) -> None:
    document = bench.document(WHEN)
    assert document["found"]
    assert not {"looks", "steps"} & set(document)
    assert all("evidence" not in moment for moment in document["moments"])
    assert model.asked == []


def test_a_second_look_tightens_one_moment_and_rejects_another(bench: Bench, model: Scripted) -> None:
    document = bench.document(WHEN, "--look")
    (moment,) = document["moments"]
    assert moment["start_s"] == pytest.approx(BAG.start_s, abs=0.5)
    assert moment["end_s"] == pytest.approx(BAG.end_s, abs=0.5)
    assert {look["verdict"] for look in document["looks"]} == {"tightened", "rejected"}
    assert set(document["looks"][0]) == {"video_id", "path", "start_s", "end_s", "verdict", "reason"}
    assert document["answer"].endswith("Looked again at 2 of 2 moments: 1 rejected, 1 tightened.")
    assert "Nothing of it is there." in bench.ask(WHEN, "--look").text


def test_what_looking_rejects_is_not_found(bench: Bench, model: Scripted) -> None:
    document = bench.document(WHEN, "--look", "--after", "25")
    assert (document["found"], document["moments"]) == (False, [])
    assert document["answer"].startswith("Not found: 15 of 15 s examined")
    assert document["answer"].endswith("Looked again at 1 of 1 moment: 1 rejected.")


def test_what_the_search_scored_too_low_is_looked_at_where_a_picture_is_described(
    bench: Bench, model: Scripted
) -> None:
    question = "when does a child carry a green bag?"
    assert not bench.document(question)["found"]
    document = bench.document(question, "--look")
    assert document["answer"].count("The search alone found nothing") == 1
    (moment,) = document["moments"]
    assert BAG.intersect(type(BAG)(moment["start_s"], moment["end_s"]))


def test_when_something_changed_is_answered_by_single_pictures(bench: Bench, model: Scripted) -> None:
    document = bench.document("when did the bag disappear?", "--look", "--video", "yard.mp4")
    (moment,) = document["moments"]
    assert moment["start_s"] < BAG.end_s <= moment["end_s"]
    assert moment["end_s"] - moment["start_s"] <= 0.5
    assert moment["sources"] == ["look"]
    assert {look["verdict"] for look in document["looks"]} == {"yes", "no"}
    assert all(look["start_s"] == look["end_s"] for look in document["looks"])


def test_a_question_about_a_change_says_what_would_answer_it(bench: Bench, tmp_path: Path) -> None:
    answer = bench.document("when did the bag disappear?")["answer"]
    assert answer.endswith("--look finds the change itself.")
    line = ["ask", "when did the bag disappear?", "--db", str(bench.folder / "db")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("videoindex.looking.missing_files", lambda _: ["model.safetensors"])
        said = run(parser().parse_args(line)).text
    assert "once a vision-language model is set up: see `videoindex doctor`." in said


def test_the_steps_of_the_model_are_shown_as_they_are_taken(
    bench: Bench, model: Scripted, capsys: pytest.CaptureFixture[str]
) -> None:
    document = bench.document(WHEN, "--agent")
    told = capsys.readouterr().err
    assert document["answer"] == "A bag stands on the bench: 0:00:08.0-0:00:12.0 in yard.mp4."
    assert [step["action"]["action"] for step in document["steps"]] == ["search_events", "look_at", "answer"]
    assert [line[:2] for line in told.splitlines() if not line.startswith("    ")] == [" 1", " 2", " 3"]
    (moment,) = document["moments"]
    assert (moment["start_s"], moment["end_s"], moment["sources"]) == (8.0, 12.0, ["look"])


@pytest.mark.parametrize("flag", ["--look", "--agent"])
def test_without_a_model_the_next_step_is_said(
    bench: Bench, flag: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("videoindex.looking.missing_files", lambda _: ["model.safetensors"])
    with pytest.raises(SystemExit) as ended:
        main(["ask", WHEN, flag, "--db", str(bench.folder / "db")])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith(f"videoindex: {flag} needs a vision-language model")
    assert "[vlm]" in said
    assert "configs/gpu.toml" in said
    assert "configs/server.toml" in said


def test_evidence_is_the_picture_that_the_model_named(bench: Bench, model: Scripted, tmp_path: Path) -> None:
    folder = tmp_path / "evidence"
    document = bench.document(WHEN, "--look", "--evidence", str(folder))
    (moment,) = document["moments"]
    picture = Path(moment["evidence"])
    assert picture.parent == folder
    assert picture.name.startswith("yard_")
    number = planted.read(np.asarray(Image.open(picture)))
    assert number is not None
    assert number / FPS in BAG
    assert f"picture {picture}" in bench.ask(WHEN, "--look", "--evidence", str(folder)).text
    assert len(list(folder.iterdir())) == 1


def test_the_evidence_of_a_change_is_the_first_picture_after_it(
    bench: Bench, model: Scripted, tmp_path: Path
) -> None:
    document = bench.document(
        "when did the bag disappear?", "--look", "--video", "yard.mp4", "--evidence", str(tmp_path)
    )
    (moment,) = document["moments"]
    number = planted.read(np.asarray(Image.open(moment["evidence"])))
    assert number == pytest.approx(moment["end_s"] * FPS, abs=1)
    assert number / FPS not in BAG


def test_a_moved_file_is_said_and_no_error(bench: Bench, tmp_path: Path) -> None:
    question = "when does a ladder lean on the wall?"
    result = bench.ask(question, "--evidence", str(tmp_path / "evidence"))
    assert result.code == 0
    assert "gone.mp4 is not there any more" in result.text
    assert "    no picture" in result.text.splitlines()
    document = bench.document(question, "--evidence", str(tmp_path / "evidence"))
    assert document["moments"][0]["evidence"] is None
    assert not (tmp_path / "evidence").exists()


def test_a_moved_file_is_not_judged(bench: Bench, model: Scripted) -> None:
    document = bench.document("when does a ladder lean on the wall?", "--look")
    assert document["found"]
    (look,) = document["looks"]
    assert look["verdict"] == "not judged"
    assert "gone.mp4" in look["reason"]


def test_looking_goes_into_exports(bench: Bench, model: Scripted, tmp_path: Path) -> None:
    bench.ask(WHEN, "--look", "--output", str(tmp_path / "found.csv"))
    rows = (tmp_path / "found.csv").read_text().splitlines()
    assert len(rows) == 2
    bench.ask(WHEN, "--look", "--output", str(tmp_path / "found.json"))
    assert len(json.loads((tmp_path / "found.json").read_text())["looks"]) == 2


@pytest.mark.parametrize("flag", ["--look", "--agent"])
def test_an_empty_index_is_said_and_nothing_is_looked_at(flag: str, model: Scripted, tmp_path: Path) -> None:
    (tmp_path / "vlm.toml").write_text('[vlm]\nbackend = "vllm"\nmodel = "a-model"\n')
    open_store(load_settings(db=str(tmp_path / "db")), create=True)
    line = ["ask", WHEN, flag, "--db", str(tmp_path / "db"), "--config", str(tmp_path / "vlm.toml")]
    assert "nothing is indexed yet" in run(parser().parse_args(line)).text
    assert model.asked == []


def test_a_wish_that_cannot_be_is_named_before_anything_is_done(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="file is a file; --evidence names a folder"):
        AskWish("when?", evidence=tmp_path / "file")
    with pytest.raises(UsageError, match="nowhere is no folder; make it first"):
        AskWish("when?", evidence=tmp_path / "nowhere" / "evidence")
    with pytest.raises(UsageError, match="choose one"):
        AskWish("when?", is_look=True, is_agent=True)
    AskWish("when?").check(Settings())


def test_a_model_rewords_a_question_only_where_the_settings_ask_for_it(bench: Bench, tmp_path: Path) -> None:
    words = Scripted(lambda shown, question: '{"wordings": ["when is a brown sack on the bench?"]}')
    config = tmp_path / "words.toml"
    config.write_text('[vlm]\nbackend = "vllm"\n\n[search]\nrewrites = 2\n')
    everywhere = ["--db", str(bench.folder / "db")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("videoindex.looking.open_vlm", lambda _: words)
        plain = run(parser().parse_args(["ask", "when is a brown sack there?", *everywhere]))
        assert words.asked == []
        reworded = run(parser().parse_args(["ask", WHEN, *everywhere, "--config", str(config)]))
    ((_, asked, _),) = words.asked
    assert asked.startswith("Give at most 2. ")
    assert "found by other words" not in reworded.text
    assert "Not found" in plain.text


def test_rewording_without_a_model_says_the_next_step(bench: Bench, tmp_path: Path) -> None:
    config = tmp_path / "words.toml"
    config.write_text("[search]\nrewrites = 1\n")
    with pytest.raises(UsageError, match=r"search.rewrites needs a vision-language model.*configs/server.toml"):
        run(parser().parse_args(["ask", WHEN, "--db", str(bench.folder / "db"), "--config", str(config)]))
