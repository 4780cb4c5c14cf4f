"""The figures of a run."""

from __future__ import annotations

import json

import pytest
from needle_rows import control, missed, row

from videoindex.evaluation.metrics import wilson_interval
from videoindex.evaluation.needle_scores import by, figures, figures_document


def test_recall_is_of_needles_and_false_finds_are_of_controls() -> None:
    found = figures([row(0), row(1), missed(2), control(0), control(1, false_find=True)])
    assert (found.recall.hits, found.recall.n) == (2, 3)
    assert (found.false_finds.hits, found.false_finds.n) == (1, 2)
    assert found.recall.interval == wilson_interval(2, 3)


def test_the_unjudged_is_in_no_rate_and_the_failed_is_in_all() -> None:
    unjudged = row(1, outcome="unjudged", score=None, right=None, found=None, offset_s=None)
    failed = missed(2, outcome="failed", right=False)
    found = figures([row(0), unjudged, failed])
    assert (found.recall.hits, found.recall.n) == (1, 2)
    assert (found.failed, found.unjudged) == (1, 1)
    assert (found.right.hits, found.right.n) == (1, 2)


def test_times_are_of_found_needles_with_their_sign_beside() -> None:
    offsets = [-0.4, -0.2, -0.1, 0.3, 0.1]
    rows = [row(number, offset_s=value) for number, value in enumerate(offsets)]
    far = missed(9, offset_s=100.0)
    times = figures([*rows, far]).times
    assert times is not None
    assert (times.n, times.median_s, times.signed_median_s, times.ninth_tenth_s) == (5, 0.2, -0.1, 0.4)
    assert times.low_s <= times.median_s <= times.high_s


def test_nothing_found_has_no_times() -> None:
    assert figures([missed(0)]).times is None
    assert figures([]).recall.n == 0


def test_haystacks_that_differ_widen_the_interval_and_a_single_one_has_none() -> None:
    alike = [row(n, cluster="a") for n in range(9)] + [missed(9, cluster="a")]
    alike += [row(n + 20, cluster="b") for n in range(9)] + [missed(29, cluster="b")]
    apart = [row(n, cluster="a") for n in range(10)] + [missed(n + 20, cluster="b") for n in range(10)]
    assert figures([row(0), missed(1)]).clustered is None
    plain, clustered = figures(alike), figures(apart)
    assert plain.clustered == pytest.approx(plain.recall.interval)
    assert clustered.clustered is not None
    low, high = clustered.clustered
    assert low < clustered.recall.interval[0] < clustered.recall.interval[1] < high


def test_groups_keep_the_order_of_appearance() -> None:
    rows = [row(0, kind="speech"), row(1, kind="overlay"), row(2, kind="speech")]
    assert [(key, len(own)) for key, own in by(rows, "kind").items()] == [(("speech",), 2), (("overlay",), 1)]


def test_the_document_is_plain_json_with_every_interval() -> None:
    document = json.loads(json.dumps(figures_document(figures([row(0), missed(1), control(0)]))))
    assert document["recall"] == {"value": 0.5, "hits": 1, "n": 2, "low": 0.0945, "high": 0.9055}
    assert document["false_finds"]["n"] == 1
    assert document["time_error_s"]["median"] == 0.1
    assert document["recall_by_haystack"] is None
