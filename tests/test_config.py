from __future__ import annotations

import dataclasses
import tomllib
from pathlib import Path

import numpy as np
import pytest
import spoken

from videoindex.config import (
    IndexSettings,
    Settings,
    load_settings,
    open_backends,
    open_pictures,
    open_reranker,
)
from videoindex.errors import ConfigError
from videoindex.query.look_settings import AgentSettings, SecondLookSettings, StateSettings
from videoindex.types import Scan, Span

ROOT = Path(__file__).resolve().parent.parent


def written(folder: Path, text: str) -> Path:
    file = folder / "settings.toml"
    file.write_text(text)
    return file


def test_the_embedded_configuration_states_the_defaults_and_nothing_else() -> None:
    assert load_settings(ROOT / "configs" / "embedded.toml") == Settings()


@pytest.mark.parametrize("file", sorted((ROOT / "configs").glob("*.toml")), ids=lambda file: file.name)
def test_every_shipped_configuration_loads_and_stays_short(file: Path) -> None:
    load_settings(file)
    assert len(file.read_text().splitlines()) < 40


def test_what_a_file_leaves_out_keeps_its_default(tmp_path: Path) -> None:
    settings = load_settings(written(tmp_path, "[index]\nworkers = 5\n"))
    assert settings == dataclasses.replace(Settings(), index=IndexSettings(workers=5))


def test_how_closely_is_looked_again_is_a_table_with_tables_inside(tmp_path: Path) -> None:
    text = "[look]\nwindows = 3\n[look.state]\ngrid = 9\n[look.agent]\nsteps = 4\n"
    look = load_settings(written(tmp_path, text)).look
    assert look == SecondLookSettings(windows=3, state=StateSettings(grid=9), agent=AgentSettings(steps=4))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[idnex]\nworkers = 2\n", "'idnex' is not known; there are index, scan"),
        ("[index]\nworkrs = 2\n", "index: 'workrs' is not known; there are db"),
        ("[index]\nworkers = 'two'\n", "index: workers must be int, got 'two'"),
        ("[index]\nworkers = true\n", "index: workers must be int, got True"),
        ("[index]\nworkers = 0\n", "index.workers must be 1 or more, got 0"),
        ("[index]\nobservers = ['smell']\n", "names smell; there are captions, screen_text, speech, objects"),
        ("index = 3\n", "index must be a table, got 3"),
        ("[look]\nwindows = 0\n", "look.windows must be 1 or more, got 0"),
        ("[look.agent]\nseconds = 0\n", "look.agent.seconds must be a positive number, got 0"),
        ("[objects.looks]\nheartbeat = 3\n", "objects: looks: 'heartbeat' is not known"),
        ("[index\n", "not valid TOML"),
    ],
)
def test_a_wrong_setting_is_named_with_its_file(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigError) as error:
        load_settings(written(tmp_path, text))
    assert says in str(error.value)
    assert "settings.toml" in str(error.value)


def test_a_missing_file_is_named_with_the_next_step(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere.toml: no such settings file; configs/embedded.toml"):
        load_settings(tmp_path / "nowhere.toml")


def test_the_command_line_beats_the_environment_and_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = written(tmp_path, "[index]\ndb = 'from-file'\n")
    assert load_settings(file).index.db == "from-file"
    monkeypatch.setenv("VIDEOINDEX_DB", "from-environment")
    assert load_settings(file).index.db == "from-environment"
    assert load_settings(file, "from-flag").index.db == "from-flag"


def test_artifacts_lie_with_a_local_index_and_in_the_cache_of_a_remote_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert IndexSettings(db=str(tmp_path / "db")).artifacts_dir == (tmp_path / "db" / "artifacts").resolve()
    assert IndexSettings(db="s3://bucket/index").artifacts_dir == tmp_path / "videoindex" / "s3_bucket_index"
    assert IndexSettings(db="s3://b/i", artifacts=str(tmp_path / "a")).artifacts_dir == (tmp_path / "a").resolve()


def test_only_the_named_observers_are_opened_and_no_model_is_loaded(tmp_path: Path) -> None:
    settings = dataclasses.replace(
        Settings(), index=IndexSettings(db=str(tmp_path / "db"), observers=("speech", "captions"))
    )
    assert [observer.name for observer in open_backends(settings).observers] == ["speech", "captions"]


def test_pictures_and_a_reranker_are_opened_where_a_model_is_named(tmp_path: Path) -> None:
    assert open_backends(Settings()).frames is None
    assert (open_pictures(Settings()), open_reranker(Settings())) == (None, None)
    settings = load_settings(written(tmp_path, "[frames]\nmodel = 'org/clip'\n[search]\nreranker = 'org/pairs'\n"))
    pictures = open_pictures(settings)
    assert pictures is not None
    assert pictures.fingerprint == "org/clip@main"
    work = open_backends(settings).frames
    assert work is not None
    assert work.embedder is pictures
    assert open_reranker(settings) is open_reranker(settings) is not None


def test_speech_is_heard_where_captions_are_left_out(tmp_path: Path) -> None:
    spoken.write_sound(tmp_path / "talk.mkv", spoken.tone(10.0, 440), codec="pcm_s16le")
    (tmp_path / "talk.srt").write_text("1\n00:00 --> 00:09\nEvery word of it.\n")
    video = spoken.video_of(tmp_path / "talk.mkv", Span(0.0, 10.0))
    no_picture = Scan(np.zeros(0), np.zeros((0, 9, 16), np.uint8), (), ())

    def pieces(*observers: str) -> int:
        backends = open_backends(Settings(index=IndexSettings(observers=observers)))
        return len(backends.observer("speech").segments(video, no_picture))

    assert pieces("captions", "speech") == 0
    assert pieces("speech") == 1


def test_the_configuration_file_is_plain_toml() -> None:
    tables = tomllib.loads((ROOT / "configs" / "embedded.toml").read_text())
    assert set(tables) <= {field.name for field in dataclasses.fields(Settings)}
