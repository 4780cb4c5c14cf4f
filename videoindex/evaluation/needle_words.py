"""What needles say and show: words that a recording hardly holds, and that a voice says clearly. Plain data.

A written or spoken needle says "The ATTRIBUTE of the HOLDER is ANSWER.". Two needles of one recording share
neither attribute nor holder, unless one is meant to distract from the other: so each question has one answer.
"""

from __future__ import annotations

__all__ = ["ATTRIBUTES", "COLOURS", "DIRECTIONS", "HOLDERS", "SHAPES"]

_WORDS = ("lantern", "violin", "pepper", "tiger", "anchor", "candle", "falcon", "meadow")
_CITIES = ("Lisbon", "Vienna", "Dublin", "Warsaw", "Madrid", "Helsinki", "Toronto", "Chicago")
_PAINTS = ("yellow", "green", "purple", "orange", "white", "brown")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_MONTHS = ("January", "February", "April", "June", "August", "October")
_MATERIALS = ("copper", "silver", "marble", "leather", "bamboo", "rubber")
_FLAVOURS = ("lemon", "ginger", "cherry", "pumpkin", "walnut", "vanilla")

_BY_ANSWERS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("password", "code name", "call sign", "keyword", "nickname", "motto", "alias", "mascot", "emblem"), _WORDS),
    (("birthplace", "destination", "home town", "twin city", "terminus", "head office", "next stop"), _CITIES),
    (("banner", "uniform", "envelope", "ribbon", "curtain", "umbrella", "carpet"), _PAINTS),
    (("scarf", "tent", "teapot", "bicycle", "kite", "jacket", "sofa"), _PAINTS),
    (("rehearsal day", "market day", "deadline", "rest day", "pay day", "visiting day"), _DAYS),
    (("founding month", "holiday month", "festival month", "inspection month", "harvest month"), _MONTHS),
    (
        ("medal", "doorbell", "statue", "handle", "buckle", "trophy", "bracelet", "spoon", "roof", "gate"),
        _MATERIALS,
    ),
    (
        ("dessert", "birthday cake", "ice cream", "tea", "soup", "lemonade", "pie", "syrup", "jam", "biscuit"),
        _FLAVOURS,
    ),
)

ATTRIBUTES: tuple[tuple[str, tuple[str, ...]], ...] = tuple(
    (attribute, answers) for attributes, answers in _BY_ANSWERS for attribute in attributes
)
"""Each attribute with the answers that it may have."""

HOLDERS: tuple[str, ...] = (
    *("night shift", "choir", "chess club", "bakery", "ferry", "lighthouse", "observatory", "orchestra"),
    *("fire brigade", "post office", "barber shop", "rowing club", "library", "museum", "railway", "hospital"),
    *("vineyard", "theatre", "school bus", "printing house", "tailor", "swimming pool", "airfield", "dairy"),
    *("monastery", "toy shop", "aquarium", "circus", "embassy", "laundry", "foundry", "ski club"),
    *("wedding party", "town council", "football team", "pirate radio"),
    *(
        "coffee house",
        "book fair",
        "carpenter",
        "radio station",
        "castle",
        "brewery",
        "law firm",
        "sailing school",
    ),
    *("florist", "opera house", "quarry", "garage", "hotel", "cinema", "bank", "customs house"),
    *(
        "kindergarten",
        "shipyard",
        "cathedral",
        "stadium",
        "weather service",
        "pharmacy",
        "glassworks",
        "parliament",
    ),
)

COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (215, 30, 35),
    "orange": (240, 130, 20),
    "yellow": (235, 215, 30),
    "green": (35, 170, 60),
    "blue": (40, 70, 215),
    "purple": (150, 40, 200),
}
"""Colours of cards and balls, as RGB: those that a person would name so at once."""

SHAPES: dict[str, tuple[str, int]] = {
    (f"a {shape}" if count == 1 else f"{number} {plural}"): (shape, count)
    for count, number in ((1, "a"), (2, "two"), (3, "three"))
    for shape, plural in (
        *(("star", "stars"), ("circle", "circles"), ("triangle", "triangles"), ("square", "squares")),
        *(("cross", "crosses"), ("heart", "hearts"), ("diamond", "diamonds"), ("ring", "rings")),
    )
}
"""What a card may show, in words, as shape and count."""

DIRECTIONS: tuple[str, ...] = ("to the right", "to the left", "upwards", "downwards")
