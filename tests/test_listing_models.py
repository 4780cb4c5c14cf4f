from __future__ import annotations

import json

import pytest

from videoindex.check import Check
from videoindex.doctor import Findings
from videoindex.fits import fit_family, judge
from videoindex.gpus import Gpu
from videoindex.listing_models import (
    findings_document,
    findings_text,
    servings_document,
    servings_lines,
    verdict_document,
    verdict_text,
)
from videoindex.models import GIB, find_model
from videoindex.serving import servings

CHECKS = (Check("gpu", "ok", "one"), Check("av", "missing", "not there", "pip install av"))


def test_a_check_stands_above_the_command_that_mends_it() -> None:
    lines = findings_text(Findings(CHECKS, (), 0)).splitlines()
    assert lines[:3] == ["ok        gpu: one", "missing   av: not there", "          pip install av"]
    assert lines[-1] == "Which models fit a GPU that is not here: videoindex doctor --gpu-gib 80"


def test_the_table_has_a_line_a_size_and_a_column_a_format() -> None:
    fits = tuple(fit_family(80 * GIB))
    lines = findings_text(Findings(CHECKS, fits, 1)).splitlines()
    top = lines.index("Qwen3-VL on one GPU of 80 GiB: the largest segment that fits")
    assert lines[top + 1].split() == ["model", "bf16", "fp8", "4bit"]
    rows = [line.split("  ") for line in lines[top + 2 : top + 8]]
    assert [row[1] for row in rows] == ["2B", "4B", "8B", "30B-A3B", "32B", "235B-A22B"]
    eight = next(fit for fit in fits if (fit.model.size, fit.weights) == ("8B", "bf16"))
    assert f"{eight.segment_tokens:,} tokens, {eight.segment_s / 60:.1f} min" in lines[top + 4]
    assert [cell for cell in rows[5] if cell][1:] == ["8 GPUs", "4 GPUs", "4 GPUs"]
    columns = {line.index(cell) for line, cell in zip(lines[top + 1 : top + 8], ["fp8", *(
        f"{f.segment_tokens:,}" if f.gpus == 1 else "4 GPUs" for f in fits if f.weights == "fp8"
    )], strict=True)}  # fmt: skip
    assert len(columns) == 1


def test_what_several_gpus_hold_is_shown_for_all_of_them() -> None:
    text = findings_text(Findings(CHECKS, tuple(fit_family(24 * GIB, 4)), 4))
    assert "on 4 GPUs of 24 GiB" in text
    mixture = next(line for line in text.splitlines() if "30B-A3B" in line)
    assert mixture.count(" tokens, ") == 3
    assert "more than 8 GPUs" in next(line for line in text.splitlines() if "235B" in line)


def test_the_document_is_the_table_as_rows() -> None:
    fits = tuple(fit_family(80 * GIB))
    document = json.loads(json.dumps(findings_document(Findings(CHECKS, fits, 1))))
    assert document["checks"][1] == {
        "name": "av",
        "state": "missing",
        "detail": "not there",
        "fix": "pip install av",
    }
    assert (document["fits"]["gpu_bytes"], document["fits"]["gpus"]) == (80 * GIB, 1)
    assert len(document["fits"]["models"]) == 18
    assert document["fits"]["models"][0] == {
        "model": "Qwen/Qwen3-VL-2B-Instruct",
        "weights": "bf16",
        "gpus": 1,
        "segment_tokens": fits[0].segment_tokens,
        "segment_s": fits[0].segment_s,
    }
    assert findings_document(Findings(CHECKS, (), 0))["fits"] is None


@pytest.mark.parametrize(
    ("size", "gpus", "says"),
    [
        ("8B", [Gpu("NVIDIA H100", 80 * GIB)], "NVIDIA H100: fits, largest segment 319,755 tokens"),
        ("30B-A3B", [Gpu("NVIDIA L4", 24 * GIB)],
         "NVIDIA L4: does not fit, it takes 4 GPUs of 24 GiB; largest segment 0 tokens"),
        ("235B-A22B", [Gpu("NVIDIA L4", 24 * GIB)] * 2,
         "2 x NVIDIA L4: does not fit, it takes more than 8 GPUs of 24 GiB; largest segment 0 tokens"),
        ("8B", [], "none here whose memory is known; it takes 1 GPU of 80 GiB"),
    ],
)  # fmt: skip
def test_a_verdict_says_whether_and_else_what_it_takes(size: str, gpus: list[Gpu], says: str) -> None:
    verdict = judge(find_model(size), "bf16", 32_768, gpus)
    assert verdict_text(verdict) == says
    document = verdict_document(verdict)
    assert document["fits"] is (": fits" in says)
    assert (document["names"], document["needs"]) == ([gpu.name for gpu in gpus], verdict.needs)


def test_commands_stand_under_their_server() -> None:
    ways = servings(find_model("8B"), "4bit", 32_768)
    assert servings_lines(ways) == [
        "serve it with llamacpp:",
        f"  {ways[0].serve_line}",
        "serve it with ollama:",
        "  OLLAMA_CONTEXT_LENGTH=32768 ollama serve",
        "  ollama pull qwen3-vl:8b-instruct-q4_K_M",
    ]
    assert [way["server"] for way in servings_document(ways)] == ["llamacpp", "ollama"]
    assert set(servings_document(ways)[0]) == {"server", "weights", "pull", "serve", "model", "url"}


def test_where_no_server_can_serve_it_the_plan_says_so() -> None:
    assert servings_lines([]) == ["no server takes these weights with so long a prompt; set vlm.backend to local"]
