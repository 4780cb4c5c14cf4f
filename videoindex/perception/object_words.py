"""The words of object events, as data: what the detector's classes are called, and what users call them.

Event texts are made from these words alone (``track_events``), and questions are read with the same tables, so
both sides speak one language. Nothing here computes. The texts have three forms:

- one for each visit: "a person wearing a black top and blue trousers enters from the left, walks to the right,
  stands still, leaves at the right", "a red car is parked";
- counts where several of one class overlap: "two people in view";
- the complement of all visits by people: ``NOBODY``, whatever else is in view.
"""

from __future__ import annotations

from typing import Final

__all__ = [
    "ANIMALS",
    "CLASSES",
    "CLOTHING_SYNONYMS",
    "COLOURS",
    "COLOUR_SYNONYMS",
    "COUNT_WORDS",
    "DIRECTIONS",
    "GROUPS",
    "IN_VIEW",
    "MOTIONS",
    "MOTION_SYNONYMS",
    "NOBODY",
    "NOBODY_SYNONYMS",
    "PARTS",
    "PLURALS",
    "SIDES",
    "SIZES",
    "SYNONYMS",
    "VEHICLES",
]

# The detector's classes that become events, by their COCO names. The others are left out: measured on animation,
# screens and street cameras they are seldom right (see docs/decisions/005-objects.md).
CLASSES: Final = ("person", "bicycle", "car", "motorcycle", "bus", "truck", "cat", "dog", "horse")

PLURALS: Final = {
    "person": "people",
    "bicycle": "bicycles",
    "car": "cars",
    "motorcycle": "motorcycles",
    "bus": "buses",
    "truck": "trucks",
    "cat": "cats",
    "dog": "dogs",
    "horse": "horses",
}

VEHICLES: Final = frozenset({"bicycle", "car", "motorcycle", "bus", "truck"})
ANIMALS: Final = frozenset({"cat", "dog", "horse"})

# A word that stands for several classes at once.
GROUPS: Final = {
    "vehicle": ("car", "bus", "truck", "motorcycle", "bicycle"),
    "vehicles": ("car", "bus", "truck", "motorcycle", "bicycle"),
    "traffic": ("car", "bus", "truck", "motorcycle", "bicycle"),
    "animal": ("cat", "dog", "horse"),
    "animals": ("cat", "dog", "horse"),
    "pet": ("cat", "dog"),
    "pets": ("cat", "dog"),
    "bike": ("bicycle", "motorcycle"),
    "bikes": ("bicycle", "motorcycle"),
}

# What users say (lower case, singular and plural) -> class.
SYNONYMS: Final = {
    "person": "person",
    "persons": "person",
    "people": "person",
    "human": "person",
    "humans": "person",
    "man": "person",
    "men": "person",
    "woman": "person",
    "women": "person",
    "lady": "person",
    "ladies": "person",
    "guy": "person",
    "guys": "person",
    "boy": "person",
    "boys": "person",
    "girl": "person",
    "girls": "person",
    "child": "person",
    "children": "person",
    "kid": "person",
    "kids": "person",
    "adult": "person",
    "adults": "person",
    "pedestrian": "person",
    "pedestrians": "person",
    "someone": "person",
    "somebody": "person",
    "anyone": "person",
    "anybody": "person",
    "visitor": "person",
    "visitors": "person",
    "intruder": "person",
    "intruders": "person",
    "burglar": "person",
    "burglars": "person",
    "thief": "person",
    "thieves": "person",
    "stranger": "person",
    "strangers": "person",
    "walker": "person",
    "customer": "person",
    "customers": "person",
    "employee": "person",
    "employees": "person",
    "worker": "person",
    "workers": "person",
    "guard": "person",
    "guards": "person",
    "figure": "person",
    "crowd": "person",
    "bicycle": "bicycle",
    "bicycles": "bicycle",
    "cycle": "bicycle",
    "cyclist": "bicycle",
    "cyclists": "bicycle",
    "pushbike": "bicycle",
    "car": "car",
    "cars": "car",
    "auto": "car",
    "automobile": "car",
    "automobiles": "car",
    "sedan": "car",
    "suv": "car",
    "taxi": "car",
    "taxis": "car",
    "cab": "car",
    "motorcycle": "motorcycle",
    "motorcycles": "motorcycle",
    "motorbike": "motorcycle",
    "motorbikes": "motorcycle",
    "scooter": "motorcycle",
    "scooters": "motorcycle",
    "moped": "motorcycle",
    "bus": "bus",
    "buses": "bus",
    "coach": "bus",
    "minibus": "bus",
    "truck": "truck",
    "trucks": "truck",
    "lorry": "truck",
    "lorries": "truck",
    "van": "truck",
    "vans": "truck",
    "pickup": "truck",
    "cat": "cat",
    "cats": "cat",
    "kitten": "cat",
    "kitty": "cat",
    "dog": "dog",
    "dogs": "dog",
    "puppy": "dog",
    "hound": "dog",
    "horse": "horse",
    "horses": "horse",
    "pony": "horse",
}

