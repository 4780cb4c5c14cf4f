"""Settings of looking again that cannot be right are named."""

from __future__ import annotations

import pytest

from videoindex.errors import ConfigError
from videoindex.query.look_settings import AgentSettings, SecondLookSettings, StateSettings


@pytest.mark.parametrize(
    ("cls", "table", "field", "value"),
    [
        (SecondLookSettings, "look", "windows", 0),
        (SecondLookSettings, "look", "widen_s", -1.0),
        (SecondLookSettings, "look", "widen_s", float("nan")),
        (SecondLookSettings, "look", "rate_hz", 0.0),
        (SecondLookSettings, "look", "rate_hz", float("inf")),
        (SecondLookSettings, "look", "min_pixels", 100),
        (SecondLookSettings, "look", "max_pixels", 100),
        (SecondLookSettings, "look", "window_tokens", 0),
        (SecondLookSettings, "look", "token_budget", 0),
        (SecondLookSettings, "look", "seconds", 0.0),
        (SecondLookSettings, "look", "answer_tokens", 10),
        (StateSettings, "look.state", "grid", 1),
        (StateSettings, "look.state", "precision_s", 0.0),
        (StateSettings, "look.state", "pictures", 3),
        (StateSettings, "look.state", "max_pixels", 10),
        (AgentSettings, "look.agent", "steps", 0),
        (AgentSettings, "look.agent", "results", 0),
        (AgentSettings, "look.agent", "longest_look_s", -2.0),
        (AgentSettings, "look.agent", "token_budget", 0),
        (AgentSettings, "look.agent", "seconds", float("nan")),
    ],
)
def test_settings_out_of_range_are_named(cls: type, table: str, field: str, value: float) -> None:
    with pytest.raises(ConfigError, match=rf"{table}\.{field}"):
        cls(**{field: value})


def test_the_defaults_look_at_as_many_windows_as_they_say_within_their_tokens() -> None:
    from pathlib import Path

    from looking import moment

    from videoindex.query.look import worst_text_tokens
    from videoindex.query.look_windows import plan_look
    from videoindex.types import Span, Video

    settings = SecondLookSettings()
    hour = Video("hour", Path("hour.mp4"), Span(0.0, 3_600.0), 1920, 1080, 25.0, has_audio=True)
    moments = [moment(hour, 600.0 * k, 600.0 * k + 6) for k in range(1, 6)]
    plan = plan_look(moments, {"hour": hour}, settings, worst_text_tokens("When does the bus come?" * 3, settings))
    assert len(plan.windows) == settings.windows
