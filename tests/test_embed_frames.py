"""Pictures and questions in one space, by a CLIP that was trained here and is loaded as a user's model is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from picture_models import COLOURS, make_clip, plain_picture

from videoindex.errors import BackendError, ConfigError
from videoindex.index.embed import packaged_model
from videoindex.index.embed_frames import FrameSettings, PictureEmbedder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("clip"))


@pytest.fixture(scope="module")
def embedder(folder: Path) -> PictureEmbedder:
    return PictureEmbedder(FrameSettings(model=str(folder), device="cpu", batch=3))


def test_the_picture_that_shows_a_colour_is_found_by_its_word(embedder: PictureEmbedder) -> None:
    names = list(COLOURS)
    seen_TD = embedder.embed_pictures(np.stack([plain_picture(name) for name in names]))
    assert seen_TD.shape == (len(names), embedder.dim)
    assert seen_TD.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(seen_TD, axis=1), 1.0, atol=1e-5)
    found = {name: names[int(np.argmax(seen_TD @ embedder.embed_query(f"a {name} picture")))] for name in names}
    assert found == {name: name for name in names}


def test_a_model_without_training_finds_no_colours(tmp_path: Path) -> None:
    """What makes the test above able to fail."""
    names = list(COLOURS)
    raw = PictureEmbedder(FrameSettings(model=str(make_clip(tmp_path, steps=0)), device="cpu"))
    seen_TD = raw.embed_pictures(np.stack([plain_picture(name) for name in names]))
    asked_ND = np.stack([raw.embed_query(f"a {name} picture") for name in names])
    assert (np.argmax(asked_ND @ seen_TD.T, axis=1) == np.arange(len(names))).mean() < 0.6


def test_a_picture_has_the_same_vector_in_any_batch(embedder: PictureEmbedder) -> None:
    rgb_THWC = np.stack([plain_picture(name) for name in COLOURS])
    together_TD = embedder.embed_pictures(rgb_THWC)
    alone_TD = np.concatenate([embedder.embed_pictures(rgb_THWC[i : i + 1]) for i in range(len(rgb_THWC))])
    np.testing.assert_allclose(together_TD, alone_TD, atol=1e-5)


@pytest.mark.parametrize("text", ["", "\x00", "\ud800", "🦜" * 50, "red " * 5000], ids=range(5))
def test_odd_questions_still_have_a_vector(embedder: PictureEmbedder, text: str) -> None:
    vector_D = embedder.embed_query(text)
    assert vector_D.shape == (embedder.dim,)
    assert np.linalg.norm(vector_D) == pytest.approx(1.0, abs=1e-5)


def test_a_model_that_keeps_only_the_middle_of_a_picture_is_known(embedder: PictureEmbedder) -> None:
    assert embedder.takes_square()
    wide_HWC = plain_picture("white", 64, 32)
    wide_HWC[:, :16] = COLOURS["red"]
    wide_HWC[:, 48:] = COLOURS["red"]
    (seen_D, white_D) = embedder.embed_pictures(np.stack([wide_HWC, plain_picture("white", 64, 32)]))
    np.testing.assert_allclose(seen_D, white_D, atol=1e-2)  # the red on both sides went unseen


@pytest.mark.parametrize(
    "rgb_THWC",
    [np.zeros((0, 4, 4, 3), np.uint8), np.zeros((1, 4, 4), np.uint8), np.zeros((1, 4, 4, 3), np.float32)],
    ids=["none", "no channels", "floats"],
)
def test_what_is_no_picture_is_refused(embedder: PictureEmbedder, rgb_THWC: np.ndarray) -> None:
    with pytest.raises(ValueError, match="uint8 THWC"):
        embedder.embed_pictures(rgb_THWC)


def test_a_model_of_texts_alone_is_named(folder: Path) -> None:
    texts = PictureEmbedder(FrameSettings(model=str(packaged_model()), device="cpu"))
    with pytest.raises(BackendError, match=r"does not take image: set frames.model"):
        texts.embed_query("red")


def test_a_model_that_cannot_load_is_named(tmp_path: Path) -> None:
    with pytest.raises(BackendError, match=f"{tmp_path}.*frames.model"):
        PictureEmbedder(FrameSettings(model=str(tmp_path))).embed_query("red")


def test_the_fingerprint_tells_models_apart_without_loading_them(folder: Path) -> None:
    assert PictureEmbedder(FrameSettings(model=str(folder))).fingerprint.startswith("clip@")
    assert PictureEmbedder(FrameSettings(model="org/clip", revision="abc")).fingerprint == "org/clip@abc"
    with pytest.raises(ValueError, match="off"):
        PictureEmbedder(FrameSettings())


@pytest.mark.parametrize(
    "setting",
    [
        {"model": " x"},
        {"every_s": 0.0},
        {"every_s": float("nan")},
        {"heartbeat_s": 1.0},
        {"changed_share": -1.0},
        {"side_px": 8},
        {"batch": 0},
        {"device": " "},
    ],
    ids=str,
)
def test_settings_out_of_range_are_named(setting: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=f"frames.{next(iter(setting))}"):
        FrameSettings(**setting)  # type: ignore[arg-type]
