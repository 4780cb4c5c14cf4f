"""A cross-encoder whose weights are known, loaded as a user's model is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from picture_models import make_cross_encoder

from videoindex.errors import BackendError
from videoindex.index.cross_encoder import PairReader

WORDS = ("the", "revenue", "grew", "heron", "lands", "who", "speaks")


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> PairReader:
    folder = make_cross_encoder(tmp_path_factory.mktemp("pairs"), words=WORDS, wanted="heron")
    return PairReader(str(folder), device="cpu")


def test_the_text_that_the_model_likes_scores_highest(reader: PairReader) -> None:
    texts = ["the revenue grew", "the heron lands", "who speaks"]
    scores_N = reader.score("the lands", texts)
    assert scores_N.shape == (3,)
    assert int(np.argmax(scores_N)) == 1
    assert scores_N[0] == pytest.approx(reader.score("the lands", texts[:1])[0], abs=1e-6)


def test_no_text_needs_no_model() -> None:
    assert PairReader("/nowhere/at/all").score("x", []).shape == (0,)


@pytest.mark.parametrize("text", ["", "\ud800", "\x00", "heron " * 5000], ids=range(4))
def test_odd_texts_still_have_a_score(reader: PairReader, text: str) -> None:
    assert np.isfinite(reader.score(text, [text, "plain"])).all()


def test_a_model_with_several_labels_is_refused(tmp_path: Path) -> None:
    folder = make_cross_encoder(tmp_path, words=WORDS, wanted="heron", labels=3)
    with pytest.raises(
        BackendError, match=r"not one: name a cross-encoder with a single label in search.reranker"
    ):
        PairReader(str(folder), device="cpu").score("x", ["heron", "who"])


def test_a_model_that_cannot_load_is_named(tmp_path: Path) -> None:
    with pytest.raises(BackendError, match=rf"{tmp_path}.*search\.reranker"):
        PairReader(str(tmp_path)).score("x", ["y"])


def test_an_empty_name_is_no_model() -> None:
    with pytest.raises(ValueError, match="off"):
        PairReader("")
