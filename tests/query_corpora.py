"""Recordings as events, and questions with their true windows: written by hand, in two halves.

``CALIBRATION`` is what the thresholds are fitted on (benchmarks/search_calibration.py); ``HELD_OUT`` is what the
tests measure. The texts carry the faults of recognisers: glued and misread letters on screens, misheard words in
speech. Questions: (kind, text, windows); no window means that it never happens.
"""

# ruff: noqa: E501  (one event a line reads best)
from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from videoindex.index.records import Filters, Hit, ObserverCoverage, VideoRecord
from videoindex.query.match import page
from videoindex.types import Event, Gap, Span, Video

Windows = list[tuple[float, float]]


@dataclass(frozen=True)
class Corpus:
    """One recording: (source, start_s, end_s, text) rows and (kind, question, windows) rows."""

    name: str
    end_s: float
    events: list[tuple[str, float, float, str]]
    questions: list[tuple[str, str, Windows]]

    @property
    def sources(self) -> list[str]:
        return sorted({source for source, *_ in self.events})


class Embedder(Protocol):
    def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]: ...

    def embed_query(self, text: str) -> NDArray[np.float32]: ...


class MemoryIndex:
    """An index of a few events in memory: cosine and word overlap, fused by reciprocal rank."""

    def __init__(self, embedder: Embedder | None = None) -> None:
        self.embedder = embedder
        self._records: list[VideoRecord] = []
        self._coverage: list[ObserverCoverage] = []
        self._events: list[Event] = []
        self._vectors: list[NDArray[np.float32]] = []

    def add(
        self,
        corpus: Corpus,
        *,
        camera: str | None = None,
        recorded_at: datetime | None = None,
        gaps: Sequence[Gap] = (),
        shortest_event_s: float = 1.0,
    ) -> None:
        span = Span(0.0, corpus.end_s)
        video = Video(corpus.name, Path(f"/videos/{corpus.name}.mp4"), span, 1280, 720, 25.0, True, recorded_at)
        self._records.append(VideoRecord(video, camera, "key", datetime(2026, 1, 1, tzinfo=UTC)))
        for source in corpus.sources:
            holes = tuple(gap for gap in gaps if gap.observer == source)
            self._coverage.append(ObserverCoverage(corpus.name, source, (span,), holes, shortest_event_s))
        events = [
            Event.observed(corpus.name, Span(start_s, end_s), text, source=source, model="m", confidence=0.8)
            for source, start_s, end_s, text in corpus.events
        ]
        self._events += events
        if self.embedder is not None and events:
            self._vectors += list(self.embedder.embed_documents([event.text for event in events]))
        else:
            self._vectors += [np.zeros(2, np.float32)] * len(events)

    def videos(self) -> list[VideoRecord]:
        return list(self._records)

    def coverage(self, video_ids: Sequence[str] = ()) -> list[ObserverCoverage]:
        return [row for row in self._coverage if not video_ids or row.video_id in video_ids]

    def cover(self, rows: Sequence[ObserverCoverage]) -> None:
        """Replaces what the index says was looked at."""
        self._coverage = list(rows)

    def hybrid(
        self, text: str, vector_D: NDArray[np.float32], filters: Filters | None = None, *, limit: int = 20
    ) -> list[Hit]:
        wanted = set(page(text).stems)
        hits: list[Hit] = []
        for event, own_D in zip(self._events, self._vectors, strict=True):
            if filters is not None and not self._passes(event, filters):
                continue
            shared = float(len(wanted & page(event.text).stems))
            hits.append(Hit(event, float(own_D @ vector_D), shared or None, 0.0))
        by_meaning = sorted(hits, key=lambda hit: -(hit.cosine or 0.0))
        by_words = sorted(hits, key=lambda hit: -(hit.bm25 or 0.0))
        ranks: dict[str, float] = {}
        for ranking in (by_meaning, by_words):
            for rank, hit in enumerate(ranking):
                ranks[hit.event.id] = ranks.get(hit.event.id, 0.0) + 1.0 / (60 + rank)
        fused = [replace(hit, rrf=ranks[hit.event.id]) for hit in hits]
        return sorted(fused, key=lambda hit: -hit.rrf)[:limit]

    def events(
        self, filters: Filters | None = None, *, limit: int | None = None, offset: int = 0
    ) -> Iterator[Event]:
        passing = [event for event in self._events if filters is None or self._passes(event, filters)]
        passing.sort(key=lambda event: (event.video_id, event.span, event.id))
        yield from passing[offset : None if limit is None else offset + limit]

    def _passes(self, event: Event, filters: Filters) -> bool:
        record = next(record for record in self._records if record.video.id == event.video_id)
        camera, begins = record.camera, record.video.wall_clock(event.span.start_s)
        ends = record.video.wall_clock(event.span.end_s)
        return (
            (not filters.video_ids or event.video_id in filters.video_ids)
            and (not filters.cameras or camera in filters.cameras)
            and (not filters.sources or event.source in filters.sources)
            and (filters.after_s is None or event.span.end_s > filters.after_s)
            and (filters.before_s is None or event.span.start_s < filters.before_s)
            and (filters.after_wall is None or (ends is not None and ends > filters.after_wall))
            and (filters.before_wall is None or (begins is not None and begins < filters.before_wall))
        )


