"""A labelled set of comments in English and Arabic, the same for the same seed: plain ones, spam, and abuse by pattern.

A label names the phases that a careful person would expect to find something. Plain comments have neighbours of listed words
(`Scunthorpe`, `año`, `A55`), honest links and quick thanks; spam and abuse have disguises, some of them beyond any word list.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from services.comments.model.records import ModerationRule
from services.comments.pipeline.facts import Facts
from tests.support import disguises
from tests.support.disguises import Disguise

Kind = Literal["plain", "spam", "abuse"]
Language = Literal["en", "ar"]
Words = Mapping[str, Sequence[str]]

RULE = ModerationRule(
    "post",
    1,
    banned_words=(
        "scumbag", "moron", "vermin", "imbecile", "viagra", "cialis", "spam-shop.example", "free money now",
        "حقير", "حثالة", "خنزير", "كازينو", "ربح سريع",
    ),
    suspect_words=(
        "idiot", "liar", "traitor", "casino", "lottery", "jackpot", "forex", "cheap-pills.example",
        "كذاب", "خائن", "يانصيب", "قروض", "نصاب",
    ),
    most_links=2,
)  # fmt: skip
_BANNED = {"en": ("scumbag", "moron", "vermin", "imbecile"), "ar": ("حقير", "حثالة", "خنزير")}
_SUSPECT = {"en": ("liar", "idiot", "traitor"), "ar": ("كذاب", "خائن", "نصاب")}
_SOLD_BANNED = {"en": ("viagra", "cialis"), "ar": ("كازينو",)}
_SOLD_SUSPECT = {"en": ("casino", "lottery", "jackpot", "forex"), "ar": ("يانصيب", "قروض")}
_DISGUISES = {"en": disguises.LATIN, "ar": disguises.ARABIC}
_NAMES = {"en": ("Ada Byrne", "Tom", "Mary-Ann", "Jürgen", "O'Neill"), "ar": ("سلمى", "أحمد علي", "مريم", "خالد")}

_PLAIN = {
    "en": (
        "The lake came back because it rained for {n} weeks, not because of the {thing}.",
        "I have lived in Scunthorpe for {n} years, and nobody asked us about the {thing}.",
        "As a classical bassist I assess the {thing} differently; the association passed it in {n}.",
        "See the map of the council: https://maps.example/{n}. The {thing} is not on it.",
        "Compare https://a.example/{n} with https://b.example/{n} on the {thing}.",
        "The A55 and the M4 were closed for {n} hours, 5G was down, covid-19 took the rest.",
        "El año pasado, cañas y montañas: {n} turistas vieron el {thing}.",
        "Мой дед строил этот канал {n} лет. Сорок лет, рота за ротой.",
        "Who said that, J. R. R. Tolkien or the U.S. Army? The {thing} is from 19{n}.",
        "My pen is red, my cas was blue; in o so many words the {thing} is fine.",
        "US$ {n} for a {thing}?! That is 4x the price of 2nd-hand ones.",
        "A liberal arts degree, a moratorium, a verminous cellar: {n} reasons against the {thing}.",
        "Thanks!", "Well said.", "+{n}", "👏👏👏", "No. It is not so simple, as the {thing} shows.",
        "I write to {n} people a day. Nobody believes in the {thing} any more, least of all the minister.",
    ),
    "ar": (
        "عاد الماء إلى البحيرة بعد {n} أسابيع من المطر، لا بسبب {thing}.",
        "كتبتُ إلى المجلس قبل {n} عامًا ولم يجب أحد عن {thing}.",
        "شكرًا على هذا المقال.", "أحسنتم!", "قراءة نقدية ممتازة لموضوع {thing}.",
        "انظر الخريطة: https://maps.example/{n} فليس فيها {thing}.",
        "الحقائق عن {thing} كثيرة، والحقول خضراء منذ {n} سنة، والخزينة فارغة.",
        "قرضت الفئران الحبل، وكذبت الأرقام {n} مرة، وخانت الذاكرة صاحبها.",
        "مَن كتب هذا النصّ عن {thing}؟ أسلوبه جميلٌ جدًّا.",
        "قال ﷺ كلامًا في هذا، و{thing} مثال عليه.",
    ),
}  # fmt: skip
_THINGS = {
    "en": ("dam", "canal", "harbour plan", "bridge", "budget", "glass roof"),
    "ar": ("السد", "القناة", "الجسر", "الميزانية"),
}
_ABUSE = {
    "en": ("You are a {word}, like all of your kind.", "What a {word}! Go home.", "Only a {word} can write that.",
        "{word}, {word} and again {word}!"),
    "ar": ("أنت {word} مثل كل من معك.", "لا يكتب هذا إلا {word}!", "يا لك من {word} صغير."),
}  # fmt: skip
_ADVERTS = {
    "en": (
        "Buy {word} without a doctor, today only.",
        "My uncle won at {word} and never works now.",
        "{word}: write to us.",
    ),
    "ar": ("جرب {word} اليوم واربح الكثير.", "أفضل {word} في المدينة، راسلنا."),
}


@dataclass(frozen=True)
class Labelled:
    """A comment, the phases that should find something in it, and whether its disguise is beyond word lists."""

    facts: Facts
    phases: frozenset[str]
    kind: Kind
    language: Language
    beyond: bool = False


def labelled_comments(count: int, seed: int = 16) -> Iterator[Labelled]:
    """`count` comments: half of them plain, the rest spam and abuse."""
    chance = random.Random(seed)
    for _ in range(count):
        language: Language = chance.choice(("en", "en", "ar"))
        yield chance.choice(_MAKERS)(language, chance)


def _plain(language: Language, chance: random.Random) -> Labelled:
    sentences = chance.sample(_PLAIN[language], chance.randint(1, 3))
    body = " ".join(sentences).format(n=chance.randint(2, 99), thing=chance.choice(_THINGS[language]))
    if body.count("://") > RULE.most_links:
        body = sentences[0].format(n=chance.randint(2, 99), thing=chance.choice(_THINGS[language]))
    facts = Facts(chance.choice(_NAMES[language]), None, body, trusted=chance.random() < 0.5)
    # A browser fills in the form; a reader thanks under several stories.
    if "://" not in body and len(body) < 40:
        facts = replace(facts, seconds_on_form=chance.choice((None, 1.1, 45.0)), repeats=chance.choice((0, 0, 3)))
    return Labelled(facts, frozenset(), "plain", language)


def _abuse(language: Language, chance: random.Random) -> Labelled:
    return _with_word(language, chance, "abuse", _ABUSE, _BANNED, _SUSPECT)


def _advert(language: Language, chance: random.Random) -> Labelled:
    return _with_word(language, chance, "spam", _ADVERTS, _SOLD_BANNED, _SOLD_SUSPECT)


def _with_word(
    language: Language,
    chance: random.Random,
    kind: Kind,
    sentences: Words,
    banned: Words,
    suspect: Words,
) -> Labelled:
    phase, words = chance.choice((("banned-word", banned), ("suspect-word", suspect)))
    word, beyond = chance.choice(words[language]), chance.random() < 0.08
    disguise: Disguise = chance.choice(disguises.BEYOND if beyond else _DISGUISES[language])
    shown = word if chance.random() < 0.3 else disguise(word, chance)
    body = f"{chance.choice(sentences[language])} {_plain(language, chance).facts.body}".replace("{word}", shown)
    facts = Facts(chance.choice(_NAMES[language]), None, body)
    return Labelled(facts, frozenset({phase}), kind, language, beyond and shown != word)


def _links(language: Language, chance: random.Random) -> Labelled:
    hosts = chance.choice((
        [f"https://shop{number}.example/x" for number in range(chance.randint(3, 8))],
        [f"http://{chance.choice(('www.', '', 'a.b.'))}{chance.choice(('spam-shop', 'cheap-pills'))}.example/?x"],
        [f"cheap-pills.example/{chance.randint(1, 99)}"],
        [f"<a href=https://x{chance.randint(1, 99)}.example>here</a>"],
        [f"[url=https://y{chance.randint(1, 99)}.example]here[/url]"],
        [f"www.top{number}.example" for number in range(3)], ["http://203.0.113.9/win"], ["https://pаypal.example/in"],
        ["https://bank.example@evil.example/"], ["hxxp://evil.example/x"], ["evil[.]example"], ["http://xn--80ak6aa92e.example/"],
    ))  # fmt: skip
    body = f"{chance.choice(_ADVERTS[language]).format(word='x')} {chr(10).join(hosts)}"
    return Labelled(Facts(chance.choice(_NAMES[language]), None, body), frozenset({"links"}), "spam", language)


def _machine(language: Language, chance: random.Random) -> Labelled:
    plain = _plain(language, chance).facts
    long = f"{plain.body} {chance.choice(_ADVERTS[language]).format(word='x')} {chance.random()}"
    phase, changes = chance.choice((
        ("repeat", {"body": long, "repeats": chance.randint(1, 9)}), ("trap", {"trap": "http://shop.example"}),
        ("too-fast", {"body": long, "website": "https://shop.example", "seconds_on_form": chance.random()}),
    ))  # fmt: skip
    clean = replace(plain, repeats=0, seconds_on_form=None, trap="")
    return Labelled(replace(clean, **changes), frozenset({phase}), "spam", language)


_MAKERS: Sequence[Callable[[Language, random.Random], Labelled]] = (
    _plain, _plain, _plain, _plain, _abuse, _advert, _links, _machine,
)  # fmt: skip