# The eleven basic colour terms of English (Berlin and Kay, 1969): what ``colours`` can say.
COLOURS: Final = (
    "black",
    "white",
    "grey",
    "red",
    "orange",
    "yellow",
    "green",
    "blue",
    "purple",
    "pink",
    "brown",
)

COLOUR_SYNONYMS: Final = {
    "gray": "grey",
    "silver": "grey",
    "beige": "brown",
    "tan": "brown",
    "khaki": "brown",
    "navy": "blue",
    "turquoise": "blue",
    "cyan": "blue",
    "violet": "purple",
    "magenta": "pink",
    "crimson": "red",
    "scarlet": "red",
    "maroon": "red",
    "golden": "yellow",
    "lime": "green",
    "olive": "green",
}

# A colour is said of a vehicle or an animal ("a red car"), and of a person's clothing by part of the body.
# "a person wearing a black top and blue trousers".
PARTS: Final = ("top", "trousers")
CLOTHING_SYNONYMS: Final = {
    **dict.fromkeys(("shirt", "t-shirt", "tshirt", "jacket", "coat", "sweater", "hoodie", "pullover"), "top"),
    **dict.fromkeys(("cardigan", "blouse", "vest", "dress", "jumper", "uniform"), "top"),
    **dict.fromkeys(("pants", "jeans", "skirt", "shorts", "leggings"), "trousers"),
}

# Verb phrases of events, in the form they have in event texts.
#   "enters", "leaves": at a side of the picture, or with no side when the object appears inside it.
#   "walks" (people and animals), "drives" (vehicles), "rides" (bicycle, motorcycle): movement and its direction.
#   "stands still" (people and animals), "is parked" (vehicles): stayed in one place for most of its time.
MOTIONS: Final = ("enters", "leaves", "walks", "drives", "rides", "stands still", "is parked", "appears")

# What users say -> the word in event texts (single words, any tense).
MOTION_SYNONYMS: Final = {
    **dict.fromkeys(
        ("enter", "enters", "entered", "entering", "arrive", "arrives", "arrived", "arriving"), "enters"
    ),
    **dict.fromkeys(("come", "comes", "came", "coming", "appear", "appears", "appeared", "appearing"), "enters"),
    **dict.fromkeys(("leave", "leaves", "left", "leaving", "exit", "exits", "exited", "exiting"), "leaves"),
    **dict.fromkeys(("depart", "departs", "departed", "disappear", "disappears", "disappeared"), "leaves"),
    **dict.fromkeys(("walk", "walks", "walked", "walking", "run", "runs", "ran", "running"), "walks"),
    **dict.fromkeys(("drive", "drives", "drove", "driving"), "drives"),
    **dict.fromkeys(("ride", "rides", "rode", "riding", "cycles", "cycling"), "rides"),
    **dict.fromkeys(
        ("stand", "stands", "stood", "standing", "wait", "waits", "waited", "waiting"), "stands still"
    ),
    **dict.fromkeys(("loiter", "loiters", "loitered", "loitering", "linger", "lingers"), "stands still"),
    **dict.fromkeys(("park", "parks", "parked", "parking"), "is parked"),
}

# Sides at which an object enters or leaves, and directions in which it moves; towards the camera its box grows.
SIDES: Final = ("left", "right", "top", "bottom")
DIRECTIONS: Final = ("left", "right", "up", "down", "towards the camera", "away from the camera")

# Height of the object's box as a share of the picture's height decides the word: far away, or filling the picture.
SIZES: Final = ("far away", "close to the camera")

# "two people in view": how counts are written; ten and more are written as digits.
COUNT_WORDS: Final = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
IN_VIEW: Final = "in view"

# The text of a stretch with no person; there may be vehicles and animals.
NOBODY: Final = "nobody in view"
NOBODY_SYNONYMS: Final = (
    "nobody",
    "noone",
    "no one",
    "no-one",
    "empty",
    "deserted",
    "unattended",
    "no people",
    "no person",
)
