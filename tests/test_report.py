"""The report's figures, for programs and for people."""

from __future__ import annotations

import json

import pytest
from needle_rows import control, missed, report_of, row, run_of, spec

from videoindex.evaluation.metrics import Rate
from videoindex.evaluation.report import groups, health_sentences, rate_text, report_document, report_text

ROWS = (row(0), row(1, depth=0.5), missed(2, depth=0.5), row(3, kind="speech"), control(0), control(1))


def test_groups_are_by_arm_task_kind_and_look_and_controls_by_arm() -> None:
    assert [group.name for group in groups([*ROWS, missed(9, arm="ask")])] == [
        "index: retrieval, overlay, salient",
        "index: retrieval, speech, salient",
        "ask: retrieval, overlay, salient",
        "index: controls",
    ]


def test_rates_carry_their_count_and_interval() -> None:
    assert rate_text(Rate(20, 20)) == "20 of 20, 1.00 [0.84-1.00]"
    assert rate_text(Rate(0, 0)) == "-"


def test_the_text_tells_recall_times_depths_and_false_finds() -> None:
    text = report_text(report_of(*ROWS))
    assert "2 of 3, 0.67" in text
    assert "0 of 2 found falsely" in text
    assert "0.10 s" in text
    assert any(line.split()[:4] == ["index", "10m", "overlay", "50%"] for line in text.splitlines())


def test_a_health_check_says_what_share_would_be_found() -> None:
    report = report_of(*ROWS, run=run_of(haystack="/films/yard.mp4"))
    said = health_sentences(report)
    assert said[0].startswith(
        "Of salient written 2-second events in this recording, `search` with these settings finds 67% (2 of 3;"
    )
    assert "spoken sentences" in said[1]
    assert said[-1] == "Asked 2 times for what is not there, it claimed 0 finds."
    assert said[0] in report_text(report)
    assert "this recording" not in report_text(report_of(*ROWS))


def test_the_document_holds_all_that_is_needed_to_judge_it() -> None:
    document = json.loads(json.dumps(report_document(report_of(*ROWS, warnings=("a clock is shifted",)))))
    assert document["arms"]["index"]["recall"]["hits"] == 3
    assert document["warnings"] == ["a clock is shifted"]
    assert {cell["depth"] for cell in document["cells"]} == {0.1, 0.5}
    assert document["made_with"][0]["git revision"] == "0123456789ab"
    assert document["run"]["grid"]["seed"] == 0
    assert document["settings"] == {"search": {"limit": 10}}
    assert document["protocol"] is None


@pytest.mark.parametrize("name", ["qwen3-vl", "vnbench"])
def test_a_protocol_is_named_with_its_source_and_differences(name: str) -> None:
    document = report_document(report_of(row(0), run=run_of(spec(), protocol=name)))
    assert "arXiv" in document["protocol"]["source"]
    assert document["protocol"]["differs"]
