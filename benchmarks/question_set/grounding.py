"""Questions out of a truth file of ``eval grounding``: each query as it stands, then for all, first and last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from question_set.cases import Case
from videoindex.evaluation.truth import GroundingQuery

__all__ = ["cases_of_truth"]


def cases_of_truth(queries: Sequence[GroundingQuery]) -> list[Case]:
    """Four questions for a query that has windows, three for one that never happens."""
    return [case for query in queries for case in _cases(query)]


def _cases(query: GroundingQuery) -> Iterator[Case]:
    windows, video, text = query.windows, query.video, query.query
    if not windows:
        for wording in ("{x}", "the first time {x}", "how many times is there: {x}"):
            yield Case("never", query.kind, wording.format(x=text), (), "none", False, video)
        return
    yield Case("when", query.kind, text, windows, "any", False, video)
    yield Case("every", query.kind, text, windows, "all", False, video, every=True)
    yield Case("first", query.kind, f"the first time {text}", windows[:1], "first", False, video)
    yield Case("last", query.kind, f"the last time {text}", windows[-1:], "first", False, video)
