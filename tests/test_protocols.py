"""Published tests as presets."""

from __future__ import annotations

import dataclasses

import pytest

from videoindex.errors import UsageError
from videoindex.evaluation.grid import GridSpec
from videoindex.evaluation.protocols import PROTOCOLS, Wish, find_protocol, merged
from videoindex.needle_arguments import PROTOCOL_NAMES


def test_the_command_line_names_every_protocol() -> None:
    assert tuple(protocol.name for protocol in PROTOCOLS) == PROTOCOL_NAMES


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda one: one.name)
def test_each_names_its_source_and_where_ours_differs(protocol) -> None:  # type: ignore[no-untyped-def]
    assert "arXiv:" in protocol.source
    assert len(protocol.said) > 20
    assert len(protocol.differs) > 20
    assert protocol.wish.lengths
    assert protocol.wish.controls


def test_the_figures_are_those_of_the_sources() -> None:
    """One frame a second is half a look a second; V-NIAH has 200 to 3,000 frames; VNBench offers four options."""
    qwen, niah, bench = (find_protocol(name).wish for name in ("qwen3-vl", "v-niah", "vnbench"))
    assert qwen.rate_hz == niah.rate_hz == 0.5
    assert qwen.budget_tokens == 262_144
    assert niah.lengths is not None
    assert niah.lengths.startswith("200s")
    assert niah.lengths.endswith("3000s")
    assert (bench.choices, bench.tasks) == (4, ("retrieval", "ordering", "counting"))


def test_what_is_said_wins_over_the_protocol() -> None:
    wish = merged(Wish(depths=3, controls=0), find_protocol("v-niah").wish)
    assert (wish.depths, wish.controls, wish.trials) == (3, 0, 5)


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="there are qwen3-vl, v-niah, secret-word, vnbench"):
        find_protocol("ruler")


def test_every_choice_of_a_grid_can_be_wished_for() -> None:
    wishes = {field.name for field in dataclasses.fields(Wish)}
    assert {field.name for field in dataclasses.fields(GridSpec)} - wishes == {"arm", "sampling"}
