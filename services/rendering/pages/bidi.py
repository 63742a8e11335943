"""Keeps bidirectional control characters of one text from turning the text around it. Pure.

The rule, for every text from people: a control that the text opens is closed at its end; a terminator that closes nothing
is dropped. Balanced text stays as it is. Templates, phrases, linked data and feeds all apply it, since titles, attributes
and feeds have no markup; in HTML such texts also have an element of their own (`bdi` or a block).
"""

import re

# Unicode Standard Annex 9, sections 2.1 to 2.5, with the terminator of each.
_PDF, _PDI = "\u202c", "\u2069"
_TERMINATORS = {"\u202a": _PDF, "\u202b": _PDF, "\u202d": _PDF, "\u202e": _PDF} | dict.fromkeys(
    "\u2066\u2067\u2068", _PDI
)
_CONTROL = re.compile("[\u202a-\u202e\u2066-\u2069]")


def closed(text: str) -> str:
    """The text with its embeddings, overrides and isolates closed, and without terminators that close none."""
    return _close(text) if _CONTROL.search(text) else text


def _close(text: str) -> str:
    wanted: list[str] = []  # terminators of what is open, innermost last

    def keep(control: re.Match[str]) -> str:
        sign = control[0]
        if sign in _TERMINATORS:
            wanted.append(_TERMINATORS[sign])
        elif sign not in wanted or (sign == _PDF and wanted[-1] != _PDF):
            return ""
        else:
            # The end of an isolate also ends the embeddings inside it.
            while wanted.pop() != sign:
                pass
        return sign

    return _CONTROL.sub(keep, text) + "".join(reversed(wanted))
