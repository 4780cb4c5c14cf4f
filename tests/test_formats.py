"""Benchmarks as their authors publish them: every query is asked, and predictions must answer each."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from videoindex.errors import UsageError
from videoindex.evaluation.formats import TRUTH_FORMATS, Benchmark, load_answers, load_benchmark
from videoindex.evaluation.highlights import ClipScores
from videoindex.evaluation.truth import PredictedWindow
from videoindex.types import Span

CHARADES = "A 0.0 10##a person sits.\nB 5.0 15.5##a person sits.\nA 20 30##a person sits.\nA 9 9##nothing at all\n"
ACTIVITYNET = {
    "v_a": {"duration": 60, "timestamps": [[0, 10], [30, 20]], "sentences": ["She sings.", " She bows. "]},
    "v_b": {"duration": 60, "timestamps": [[5, 15.5]], "sentences": ["He cooks."]},
}
QUERY = {"qid": 4, "query": "a cat", "vid": "v", "relevant_windows": [[0, 10]], "duration": 20}
RATED = QUERY | {"relevant_clip_ids": [1], "saliency_scores": [[1, 2, 3]]}
ANSWER = {"qid": 4, "pred_relevant_windows": [[0, 9, 0.5]]}


def jsonl(folder: Path, name: str, *rows: object) -> Path:
    (folder / name).write_text("\n".join(json.dumps(row) for row in rows))
    return folder / name


def charades(folder: Path) -> Benchmark:
    (folder / "truth.txt").write_text(CHARADES)
    return load_benchmark(folder / "truth.txt", "charades")


def activitynet(folder: Path) -> Benchmark:
    return load_benchmark(jsonl(folder, "truth.json", ACTIVITYNET), "activitynet")


def test_the_projects_own_truth_is_a_benchmark_too(tmp_path: Path) -> None:
    row = {"video": "a.mp4", "query": "a cat", "windows": [], "kind": "negative"}
    benchmark = load_benchmark(jsonl(tmp_path, "t.jsonl", row), "videoindex")
    assert [query.kind for query in benchmark.queries] == ["negative"]
    given = jsonl(tmp_path, "p.jsonl", {"video": "a.mp4", "query": "another", "windows": []})
    assert [answer.query for answer in load_answers(given, benchmark)] == ["another"]


def test_every_format_names_its_queries_by_its_own(tmp_path: Path) -> None:
    row = {"video": "a.mp4", "query": "a cat", "windows": [[0, 1]], "kind": "visual"}
    kinds = {
        "videoindex": load_benchmark(jsonl(tmp_path, "a", row), "videoindex"),
        "qvhighlights": load_benchmark(jsonl(tmp_path, "b", QUERY), "qvhighlights"),
        "charades": charades(tmp_path),
        "activitynet": activitynet(tmp_path),
    }
    assert tuple(kinds) == TRUTH_FORMATS
    for name, benchmark in kinds.items():
        assert benchmark.format == name
        assert {query.kind for query in benchmark.queries} == {"visual" if name == "videoindex" else name}


def test_a_sentence_said_twice_about_a_video_is_two_queries(tmp_path: Path) -> None:
    benchmark = charades(tmp_path)
    assert [(query.key, query.windows) for query in benchmark.queries] == [
        ("A: a person sits.", (Span(0, 10),)),
        ("B: a person sits.", (Span(5, 15.5),)),
        ("A: a person sits. (2)", (Span(20, 30),)),
    ]


def test_a_window_that_does_not_end_after_it_starts_is_left_out_and_said_so(tmp_path: Path) -> None:
    assert charades(tmp_path).left_out == ("A: nothing at all",)
    assert activitynet(tmp_path).left_out == ("v_a: She bows.",)
    (tmp_path / "crooked.txt").write_text("A 9 8##nothing at all\n")
    with pytest.raises(UsageError, match=r"crooked.txt: holds no query whose window ends after it starts"):
        load_benchmark(tmp_path / "crooked.txt", "charades")


def test_answers_may_have_the_shape_of_the_truth(tmp_path: Path) -> None:
    (tmp_path / "p.txt").write_text(CHARADES.replace("20 30", "21 29"))
    answers = load_answers(tmp_path / "p.txt", charades(tmp_path))
    assert [(answer.key, answer.windows) for answer in answers][2] == (
        "A: a person sits. (2)",
        (PredictedWindow(21, 29),),
    )
    assert len(answers) == 3
    results = {"results": {"v_b": [{"sentence": "He cooks.", "timestamp": [1, 2]}],
                           "v_a": [{"sentence": "She sings.", "timestamp": [3, 3]}]}}  # fmt: skip
    answers = load_answers(jsonl(tmp_path, "p.json", results), activitynet(tmp_path))
    assert [answer.key for answer in answers] == ["v_b: He cooks.", "v_a: She sings."]


def test_an_answer_that_ends_before_it_starts_is_named(tmp_path: Path) -> None:
    (tmp_path / "p.txt").write_text(CHARADES.replace("20 30", "29 21"))
    with pytest.raises(UsageError, match=r"p.txt, line 3: a window must not end before it starts"):
        load_answers(tmp_path / "p.txt", charades(tmp_path))


def test_answers_may_be_rows_of_the_projects_own_with_many_windows(tmp_path: Path) -> None:
    rows = [
        {"video": "v_a", "query": "She sings. ", "windows": [[0, 9], [20, 30]], "scores": [0.9, 0.2]},
        {"video": "v_a", "query": "She bows.", "windows": [[1, 2]]},
        {"video": "v_b", "query": "He cooks.", "windows": []},
    ]
    answers = load_answers(jsonl(tmp_path, "p.jsonl", *rows), activitynet(tmp_path))
    assert [(answer.key, len(answer.windows)) for answer in answers] == [
        ("v_a: She sings.", 2),
        ("v_b: He cooks.", 0),
    ]


def test_one_row_answers_a_sentence_however_often_it_stands_but_several_answer_in_order(tmp_path: Path) -> None:
    benchmark = charades(tmp_path)
    first, other, second = (
        {"video": video, "query": "a person sits.", "windows": [[at, at + 1]]}
        for video, at in (("A", 1), ("B", 2), ("A", 3))
    )
    one = {row.key: row.windows[0].start_s for row in load_answers(jsonl(tmp_path, "1", first, other), benchmark)}
    assert one == {"A: a person sits.": 1, "B: a person sits.": 2, "A: a person sits. (2)": 1}
    rows = load_answers(jsonl(tmp_path, "2", first, other, second), benchmark)
    assert {row.key: row.windows[0].start_s for row in rows} == one | {"A: a person sits. (2)": 3}


def test_a_query_without_an_answer_is_named_and_so_is_an_answer_to_no_query(tmp_path: Path) -> None:
    benchmark = activitynet(tmp_path)
    sings = {"video": "v_a", "query": "She sings.", "windows": []}
    with pytest.raises(UsageError, match=r"p.jsonl: lacks 1 of the 2 queries of .*truth.json.*'v_b: He cooks.'"):
        load_answers(jsonl(tmp_path, "p.jsonl", sings), benchmark)
    rows = [sings, {"video": "v_b", "query": "He cooks.", "windows": []}, sings | {"video": "v_c"}]
    with pytest.raises(UsageError, match=r"1 of its rows answer no query of .*'v_c: She sings.'; are they of"):
        load_answers(jsonl(tmp_path, "p.jsonl", *rows), benchmark)


def test_ratings_belong_to_their_query(tmp_path: Path) -> None:
    benchmark = load_benchmark(jsonl(tmp_path, "t", RATED, QUERY | {"qid": 5}), "qvhighlights")
    assert benchmark.clips == {"4": ClipScores(20.0, (1,), ((1.0, 2.0, 3.0),))}


def test_scores_of_clips_come_with_all_answers_or_with_none(tmp_path: Path) -> None:
    both = load_benchmark(jsonl(tmp_path, "t", RATED, RATED | {"qid": 5}), "qvhighlights")
    scored = ANSWER | {"pred_saliency_scores": [1, 2]}
    assert len(load_answers(jsonl(tmp_path, "p", scored, scored | {"qid": 5}), both)) == 2
    with pytest.raises(UsageError, match="qid 5 lacks pred_saliency_scores, but qid 4 has them; give all or none"):
        load_answers(jsonl(tmp_path, "p", scored, ANSWER | {"qid": 5}), both)
    bare = load_benchmark(jsonl(tmp_path, "t", QUERY), "qvhighlights")
    with pytest.raises(
        UsageError, match=r"qid 4 has pred_saliency_scores, but no saliency_scores in .*t; leave them"
    ):
        load_answers(jsonl(tmp_path, "p", scored), bare)
