"""Search latency and recall at a million events, next to a bare LanceDB query. Prints Markdown.

    python benchmarks/search_million.py --events 1000000 --work /tmp/million

Where the data come from:
- **Seed texts** (1,000): sentences such as the observers write, from templates of things, colours and motions,
  and from words of the embedding model's own vocabulary drawn by Zipf's law (its order is roughly that of
  frequency). Each is embedded by the real all-MiniLM-L6-v2.
- **Events**: each takes a seed text, swaps a fifth of its words for others drawn by the same law and adds a
  number; its vector is the seed's, plus half the difference of two other seeds' vectors, plus Gaussian noise of
  length 0.3, brought back to length 1. So the mass lies on the model's own manifold, in clusters, and embedding a
  million texts (hours on a CPU) is not needed.
- **Queries** (real, embedded while the clock runs): four words of a seed text that was kept for queries alone.

Recall@10 is against exact cosine over all vectors in numpy; for hybrid search, against the same fusion over the
exact list of vectors. Latency is one query at a time, from text to hits, after a warm-up.
"""

from __future__ import annotations

import argparse
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from videoindex.index.embed import SentenceEmbedder, packaged_model
from videoindex.index.store import Filters, Hit, Store, StoreSettings, VideoRecord
from videoindex.types import Event, Span, Video

EVENTS_PER_VIDEO = 5_000
SEEDS = 1_000
SOURCES = ("objects", "screen_text", "speech", "captions")
CAMERAS = ("door", "yard", "hall", "street", "garage", "lobby", "roof", "gate")
THINGS = ("person", "car", "dog", "bicycle", "truck", "cat", "bus", "motorcycle", "group of people", "van")
COLOURS = ("red", "blue", "black", "white", "green", "yellow", "grey", "orange", "brown")
MOTIONS = (
    "enters from the left",
    "walks right",
    "stands still",
    "leaves on the right",
    "passes by",
    "turns around",
)
DAY = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, eq=False)
class Mass:
    """What brute force needs: all vectors (N, D), and each event's id, video, camera, source and start."""

    vectors_ND: NDArray[np.float32]
    ids_N: NDArray[np.str_]
    videos_N: NDArray[np.int64]
    sources_N: NDArray[np.int64]
    starts_s_N: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Case:
    """A kind of query: its filters, and the rows of the mass that pass them."""

    name: str
    filters: Filters
    passes: Callable[[Mass], NDArray[np.bool_]]


def vocabulary() -> list[str]:
    """Whole lower-case words of the embedding model, most frequent first."""
    lines = (packaged_model() / "vocab.txt").read_text(encoding="utf-8").splitlines()
    return [word for word in lines if word.isascii() and word.isalpha() and word.islower() and len(word) > 2]


def zipf_words(rng: np.random.Generator, words: Sequence[str], n: int) -> list[str]:
    """``n`` words, the one of rank r with a probability proportional to 1 / (r + 3)."""
    weights = 1.0 / (np.arange(len(words)) + 3.0)
    return [words[i] for i in rng.choice(len(words), n, p=weights / weights.sum())]


def seed_texts(rng: np.random.Generator, words: Sequence[str], n: int) -> list[str]:
    """A third of what cameras see, two thirds of what slides and speakers say."""
    drawn = iter(zipf_words(rng, words, n * 16))
    texts = []
    for i in range(n):
        length = int(rng.integers(5, 17))
        said = " ".join(next(drawn) for _ in range(length))
        if i % 3 == 0:
            said = f"a {rng.choice(COLOURS)} {rng.choice(THINGS)} {rng.choice(MOTIONS)} near the {said[:40]}"
        texts.append(said)
    return texts


def events_of(
    video: int, rng: np.random.Generator, seeds: Sequence[str], spare: Sequence[str], n: int
) -> tuple[list[Event], NDArray[np.int64]]:
    """The events of one synthetic video of a day, and the seed each came from."""
    chosen = rng.integers(0, len(seeds), n)
    starts_s = np.sort(rng.uniform(0, 86_400, n))
    swaps = rng.random((n, 32)) < 0.2
    spares = rng.integers(0, len(spare), (n, 32))
    events = []
    for i, seed in enumerate(chosen):
        words = [spare[spares[i, j]] if swaps[i, j] else word for j, word in enumerate(seeds[seed].split()[:32])]
        events.append(
            Event.observed(
                f"v{video:04}",
                Span(float(starts_s[i]), float(starts_s[i]) + 5.0),
                " ".join([*words, str(int(rng.integers(0, 10_000)))]),
                source=SOURCES[int(seed) % len(SOURCES)],
                model="synthetic",
                confidence=0.5,
            )
        )
    return events, chosen


