"""Writes docs/commands.md, docs/settings.md and docs/models.md from the code: ``python docs/reference.py``.

``tests/test_docs.py`` fails when one is out of date.
"""

from __future__ import annotations

import argparse
import dataclasses
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

from model_page import models

from videoindex.cli import parser
from videoindex.config import Settings

HERE = Path(__file__).resolve().parent

# What `--json` prints beside what its name says.
DOCUMENTS = {
    "videoindex ask": """
        `--json` has `query`, `answer`, `found`, `moments`, `coverage`, `anchors`, `notes`, `suggested`, `length_s`
        and `moved`. With `--look` also `looks`, one for each moment that was looked at again or was to be, or for
        each single picture: `video_id`, `path`, `start_s`, `end_s` (of a picture the same), `verdict` (confirmed,
        tightened, rejected or not judged; of a picture yes, no, cannot tell or not judged) and `reason`. With
        `--agent` also `steps`: `number`, `action` (null for none that could be used), `result`, `refused`,
        `tokens`, `seconds`. With `--evidence` each of `moments` has `evidence`, its picture's path or null.
    """,
}


def commands() -> str:
    """Every command with its arguments, as Markdown."""
    lines = ["# Commands", "", "Written by `python docs/reference.py` from the command line's own definition."]
    lines += [
        "Exit status: 0 done, 1 failed, 2 bad usage. Times are seconds, `1:30` or `0:01:30.5` on the file's clock,"
    ]
    lines += ["or a date and time such as `2026-11-23T10:00` where the recording's date is known.", ""]
    for name, help_text, command in _leaves(parser(), "videoindex"):
        lines += [
            f"## `{name}`",
            "",
            f"{help_text[0].upper()}{help_text[1:]}.",
            "",
            "| argument | meaning |",
            "|---|---|",
        ]
        for action in command._actions:
            if not isinstance(action, argparse._HelpAction):
                lines.append(f"| `{_spelling(action)}` | {action.help} |")
        lines += ["", " ".join(DOCUMENTS[name].split()), ""] if name in DOCUMENTS else [""]
    return "\n".join(lines)


def _leaves(command: argparse.ArgumentParser, name: str) -> Iterator[tuple[str, str, argparse.ArgumentParser]]:
    groups = [action for action in command._actions if isinstance(action, argparse._SubParsersAction)]
    for group in groups:
        helps = {choice.dest: choice.help or "" for choice in group._choices_actions}
        for verb, inner in group.choices.items():
            if any(isinstance(action, argparse._SubParsersAction) for action in inner._actions):
                yield from _leaves(inner, f"{name} {verb}")
            else:
                yield f"{name} {verb}", helps[verb], inner


def _spelling(action: argparse.Action) -> str:
    value = action.metavar or (action.dest.upper() if action.option_strings else action.dest)
    if not action.option_strings:
        return str(value)
    flags = ", ".join(sorted(action.option_strings, key=len, reverse=True))
    return flags if action.nargs == 0 else f"{flags} {value}"


def settings() -> str:
    """Every setting with its default and what it means, as Markdown."""
    lines = [
        "# Settings",
        "",
        "Written by `python docs/reference.py` from the settings classes. A settings file is TOML;",
    ]
    lines += ["what it leaves out keeps its default. `configs/embedded.toml` is the default as a file.", ""]
    for table, cls in _tables(Settings, ""):
        lines += [f"## `[{table}]`", "", "| setting | default | meaning |", "|---|---|---|"]
        meanings = explanations(cls)
        for field in dataclasses.fields(cls):
            default = field.default if field.default is not dataclasses.MISSING else field.default_factory()  # type: ignore[misc]
            if not dataclasses.is_dataclass(default):
                lines.append(f"| `{field.name}` | `{_toml(default)}` | {meanings[field.name]} |")
        lines.append("")
    return "\n".join(lines)


def _tables(cls: type, prefix: str) -> Iterator[tuple[str, type]]:
    for field in dataclasses.fields(cls):
        default = field.default_factory() if field.default is dataclasses.MISSING else field.default  # type: ignore[misc]
        if dataclasses.is_dataclass(default):
            yield prefix + field.name, type(default)
            yield from _tables(type(default), f"{prefix}{field.name}.")


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{', '.join(_toml(item) for item in value)}]"
    return f'"{value}"' if isinstance(value, str) else str(value)


def explanations(cls: type) -> dict[str, str]:
    """What each field means: the comment above it (or above its run of fields), the docstring below it, or the
    class docstring's sentence that names it. Raises KeyError for a field that nothing explains."""
    lines = inspect.getsource(cls).splitlines()
    meanings: dict[str, str] = {}
    for field in dataclasses.fields(cls):
        at = next(i for i, line in enumerate(lines) if re.match(rf"    {field.name}: ", line))
        below = re.match(r'    """(.*?)"""', lines[at + 1]) if at + 1 < len(lines) else None
        meaning = (
            below[1] if below else _comment_above(lines, at) or _sentence_about(field.name, cls.__doc__ or "")
        )
        is_table = field.default_factory is not dataclasses.MISSING or dataclasses.is_dataclass(field.default)
        if not meaning and not is_table:
            raise KeyError(f"{cls.__name__}.{field.name} is explained nowhere")
        meanings[field.name] = " ".join(meaning.split())
    return meanings


def _comment_above(lines: list[str], at: int) -> str:
    while re.match(r"    \w+: .* = ", lines[at]):
        at -= 1
    comment: list[str] = []
    while lines[at].strip().startswith("#"):
        comment.insert(0, lines[at].strip().removeprefix("#").strip())
        at -= 1
    return " ".join(comment)


def _sentence_about(name: str, docstring: str) -> str:
    sentences = re.split(r"(?<=[.;])\s+", " ".join(docstring.split()))
    return next((sentence.replace("``", "`") for sentence in sentences if f"``{name}``" in sentence), "")


if __name__ == "__main__":
    (HERE / "commands.md").write_text(commands())
    (HERE / "settings.md").write_text(settings())
    (HERE / "models.md").write_text(models())