class Remembered:
    """An embedder that embeds a text once; for models that treat questions and documents alike."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._vectors: dict[str, NDArray[np.float32]] = {}

    def learn(self, texts: Sequence[str]) -> None:
        new = [text for text in dict.fromkeys(texts) if text not in self._vectors]
        if new:
            self._vectors.update(zip(new, self._embedder.embed_documents(new), strict=True))

    def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.learn(texts)
        return np.stack([self._vectors[text] for text in texts])

    def embed_query(self, text: str) -> NDArray[np.float32]:
        self.learn([text])
        return self._vectors[text]


class NoMeaning:
    """An embedder that knows nothing, for tests of words alone."""

    def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.zeros((len(texts), 2), np.float32)

    def embed_query(self, text: str) -> NDArray[np.float32]:
        return np.zeros(2, np.float32)


LECTURE = Corpus(
    "lecture",
    900.0,
    [
        ("screen_text", 0, 42, "CS 231: Machine Learning\nLecture 7\nGradientDescent"),
        ("speech", 3, 8, "Good afternoon everyone, welcome back to the seventh lecture."),
        ("speech", 9, 15, "Last week we looked at linear regression and the normal equation."),
        ("speech", 16, 24, "Today we will see how to minimise a loss function one small step at a time."),
        ("speech", 25, 33, "Imagine you are standing on a foggy hill and want to get down to the valley."),
        ("screen_text", 42, 130, "The learning rate\n- too small: slow convergence\n- too large: divergence"),
        ("speech", 44, 52, "The learning rate decides how far we move in each update."),
        ("speech", 53, 60, "If it is too large, the parameters bounce around and the loss explodes."),
        ("speech", 61, 70, "A common choice is zero point zero one, but you should try several values."),
        ("screen_text", 130, 240, "Stochastic gradient descent\nbatch size 32\nshuffle every epoch"),
        ("speech", 133, 141, "Instead of the whole data set we look at a handful of examples each time."),
        ("speech", 142, 150, "The noise even helps us to escape from bad local minima."),
        ("screen_text", 240, 360, "Momentum\nv = 0.9 v - lr * grad"),
        ("speech", 243, 251, "Momentum works like a heavy ball that keeps rolling in the same direction."),
        ("speech", 300, 309, "Are there any questions so far? Yes, please, in the back row."),
        ("speech", 310, 318, "The student wants to know whether this always finds the global optimum."),
        ("speech", 319, 326, "The answer is no, only convex problems come with that guarantee."),
        ("screen_text", 360, 520, "Overfitting\ntraining error goes down, validation error goes up"),
        ("speech", 365, 373, "When the model memorises the training data we say that it over fits."),
        ("speech", 380, 388, "You can stop early, add dropout, or collect more data."),
        ("screen_text", 520, 700, "Homework 3\ndue Friday, October 14\nsubmit as PDF on the course page"),
        ("speech", 525, 533, "The third assignment is due on Friday the fourteenth of October."),
        ("speech", 534, 541, "Please do not hand in photographs of your notebook."),
        ("screen_text", 700, 900, "Thank you\nOffice hours: Tuesday 3-5 pm, room B204"),
        ("speech", 705, 711, "My office is in building B, come by on Tuesday afternoon."),
        ("speech", 880, 886, "See you next week."),
    ],
    [
        ("ocr", 'the slide titled "The learning rate"', [(42, 130)]),
        ("ocr", "slide about stochastic gradient descent", [(130, 240)]),
        ("ocr", "when is the overfitting slide shown", [(360, 520)]),
        ("ocr", 'the text "batch size 32"', [(130, 240)]),
        ("ocr", "slide with office hours", [(700, 900)]),
        ("ocr", "the title Gradient Descent", [(0, 42), (130, 240)]),
        ("ocr", "Homework 3", [(520, 700)]),
        ("speech", 'the lecturer says "welcome back"', [(3, 8)]),
        ("speech", "when does he mention linear regression", [(9, 15)]),
        ("speech", "the professor explains that momentum is like a rolling ball", [(243, 251)]),
        ("speech", "at what second does she talk about a foggy hill", [(25, 33)]),
        ("speech", "a student asks whether the global optimum is always found", [(310, 318)]),
        ("speech", "what does the speaker say about dropout", [(380, 388)]),
        ("speech", 'he says "the model memorizes the training data"', [(365, 373)]),
        ("speech", "the deadline of the assignment is announced", [(525, 533), (520, 700)]),
        ("topic", "how does noise help to escape local minima", [(142, 150)]),
        ("topic", "convex problems guarantee", [(319, 326)]),
        ("topic", "learning rate too large", [(42, 130), (53, 60)]),
        ("topic", "what is a good value for the learning rate", [(44, 52), (61, 70), (42, 130)]),
        ("negative", 'someone says "good evening"', []),
        ("negative", "the lecturer mentions convolutional neural networks", []),
        ("negative", 'the slide titled "Backpropagation"', []),
        ("negative", "when does he talk about the midterm exam", []),
        ("negative", 'the text "batch size 64"', []),
        ("negative", "Homework 5", []),
        ("negative", "support vector machines", []),
        ("negative", "the history of the Roman empire", []),
        ("negative", "a cat jumps onto the desk", []),
        ("negative", "a student leaves the room angrily", []),
        ("negative", "a rocket is launched", []),
        ("negative", "the speaker tells a joke about penguins", []),
        ("negative", "slide about reinforcement learning", []),
        ("negative", "a hill covered with snow", []),
    ],
)

FILM = Corpus(
    "film",
    600.0,
    [
        ("screen_text", 2, 6, "NORTHLIGHT PICTURES"),
        ("screen_text", 8, 13, "THE LAST LIGHTH0USE"),
        ("speech", 20, 24, "You shouldn't have come here, Captain."),
        ("speech", 25, 28, "The storm left me no choice."),
        ("objects", 18, 40, "a person wearing a black top and black trousers stands still"),
        ("speech", 55, 60, "Forty years I have kept this flame burning, and not one ship was lost."),
        ("speech", 61, 63, "until that night."),
        ("screen_text", 80, 84, "Seven years earlier"),
        (
            "objects",
            85,
            97,
            "a person wearing a red top and blue trousers enters from the right, walks to the left",
        ),
        ("speech", 99, 103, "Father, the boats are coming home!"),
        ("speech", 104, 108, "Count them, Marie, and tell me how many you see."),
        ("speech", 110, 112, "Three. There are only three."),
        ("objects", 140, 170, "a horse enters from the left, walks to the right, leaves at the right"),
        ("objects", 142, 168, "a person wearing a brown top rides to the right, leaves at the right"),
        ("speech", 210, 216, "They say the lamp goes out by itself when somebody is about to die."),
        ("speech", 300, 303, "Put the gun down."),
        ("speech", 305, 308, "I never wanted any of this to happen."),
        ("screen_text", 420, 424, "He kept the light."),
        ("speech", 450, 456, "If you can hear me, whoever you are, the harbour is to your left."),
        ("screen_text", 560, 575, "Directed by\nAnna Lindqvist"),
        ("screen_text", 575, 598, "Music by Olaf Berg\nSupported by the Nordic Film Fund and the City of Tromso"),
    ],
    [
        ("ocr", "the NORTHLIGHT PICTURES logo", [(2, 6)]),
        ("ocr", 'the title "The Last Lighthouse"', [(8, 13)]),
        ("ocr", 'the text "Seven years earlier"', [(80, 84)]),
        ("ocr", "the credits name the director Anna Lindqvist", [(560, 575)]),
        ("ocr", "credits with Nordic Film Fund and Olaf Berg", [(575, 598)]),
        ("speech", 'a man says "The storm left me no choice"', [(25, 28)]),
        ("speech", 'a girl shouts "the boats are coming home"', [(99, 103)]),
        ("speech", 'an old man says "not one ship was lost until that night"', [(55, 63)]),
        ("speech", "someone says that the lamp goes out when somebody is about to die", [(210, 216)]),
        ("speech", 'someone says "put the gun down"', [(300, 303)]),
        ("speech", "she says there are only three", [(110, 112)]),
        ("object", "a woman in a red coat and blue jeans", [(85, 97)]),
        ("object", "a man dressed in black", [(18, 40)]),
        ("object", "a horse", [(140, 170)]),
        ("object", "a person in a brown jacket near a horse", [(142, 168)]),
        ("negative", "a ship sinks in the storm", []),
        ("negative", "a man shoots another man", []),
        ("negative", "two people kiss on the beach", []),
        ("negative", "a helicopter lands on the roof", []),
        ("negative", 'someone says "I love you"', []),
        ("negative", 'someone says "see you tomorrow"', []),
        ("negative", "a dog runs along the shore", []),
        ("negative", 'the text "The End"', []),
        ("negative", 'the text "Ten years later"', []),
        ("negative", "credits with the British Film Institute", []),
        ("negative", "a lighthouse is struck by lightning", []),
        ("negative", "a bus drives through the town", []),
        ("negative", "a woman with a sword fights a soldier", []),
        ("negative", "a car", []),
    ],
)

YARD = Corpus(
    "yard",
    3600.0,
    [
        (
            "objects",
            30,
            52,
            "a person wearing a white top and black trousers enters from the left, walks to the right, leaves at the right",
        ),
        ("objects", 0, 3600, "a grey car is parked"),
        ("objects", 300, 330, "a red car enters from the right, drives to the left, leaves at the left"),
        (
            "objects",
            600,
            660,
            "a person wearing a blue top and grey trousers enters from the right, stands still, leaves at the right",
        ),
        (
            "objects",
            620,
            700,
            "a person wearing a green top and black trousers enters from the left, stands still, leaves at the left",
        ),
        ("objects", 620, 660, "two people in view"),
        ("objects", 1200, 1215, "a dog enters from the left, walks to the right, leaves at the right"),
        ("objects", 1500, 1560, "a white truck enters from the left, stands still, leaves at the left"),
        ("objects", 2000, 2009, "a person wearing a yellow top rides to the left, leaves at the left"),
        ("objects", 2000, 2009, "a bicycle enters from the right, rides to the left, leaves at the left"),
        (
            "objects",
            2800,
            2860,
            "a person wearing a black top and blue trousers enters, walks towards the camera, leaves at the bottom",
        ),
        ("objects", 52, 600, "nobody in view"),
        ("objects", 700, 2000, "nobody in view"),
        ("screen_text", 0, 3600, "CAM 03 BACK YARD"),
    ],
    [
        ("object", "a person in a white shirt walks by", [(30, 52)]),
        ("object", "a red car drives past", [(300, 330)]),
        ("object", "two people are in the yard at the same time", [(620, 660)]),
        ("object", "a man in a blue jacket waits", [(600, 660)]),
        ("object", "someone wearing green", [(620, 700)]),
        ("object", "when does the dog appear", [(1200, 1215)]),
        ("object", "a white van", [(1500, 1560)]),
        ("object", "a cyclist in a yellow vest", [(2000, 2009)]),
        ("object", "a woman walks towards the camera", [(2800, 2860)]),
        ("object", "nobody is in the yard", [(52, 600), (700, 2000)]),
        ("object", "a parked car", [(0, 3600)]),
        ("object", "a person comes in from the right", [(600, 660)]),
        ("ocr", 'the text "CAM 03"', [(0, 3600)]),
        ("negative", "three people at once", []),
        ("negative", "a cat sleeps in the sun", []),
        ("negative", "a person climbs over the fence", []),
        ("negative", "a man falls down", []),
        ("negative", "a woman with an umbrella", []),
        ("negative", "a child plays with a ball", []),
        ("negative", "a yellow bus stops", []),
        ("negative", "somebody steals a bicycle", []),
        ("negative", "a horse gallops past", []),
        ("negative", "a green car drives past", []),
        ("negative", "a person in a red coat", []),
        ("negative", "two dogs run across the yard", []),
        ("negative", "a fire breaks out", []),
        ("negative", "it starts to rain", []),
        ("negative", "a person carries a ladder", []),
        ("negative", "two people fight", []),
    ],
)

DESKTOP = Corpus(
    "desktop",
    180.0,
    [
        ("screen_text", 0, 20, "Files\nHome\nDocuments\nDownloads\nMusic\nTrash"),
        ("screen_text", 20, 26, "New Folder\nFolder name\nCancel\nCreate"),
        ("screen_text", 26, 31, "New Folder\nFolder name\nInvoices 2025\nCancel\nCreate"),
        ("screen_text", 31, 60, "Files\nHome\nDocuments\nDownloads\nlnvoices 2025\nMusic\nTrash"),
        ("screen_text", 60, 64, "user@laptop:~$"),
        ("screen_text", 64, 70, "user@laptop:~$ pip install numpy"),
        ("screen_text", 70, 90, "Collecting numpy\nDownloading numpy-2.1.0\nSuccessfully installed numpy-2.1.0"),
        ("screen_text", 90, 110, "user@laptop:~$ python train.py\nModuleNotFoundError: No module named 'pandas'"),
        ("screen_text", 110, 130, "Settings\nWi-Fi\nBluetooth\nDisplay\nSound\nPower"),
        ("screen_text", 130, 150, "Display\nResolution 1920 x 1080\nNight Light\nScale 100%"),
        ("screen_text", 150, 158, "Keep these display settings?\nReverting in 15 seconds"),
        ("screen_text", 160, 178, "Press Ctrl+Alt+T to open the terminal"),
    ],
    [
        ("ocr", 'the text "Keep these display settings?"', [(150, 158)]),
        ("ocr", '"Invoices 2025" is typed into the name box', [(26, 31), (26, 60)]),
        ("ocr", "the command pip install numpy is typed", [(64, 70)]),
        ("ocr", "an error message: ModuleNotFoundError", [(90, 110)]),
        ("ocr", "a button labelled Create", [(20, 31)]),
        ("ocr", "the Bluetooth settings", [(110, 130)]),
        ("ocr", "Successfully installed numpy", [(70, 90)]),
        ("ocr", 'the label "Night Light"', [(130, 150)]),
        ("ocr", "the resolution 1920 x 1080 is displayed", [(130, 150)]),
        ("ocr", 'the text "press ctrl alt t"', [(160, 178)]),
        ("negative", "a browser window is opened", []),
        ("negative", "an e-mail is written", []),
        ("negative", "the command git commit is typed", []),
        ("negative", 'the text "Permission denied"', []),
        ("negative", "a photo of a beach is shown", []),
        ("negative", "the window is closed", []),
        ("negative", "the printer settings", []),
        ("negative", "the music player shows an album cover", []),
        ("negative", "a spreadsheet is shown", []),
        ("negative", 'the text "Successfully installed scipy"', []),
    ],
)

CALIBRATION = (LECTURE, FILM, YARD, DESKTOP)
