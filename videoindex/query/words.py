"""The words of questions, as data. Nothing here computes.

Three kinds: words that say *where* to look (cues), words that frame a question and carry no content, and words
about looks and places which no embedded observer can check but which do not make a sighting false.
"""

from __future__ import annotations

from typing import Final

__all__ = [
    "ANYONE",
    "BARE_SHADES",
    "BODY",
    "CAPTION_CUES",
    "CLOTHES",
    "DOUBTFUL_CUES",
    "DOUBTFUL_VERBS",
    "FUNCTION_WORDS",
    "GENERIC_MOVES",
    "LOOKS",
    "MANY",
    "PASSING",
    "PLACES",
    "PLACE_PREPOSITIONS",
    "PRESENCE",
    "SCREEN_CUES",
    "SENTENCES",
    "SHADES",
    "SMALL_CLOTHES",
    "SPEECH_CUES",
    "SPEECH_PARTICIPLES",
    "SPEECH_VERBS",
    "STOP_WORDS",
    "TITLE_CUES",
    "TOGETHER",
    "VISUAL_CUES",
]


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Cues: the question asks for what was said, for what stands on the screen, or for subtitles.
SPEECH_CUES: Final = _set(
    "say says said saying tell tells told telling mention mentions mentioned mentioning ask asks asked "
    "asking speak speaks spoke spoken speaking talk talks talked talking narrator narrates narrated "
    "narration voice voiceover announce announces announced announcement explain explains explained "
    "explaining discuss discusses discussed discussing describe describes described describing shout "
    "shouts shouted whisper whispers whispered reply replies replied hear hears heard speech lecturer "
    "speaker presenter professor interviewer utters uttered quote quotes"
)
# Those that report: what follows them was said, whatever it is about.
SPEECH_VERBS: Final = SPEECH_CUES - _set(
    "narrator narration voice voiceover announcement speech lecturer speaker presenter professor interviewer "
    "quote quotes"
)
SCREEN_CUES: Final = _set(
    "text title titles titled slide slides sign signs label labels labelled labeled read reads written "
    "writes write typed type types typing credit credits logo logos headline heading headings onscreen "
    "displayed display displays lettering inscription banner poster watermark caption captions subtitle "
    "subtitles printed screen formula formulas equation equations command commands code url link address message "
    "error errors list listing listed button buttons menu dialog field terminal prompt name"
)
SPEECH_PARTICIPLES: Final = _set(
    "said told mentioned asked spoken talked narrated announced explained discussed described shouted whispered "
    "replied heard"
)
# Of the screen's words those that other sentences hold as well ("a field of clover"): they point at the screen
# only where the question begins with them ("the error message", "a sign that reads").
DOUBTFUL_VERBS: Final = _set("read reads type types write writes display displays")
DOUBTFUL_CUES: Final = DOUBTFUL_VERBS | _set(
    "name field address list listing code link message error errors command commands menu dialog prompt sign "
    "signs poster banner screen"
)
# What follows one of these may be its very words.
SENTENCES: Final = _set("sentence sentences phrase phrases words line lines")
# The question is about a page by its heading.
TITLE_CUES: Final = _set("slide slides title titles titled heading headings headline")
CAPTION_CUES: Final = _set("caption captions subtitle subtitles chapter chapters")
# "is shown", "a close-up of": the question describes a picture.
VISUAL_CUES: Final = _set(
    "shown show shows appear appears appeared appearing disappear disappears disappeared vanish vanishes visible "
    "seen see closeup close-up shot scene view picture "
    "image icon drawn drawing frame camera footage"
)

STOP_WORDS: Final = _set(
    "a an the and or but of in on at to into onto from with without by for about as than then that this "
    "these those it its is are was were be been being am do does did done has have had having will would "
    "can could should shall may might must i me my you your he him his she her hers they them their we us "
    "our there here what which who whom whose when where why how not no so if while during also just only "
    "very too all any some each both up down out off over under again once s t d ll m re ve im ive dont "
    "doesnt isnt anything something thing things please video film movie recording clip footage moment "
    "moments part time times second seconds minute minutes word words phrase sentence line someone "
    "somebody anyone anybody person man woman people girl boy guy get gets got"
)