def vectors_of(
    rng: np.random.Generator, seeds_SD: NDArray[np.float32], chosen: NDArray[np.int64]
) -> NDArray[np.float32]:
    """See the module's docstring; (N, D) of length 1."""
    n, dim = len(chosen), seeds_SD.shape[1]
    one, other = rng.integers(0, len(seeds_SD), (2, n))
    noise = rng.standard_normal((n, dim), dtype=np.float32) * np.float32(0.3 / np.sqrt(dim))
    mixed = seeds_SD[chosen] + np.float32(0.5) * (seeds_SD[one] - seeds_SD[other]) + noise
    return np.asarray(mixed / np.linalg.norm(mixed, axis=1, keepdims=True), dtype=np.float32)


def fill(
    store: Store, n_events: int, seeds: Sequence[str], seeds_SD: NDArray[np.float32], words: list[str]
) -> Mass:
    """Commits the videos one by one and keeps what brute force needs."""
    rng = np.random.default_rng(2)
    spare = zipf_words(rng, words, 100_000)
    parts: list[tuple[NDArray[np.float32], list[str], NDArray[np.int64], NDArray[np.float64]]] = []
    for number in range(-(-n_events // EVENTS_PER_VIDEO)):
        n = min(EVENTS_PER_VIDEO, n_events - number * EVENTS_PER_VIDEO)
        events, chosen = events_of(number, rng, seeds, spare, n)
        vectors = vectors_of(rng, seeds_SD, chosen)
        day = DAY + timedelta(days=number)
        video = Video(f"v{number:04}", Path(f"/v{number}.mp4"), Span(0, 86_410), 1280, 720, 25.0, True, day)
        store.commit_video(VideoRecord(video, CAMERAS[number % 8], "k", DAY), events, vectors, [])
        starts = np.array([event.span.start_s for event in events])
        parts.append((vectors, [event.id for event in events], chosen % len(SOURCES), starts))
    return Mass(
        np.concatenate([part[0] for part in parts]),
        np.array([event_id for part in parts for event_id in part[1]]),
        np.repeat(np.arange(len(parts)), [len(part[0]) for part in parts]),
        np.concatenate([part[2] for part in parts]),
        np.concatenate([part[3] for part in parts]),
    )


CASES = (
    Case("no filter", Filters(), lambda mass: np.ones(len(mass.ids_N), bool)),
    Case("source", Filters(sources=("speech",)), lambda mass: mass.sources_N == 2),
    Case("camera and hour", Filters(cameras=("door",), after_s=36_000, before_s=39_600),
         lambda mass: (mass.videos_N % 8 == 0) & (mass.starts_s_N + 5 > 36_000) & (mass.starts_s_N < 39_600)),
    Case("one video", Filters(video_ids=("v0003",)), lambda mass: mass.videos_N == 3),
    Case("a week of wall clock", Filters(after_wall=DAY + timedelta(days=7), before_wall=DAY + timedelta(days=14)),
         lambda mass: (mass.videos_N >= 7) & (mass.videos_N < 14)),
)  # fmt: skip


def exact_top(mass: Mass, query_D: NDArray[np.float32], passes_N: NDArray[np.bool_], n: int) -> NDArray[np.int64]:
    """Rows of the ``n`` nearest events that pass, by brute force."""
    cosines_N = np.where(passes_N, mass.vectors_ND @ query_D, -2.0)
    top = np.argpartition(-cosines_N, n)[:n]
    return np.asarray(top[np.argsort(-cosines_N[top], kind="stable")])


def exact_hybrid(store: Store, mass: Mass, top: NDArray[np.int64], text: str, query_D: NDArray[np.float32],
                 case: Case, settings: StoreSettings) -> set[str]:  # fmt: skip
    """The ten best of the same fusion when its list of vectors is exact."""
    by_words = store.fulltext(text, case.filters, limit=settings.candidates)
    score = {str(mass.ids_N[row]): 1.0 / (settings.rrf_k + rank) for rank, row in enumerate(top, start=1)}
    for rank, hit in enumerate(by_words, start=1):
        score[hit.event.id] = score.get(hit.event.id, 0.0) + 1.0 / (settings.rrf_k + rank)
    return set(sorted(score, key=lambda event_id: -score[event_id])[:10])


def timed(run: Callable[[str], object], queries: Sequence[str]) -> str:
    """p50, p95 and p99 in milliseconds over ``queries``, as Markdown cells."""
    taken_ms = []
    for query in queries:
        began = time.perf_counter()
        run(query)
        taken_ms.append((time.perf_counter() - began) * 1e3)
    return " | ".join(f"{np.percentile(taken_ms, share):.1f}" for share in (50, 95, 99))


def measure(
    store: Store, embedder: SentenceEmbedder, mass: Mass, queries: Sequence[str], settings: StoreSettings
) -> Iterator[str]:
    """Rows of the table: one for each case, then the bare query."""
    vectors = {query: embedder.embed_query(query) for query in queries}
    for case in CASES:
        passes_N = case.passes(mass)

        def ask(query: str, case: Case = case) -> list[Hit]:
            return store.hybrid(query, embedder.embed_query(query), case.filters, limit=10)

        for query in queries[:20]:
            ask(query)
        cells = timed(ask, queries)
        near, fused = [], []
        for query in queries[:100]:
            top = exact_top(mass, vectors[query], passes_N, settings.candidates)
            found = {hit.event.id for hit in store.vector(vectors[query], case.filters, limit=10)}
            near.append(len(found & set(mass.ids_N[top[:10]])) / 10)
            wanted = exact_hybrid(store, mass, top, query, vectors[query], case, settings)
            fused.append(len({hit.event.id for hit in ask(query)} & wanted) / 10)
        shares = f"{np.mean(near):.3f} | {np.mean(fused):.3f}"
        yield f"| hybrid, {case.name} ({passes_N.sum():,}) | {cells} | {shares} |"


def bare(uri: str, embedder: SentenceEmbedder, mass: Mass, queries: Sequence[str]) -> str:
    """A plain LanceDB vector query with its defaults on the same table; vectors embedded before the clock runs."""
    import lancedb

    table = lancedb.connect(uri).open_table("events")
    vectors = {query: embedder.embed_query(query) for query in queries}

    def ask(query: str) -> list[str]:
        found = table.search(vectors[query]).distance_type("cosine").select(["id"]).limit(10).to_arrow()
        return list(found["id"].to_pylist())

    for query in queries[:20]:
        ask(query)
    cells = timed(ask, queries)
    every = np.ones(len(mass.ids_N), bool)
    recall = [
        len(set(ask(query)) & set(mass.ids_N[exact_top(mass, vectors[query], every, 10)])) / 10
        for query in queries[:100]
    ]
    return f"| bare LanceDB vector query, embedding not counted | {cells} | {np.mean(recall):.3f} | |"


def kept(mass_file: Path) -> Mass:
    """The mass that an earlier run with --keep left."""
    with np.load(mass_file) as arrays:
        return Mass(*(arrays[name] for name in ("vectors_ND", "ids_N", "videos_N", "sources_N", "starts_s_N")))


def keep(mass: Mass, mass_file: Path) -> None:
    np.savez(mass_file, vectors_ND=mass.vectors_ND, ids_N=mass.ids_N, videos_N=mass.videos_N,
             sources_N=mass.sources_N, starts_s_N=mass.starts_s_N)  # fmt: skip


def prepared(
    store: Store, n_events: int, mass_file: Path, seeds: Sequence[str], embedder: SentenceEmbedder
) -> Mass:
    """Fills and indexes the store, unless an earlier run left it so; says on the way what that took."""
    if mass_file.exists():
        return kept(mass_file)
    began = time.perf_counter()
    seeds_SD = embedder.embed_documents(seeds)
    embedded = time.perf_counter()
    mass = fill(store, n_events, seeds, seeds_SD, vocabulary())
    filled = time.perf_counter()
    store.optimize()
    built = time.perf_counter()
    size_bytes = sum(path.stat().st_size for path in Path(store.uri).rglob("*") if path.is_file())
    print(f"{len(seeds):,} texts embedded in {embedded - began:.0f} s, {n_events:,} events committed in "
          f"{filled - embedded:.0f} s (generation included), indices built in {built - filled:.0f} s, "
          f"{size_bytes / 1e9:.2f} GB on disk\n", flush=True)  # fmt: skip
    keep(mass, mass_file)
    return mass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--work", type=Path, required=True, help="folder for about 6 GB, made and removed")
    parser.add_argument("--keep", action="store_true", help="leave it, and use what such a run left")
    asked = parser.parse_args()
    asked.work.mkdir(parents=True, exist_ok=True)
    settings, embedder = StoreSettings(), SentenceEmbedder()
    texts = seed_texts(np.random.default_rng(1), vocabulary(), SEEDS + asked.queries)
    queries = [" ".join(text.split()[:8:2]) for text in texts[SEEDS:]]
    uri = str(asked.work / "db")
    store = Store.open(uri, dim=embedder.dim, embedder=embedder.fingerprint, settings=settings)
    mass = prepared(store, asked.events, asked.work / "mass.npz", texts[:SEEDS], embedder)
    print("| query | p50 ms | p95 ms | p99 ms | recall@10 vectors | recall@10 hybrid |")
    print("|---|---|---|---|---|---|")
    for row in measure(store, embedder, mass, queries, settings):
        print(row, flush=True)
    print(bare(uri, embedder, mass, queries))
    if not asked.keep:
        shutil.rmtree(asked.work)


if __name__ == "__main__":
    main()
