"""The style sheet of the report page."""

from __future__ import annotations

import re

from videoindex.evaluation.report_style import STYLE


def test_it_fits_light_and_dark_and_calls_nothing_from_elsewhere() -> None:
    assert "prefers-color-scheme: dark" in STYLE
    assert not re.search(r"url\(|@import|</style", STYLE)
    assert STYLE.count("{") == STYLE.count("}")


def test_every_colour_that_is_used_is_set_for_both() -> None:
    used = set(re.findall(r"var\((--\w+)\)", STYLE))
    parts = STYLE.split("@media (prefers-color-scheme: dark)")
    light, dark = (set(re.findall(r"(--\w+):", part)) for part in parts)
    assert used <= light
    assert light == dark
