"""Web addresses in plain text: where an address ends, and the form in which it is shown. Used for comments and articles."""

import re
import unicodedata

import idna
from linkify_it.main import LinkifyIt

# Punctuation that ends an address wherever it stands: these scripts put no space after it. The katakana middle dot and
# the wave dash are not here, since titles hold them.
_CJK_ENDS = "、。〃〈〉《》「」『』【】〔〕〖〗〘〙〚〛〝〞〟｡｢｣､！＂＇（），．：；？［］｛｝｟｠…‥"
# Marks that show nothing and belong to no address. Joiners (U+200C, U+200D) do, in Persian and in emoji.
_INVISIBLE_ENDS = "\xad\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
_INVISIBLE_END = re.compile(f"[{_INVISIBLE_ENDS}]")
_CLOSERS = {"(": ")", "[": "]", "{": "}"}
_NOT_LAST = ".,;!?"

_AUTHORITY = re.compile(r"//[^/?#]*")
_ADDRESS = re.compile(r"(https?://(?:[^/?#@]*@)?)([^/?#:]*)(.*)", re.IGNORECASE | re.DOTALL)

# Scripts that are one writing system (UTS 39, section 5.1: Jpan, Kore, Hanb).
_WRITING_SYSTEMS = (
    frozenset({"HAN", "HIRAGANA", "KATAKANA"}),
    frozenset({"HAN", "HANGUL"}),
    frozenset({"HAN", "BOPOMOFO"}),
)
_SCRIPT_OF_NAME = {"CJK": "HAN", "IDEOGRAPHIC": "HAN"}
# Cyrillic, Greek and Armenian letters that readers take for Latin ones.
_LATIN_LOOKALIKES = frozenset("асԁеһіјӏорԛѕԝхуѵѡьгп" + "αγηικνορτυχω" + "ցզլհոսօ")


class AddressFinder(LinkifyIt):
    """Finds whole `http://` and `https://` addresses, no guesses. One ends before CJK punctuation and invisible marks.

    A pair of brackets may hold CJK punctuation. An address with a user name is none: `https://bank.example@evil.example`.
    """

    def __init__(self) -> None:
        super().__init__(options={"fuzzy_link": False, "fuzzy_email": False, "fuzzy_ip": False})  # type: ignore[no-untyped-call]
        for schema in ("ftp:", "//", "mailto:"):
            self.add(schema, None)  # type: ignore[no-untyped-call]

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Start and end of each address in the text, in order."""
        found = self.match(text) or ()  # type: ignore[no-untyped-call]
        return [(link.index, link.last_index) for link in found]

    def test_schema_at(self, text: str, name: str, position: int) -> int:
        """The length of the address after its scheme, 0 for none. All of the library's searches come through here."""
        length = super().test_schema_at(text, name, position)  # type: ignore[no-untyped-call]
        return _length(text[position : position + length])


def shown_address(url: str) -> str | None:
    """The address in the form to show; None when no such host can exist.

    A host that could be taken for another one is shown in punycode: a label of several scripts (UTS 39, "single script"), or of
    letters that all look Latin below an ASCII domain. Other international hosts keep their form.
    """
    found = _ADDRESS.match(url)
    if found is None or found[2].isascii():
        return url
    try:
        encoded = idna.encode(found[2], uts46=True).decode()
        decoded = idna.decode(encoded)
    except idna.IDNAError:
        return None
    honest = decoded == found[2].lower() and not _is_misleading(decoded)
    return url if honest else f"{found[1]}{encoded}{found[3]}"


def _length(tail: str) -> int:
    authority = _AUTHORITY.match(tail)
    end = _first_end(tail)
    if authority is None or "@" in authority[0] or end < authority.end():
        return 0
    while end > authority.end() and _cannot_be_last(tail[end - 1]):
        end -= 1
    return end


def _first_end(tail: str) -> int:
    invisible = _INVISIBLE_END.search(tail)
    tail = tail[: invisible.start()] if invisible else tail
    last = {closer: tail.rfind(closer) for closer in _CLOSERS.values()}
    position = 0
    while position < len(tail):
        if tail[position] in _CJK_ENDS:
            return position
        closer = _CLOSERS.get(tail[position])
        if closer is not None and position < last[closer]:
            position = tail.index(closer, position)
        position += 1
    return position


def _cannot_be_last(character: str) -> bool:
    # linkify_it leaves out ASCII punctuation at the end; «quotes» and other scripts' full stops are alike.
    return character in _NOT_LAST or (not character.isascii() and unicodedata.category(character).startswith("P"))


def _is_misleading(host: str) -> bool:
    labels = host.split(".")
    return any(_mixes_scripts(label) for label in labels) or (
        labels[-1].isascii() and any(_looks_latin(label) for label in labels)
    )


def _mixes_scripts(label: str) -> bool:
    scripts = {_script(character) for character in label if unicodedata.category(character).startswith("L")}
    return len(scripts) > 1 and not any(scripts <= system for system in _WRITING_SYSTEMS)


def _script(letter: str) -> str:
    """The script of a letter, by the first word of its Unicode name: the standard library has no script property."""
    word = re.split("[ -]", unicodedata.name(letter, ""), maxsplit=1)[0]
    return _SCRIPT_OF_NAME.get(word, word)


def _looks_latin(label: str) -> bool:
    letters = [character for character in label if character.isalpha()]
    return bool(letters) and not label.isascii() and all(letter in _LATIN_LOOKALIKES for letter in letters)