# Grammar alone: skipped when a description of a scene is read.
FUNCTION_WORDS: Final = _set(
    "a an the and or of it its is are was were be been being am do does did has have had will would can "
    "could there here this that these those who which he she they him her them his their one's at least "
    "more than any some every all each as so then while when also just only very too again once whole "
    "entire video film movie recording clip footage scene moment part another other s"
)
PRESENCE: Final = _set(
    "seen visible shown show shows present view appears appear there exist exists see seeing sees found "
    "camera picture frame detected wears wearing wear wore dressed clad"
)
# Words after which a place, or clothing, is named.
PLACE_PREPOSITIONS: Final = _set(
    "in at on near by behind under beside through across along into onto outside inside past to from over "
    "around towards toward against between before front of"
)
# Movement that tracks show without saying which: kept, and named as not checked.
GENERIC_MOVES: Final = _set(
    "go goes going went gone move moves moved moving pass passes passed passing cross crosses crossed "
    "crossing approach approaches approached approaching stop stops stopped stopping stay stays stayed "
    "staying return returns back away together alone up down out off forward forwards backwards"
)

SHADES: Final = _set(
    "light dark bright pale deep dull vivid plain striped speckled spotted checked patterned faded"
)
# What every track of something that moves shows, and what every person is.
PASSING: Final = _set("pass passes passed passing go goes went gone going move moves moved moving")
ANYONE: Final = _set("person persons people human humans someone somebody anyone anybody")
# Said with no colour ("a dark coat"), these are looked for as one.
BARE_SHADES: Final = {"dark": "dark", "light": "light", "bright": "light", "pale": "light"}
# Body and hair: a colour before one of these says nothing of clothing.
BODY: Final = _set(
    "hair haired beard bearded moustache mustache eyes eyed skin skinned blonde blond brunette bald "
    "ginger redhead ponytail face arms arm legs bare hands head shoulders fringe braid braids curls"
)
CLOTHES: Final = _set(
    "cap hat helmet hood hooded glasses sunglasses scarf shoes boots gloves tie suit clothes clothing "
    "outfit top bottoms tracksuit robe cloak gown apron belt socks sneakers sandals mask sleeves sleeved "
    "sleeve sleeveless trousers beanie poncho overalls raincoat vest costume bandana turban headscarf "
    "knit knitted denim leather woollen woolen"
)
# Too small for their colour to be that of a top or of trousers.
SMALL_CLOTHES: Final = _set(
    "cap hat helmet hood hooded glasses sunglasses scarf shoes boots gloves tie belt socks sneakers sandals "
    "mask beanie bandana turban headscarf"
)
LOOKS: Final = _set(
    "old young elderly tall short small big large little long slim thin fat heavy bearded bald lone "
    "single solitary middle-aged teenage adult male female pregnant muscular"
)
PLACES: Final = _set(
    "room table floor wall door doorway window corridor hall hallway street road pavement sidewalk path "
    "entrance exit gate yard garden lawn park parking lot driveway garage house building shop store "
    "office kitchen lobby stairs staircase platform station bridge field forest woods beach desert "
    "mountain hill snow rain sand grass dark night day daylight morning evening desk counter shelf "
    "shelves aisle background foreground middle centre center corner side edge left right top bottom "
    "scene camera picture frame screen distance crossing junction crosswalk square lane highway motorway "
    "pool deck porch terrace balcony roof hut cave tunnel wooden round"
)

# Words that ask for several at once, and how many that is at least.
MANY: Final = {
    "several": 3,
    "many": 3,
    "crowd": 3,
    "group": 2,
    "both": 2,
    "couple": 2,
    "pair": 2,
    "multiple": 2,
    "few": 3,
}
TOGETHER: Final = (
    "at the same time",
    "at once",
    "simultaneously",
    "together",
    "side by side",
    "next to each other",
)
