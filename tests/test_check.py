from __future__ import annotations

import sys

from videoindex.check import installed_version


def test_a_version_is_read_without_importing_the_package() -> None:
    before = set(sys.modules)
    version = installed_version("prefect")
    assert version
    assert version[0].isdigit()
    assert "prefect" not in set(sys.modules) - before


def test_a_package_that_is_not_there_has_none() -> None:
    assert installed_version("no-such-package-as-this") is None
