"""Pictures from the file to the answer: a CLIP as a user names it, an index made with it, what search tells."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from picture_models import COLOURS, make_clip, make_cross_encoder, plain_picture

from videoindex.cli import parser
from videoindex.commands import run
from videoindex.media.recorder import record

FPS = 5
SCENES = ("white", "red", "white", "blue", "yellow", "white")
SCENE_S = 8
SAID = """1
00:00:03,000 --> 00:00:06,000
A heron on the pier.

2
00:00:20,000 --> 00:00:23,000
The heron lands.
"""


@dataclass
class Bench:
    folder: Path
    clip: Path

    def settings(self, **frames: object) -> None:
        """Writes the settings file; with ``frames``, the table of that name."""
        rows = [f"{name} = {json.dumps(value)}" for name, value in frames.items()]
        table = "\n".join(["[frames]", 'device = "cpu"', *rows]) if frames else ""
        (self.folder / "settings.toml").write_text(f'[index]\nobservers = ["captions"]\n{table}\n')

    def document(self, *line: str) -> Any:
        told = ["--db", str(self.folder / "db"), "--config", str(self.folder / "settings.toml")]
        return json.loads(json.dumps(run(parser().parse_args([*line, *told])).document))

    def files(self, pattern: str) -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns for path in (self.folder / "db").rglob(pattern)}


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("pictures")
    pictures = (plain_picture(colour, 160, 90) for colour in SCENES for _ in range(SCENE_S * FPS))
    record(folder / "scenes.mp4", pictures, fps=FPS)
    (folder / "scenes.srt").write_text(SAID)
    made = Bench(folder, make_clip(folder / "model"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PREFECT_HOME", str(folder / "prefect"))
        patch.delenv("VIDEOINDEX_DB", raising=False)
        made.settings(model=str(made.clip))
        (row,) = made.document("index", str(folder / "scenes.mp4"))["videos"]
        assert row["events"] == {"captions": 2, "frames": len(SCENES)}
        yield made


@pytest.mark.parametrize(("colour", "scene"), [("red", 1), ("blue", 3), ("yellow", 4)])
def test_the_stretch_that_shows_a_colour_is_suggested_first(bench: Bench, colour: str, scene: int) -> None:
    found = bench.document("ask", f"when is there a {colour} picture?")
    assert not found["found"]
    assert found["answer"].startswith("Not found")
    first = found["suggested"][0]
    assert SCENE_S * scene <= first["at_s"] < SCENE_S * (scene + 1)
    assert first["start_s"] <= first["at_s"] < first["end_s"]
    assert Path(first["path"]).name == "scenes.mp4"


def test_words_are_found_as_before_and_no_picture_is_asked_for_them(bench: Bench) -> None:
    found = bench.document("search", '"the heron lands"')
    assert found["moments"][0]["start_s"] == 20.0
    assert found["suggested"] == []


def test_a_filter_narrows_what_is_suggested(bench: Bench) -> None:
    (first, *_) = bench.document("search", "a red picture", "--after", "30")["suggested"]
    assert first["end_s"] > 30.0


def test_a_second_run_skips_and_a_new_beat_of_pictures_embeds_only_these(bench: Bench) -> None:
    path = str(bench.folder / "scenes.mp4")
    assert bench.document("index", path)["videos"][0]["status"] == "skipped"
    observed, vectors, pictures = (
        bench.files("captions-*.json"),
        bench.files("vectors/*.npz"),
        bench.files("frames/*.npz"),
    )
    bench.settings(model=str(bench.clip), heartbeat_s=4.0)
    (row,) = bench.document("index", path)["videos"]
    assert row["status"] == "indexed"
    assert row["events"]["frames"] > len(SCENES)
    assert (bench.files("captions-*.json"), bench.files("vectors/*.npz")) == (observed, vectors)
    assert set(bench.files("frames/*.npz")) > set(pictures)
    bench.settings(model=str(bench.clip))
    assert bench.document("index", path)["videos"][0]["events"]["frames"] == len(SCENES)


def test_another_model_is_said_until_the_recording_is_indexed_again(bench: Bench) -> None:
    other = make_clip(bench.folder / "other", steps=1, seed=1)
    (other / "config_sentence_transformers.json").write_text(
        '{"prompts": {}, "model_type": "SentenceTransformer"}'
    )
    bench.settings(model=str(other))
    before = bench.document("search", "a red picture")
    assert before["suggested"] == []
    assert "embedded by clip@" in " ".join(before["notes"])
    bench.document("index", str(bench.folder / "scenes.mp4"))
    after = bench.document("search", "a red picture")
    assert (len(after["suggested"]) > 0, after["notes"]) == (True, [])
    bench.settings(model=str(bench.clip))
    bench.document("index", str(bench.folder / "scenes.mp4"))


def test_without_a_model_the_index_works_as_if_there_were_no_pictures(bench: Bench) -> None:
    bench.settings()
    found = bench.document("search", "a red picture")
    assert (found["suggested"], found["notes"]) == ([], [])
    bench.settings(model=str(bench.clip))


def test_a_reranker_of_the_settings_decides_which_comes_first(bench: Bench) -> None:
    model = make_cross_encoder(
        bench.folder / "pairs", words=("heron", "pier", "lands", "the", "a"), wanted="lands"
    )
    plain = [moment["start_s"] for moment in bench.document("search", "the heron")["moments"]]
    with (bench.folder / "settings.toml").open("a") as file:
        file.write(f'[search]\nreranker = "{model}"\n')
    better = [moment["start_s"] for moment in bench.document("search", "the heron")["moments"]]
    assert sorted(better) == sorted(plain) == [3.0, 20.0]
    assert better[0] == 20.0
    bench.settings(model=str(bench.clip))


def test_removing_the_recording_removes_its_pictures(bench: Bench) -> None:
    bench.document("remove", "scenes.mp4")
    assert bench.files("frames/*.npz") == {}
    assert bench.document("search", "a red picture")["suggested"] == []


def test_the_scenes_differ_in_colour_alone() -> None:
    """What the tests above rest on: nothing but the picture tells the scenes apart."""
    assert len({tuple(COLOURS[colour]) for colour in SCENES}) == len(set(SCENES))
    assert all(np.ptp(plain_picture(colour), axis=(0, 1)).max() == 0 for colour in SCENES)
