"""What looking at one file would take on this machine, and how its model is served. Decodes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from videoindex.config import Settings
from videoindex.fits import Verdict, judge, served_on
from videoindex.gpus import find_gpus
from videoindex.media.probe import probe
from videoindex.model_files import describe
from videoindex.models import Weights, find_weights
from videoindex.sampling.plan import Plan, plan
from videoindex.serving import Serving, servings
from videoindex.types import Video

__all__ = ["PlannedFile", "plan_file"]


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A plan, whether it fits this machine's GPUs, and the ways to serve its model; none where no server takes so
    long a prompt."""

    video: Video
    plan: Plan
    verdict: Verdict
    ways: tuple[Serving, ...]


def plan_file(
    path: Path, settings: Settings, name: str | None = None, weights: Weights | None = None
) -> PlannedFile:
    """Plans ``path`` with the model ``name``, else that of the settings; ``weights`` are else as its name says.

    Raises ConfigError for a model that is not known, NotAVideoError for a file without a picture.
    """
    name = name or settings.vlm.model
    model, weights = describe(name), weights or find_weights(name) or "bf16"
    video = probe(path).video
    planned = plan(video, settings.sampling, model, weights)
    verdict = judge(model, weights, planned.prompt_tokens, find_gpus())
    ways: list[Serving] = []
    if planned.prompt_tokens <= model.context:
        count, context = served_on(model, weights, verdict, min(settings.sampling.token_budget, model.context))
        ways = servings(model, weights, context, count)
    return PlannedFile(video, planned, verdict, tuple(ways))
