"""Charades-STA's lines and ActivityNet Captions' objects: read as published, the crooked rows among them too."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from videoindex.errors import UsageError
from videoindex.evaluation.formats_sentences import Sentence, is_own_rows, load_sentences, sentence_keys

CHARADES = "3MSZA 24.3 30.4##person turn a light on.\nA1B2C 0.0 7##a person ## opens the door \n\n"
ACTIVITYNET = {
    "v_one": {
        "duration": 82.73,
        "timestamps": [[0.83, 19.86], [17.37, 5.5]],
        "sentences": ["A young woman is seen. ", " She smiles."],
    },
    "v_two": {"duration": 10, "timestamps": [], "sentences": []},
}
RESULTS = {
    "version": "VERSION 1.0",
    "results": {
        "v_one": [
            {"sentence": "A young woman is seen.", "timestamp": [0.83, 19.86], "score": 1},
            {"sentence": "She smiles.", "timestamp": [17.37, 5.5]},
        ]
    },
    "external_data": {"used": False},
}

names = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1)
words = st.lists(st.text("abc#.", min_size=1), min_size=1).map(" ".join)
times = st.integers(0, 10**6).map(lambda value: value / 100)


def written(folder: Path, content: str | object) -> Path:
    path = folder / "rows.txt"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_a_line_of_charades_is_a_video_two_times_and_a_sentence(tmp_path: Path) -> None:
    assert load_sentences(written(tmp_path, CHARADES), "charades") == [
        Sentence("3MSZA", "person turn a light on.", 24.3, 30.4, "line 1"),
        Sentence("A1B2C", "a person ## opens the door", 0.0, 7.0, "line 2"),
    ]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(names, times, times, words), min_size=1, max_size=5))
def test_what_is_written_as_charades_is_read_again(
    tmp_path: Path, rows: list[tuple[str, float, float, str]]
) -> None:
    path = written(tmp_path, "".join(f"{video} {start} {end}##{text}\n" for video, start, end, text in rows))
    read = [(row.video, row.start_s, row.end_s, row.query) for row in load_sentences(path, "charades")]
    assert read == rows


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("3MSZA 24.3 30.4 person turns", "expected VIDEO START END##SENTENCE, got '3MSZA 24.3 30.4 person turns'"),
        ("3MSZA 24.3##person turns", "expected VIDEO START END##SENTENCE"),
        ("3MSZA 24.3 30.4##", "expected VIDEO START END##SENTENCE"),
        ("3MSZA 24.3 later##person turns", "a time must be finite seconds, got 'later'"),
        ("3MSZA nan 30.4##person turns", "a time must be finite seconds, got 'nan'"),
    ],
)
def test_a_wrong_line_of_charades_is_named(tmp_path: Path, line: str, complaint: str) -> None:
    with pytest.raises(UsageError, match=f"rows.txt, line 4: {complaint}"):
        load_sentences(written(tmp_path, CHARADES + line), "charades")


@pytest.mark.parametrize("content", [ACTIVITYNET, RESULTS])
def test_truth_and_results_of_activitynet_are_read_alike(tmp_path: Path, content: object) -> None:
    read = load_sentences(written(tmp_path, content), "activitynet")
    assert [(row.video, row.query, row.start_s, row.end_s) for row in read] == [
        ("v_one", "A young woman is seen.", 0.83, 19.86),
        ("v_one", "She smiles.", 17.37, 5.5),
    ]
    assert read[1].place == "video v_one, 'She smiles.'"


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        ({"timestamps": [[0, 1]]}, "missing sentences"),
        ({"timestamps": [[0, 1]], "sentences": []}, "sentences must be as many as the 1 timestamps"),
        ({"timestamps": [[0]], "sentences": ["a"]}, r"a window must be \[start_s, end_s\]"),
        ({"timestamps": [[0, 1]], "sentences": [" "]}, "a sentence must be text, and not empty, got ' '"),
        ([{"sentence": "a"}], "missing timestamp"),
        ("a", "expected an object, got str"),
    ],
)
def test_a_wrong_entry_of_activitynet_is_named(tmp_path: Path, entry: object, complaint: str) -> None:
    with pytest.raises(UsageError, match=f"rows.txt, video v_bad: {complaint}.*; mend this entry"):
        load_sentences(written(tmp_path, ACTIVITYNET | {"v_bad": entry}), "activitynet")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("{", "line 1: not JSON"),
        ("[]", "expected a JSON object of videos, each with its sentences and timestamps, got list"),
        ("{}", "holds no query"),
        ('{"results": [1]}', "got list"),
    ],
)
def test_what_is_no_file_of_activitynet_is_named(tmp_path: Path, content: str, complaint: str) -> None:
    with pytest.raises(UsageError, match=f"rows.txt.*{complaint}"):
        load_sentences(written(tmp_path, content), "activitynet")


def test_the_same_words_about_one_video_have_names_of_their_own() -> None:
    rows = [Sentence(video, "a cat", 0, 1, "") for video in ("a", "b", "a", "a")]
    assert sentence_keys(rows) == ["a: a cat", "b: a cat", "a: a cat (2)", "a: a cat (3)"]


def test_rows_of_the_projects_own_are_told_from_published_ones(tmp_path: Path) -> None:
    own = {"video": "a", "query": "a cat", "windows": []}
    assert is_own_rows(written(tmp_path, own))
    assert not is_own_rows(written(tmp_path, CHARADES))
    assert not is_own_rows(written(tmp_path, ACTIVITYNET))
    assert not is_own_rows(written(tmp_path, json.dumps(ACTIVITYNET, indent=1)))
    assert not is_own_rows(written(tmp_path, ""))
