"""The phase of links: how many a comment has, where they and the author's website lead, and whether an address is disguised."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from urllib.parse import urlsplit

import idna

from services.comments.model.records import ModerationRule, Reason
from services.comments.pipeline.facts import Facts, Finding
from services.comments.pipeline.letter_shapes import plain, seen
from services.comments.pipeline.word_list import compiled
from shared.links import AddressFinder, shown_address

_PHASE = "links"
_MOST_REASONS = 5
_LONGEST_MATCH = 200

_addresses = AddressFinder()
_HOST = r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}[^\W\d_]{2,63}"
# Readers can type an address without a scheme, but it is no link.
_WITHOUT_SCHEME = re.compile(rf"(?<![\w/@.-])www\.{_HOST}[^\s<>]{{0,200}}", re.IGNORECASE)
_NAMED_HOSTS = re.compile(rf"(?<![\w.@-]){_HOST}(?![\w.-]*\w)")
_NUMERIC = re.compile(r"[0-9.]+|0x[0-9a-f]+|\[[0-9a-f:.]+\]|[0-9a-f]*:[0-9a-f:.]*", re.IGNORECASE)
# Programs write markup into every form; it is shown as typed here.
_DISGUISES: Sequence[tuple[Sequence[str], re.Pattern[str], str]] = (
    (
        ("<a", "[url", "[link"),
        re.compile(r"<a\s[^<>]{0,200}href|\[(?:url|link)\b[=\]]", re.IGNORECASE),
        "It has the markup of links.",
    ),
    (
        ("://",),
        re.compile(r"https?://[^\s/?#@]{1,200}@\S{1,100}", re.IGNORECASE),
        "An address has a user name in front of its host.",
    ),
    (("hxxp",), re.compile(r"\bhxxps?://\S{1,100}", re.IGNORECASE), "An address is disguised."),
    (
        ("[.]", "(.)", "[dot]", "(dot)"),
        re.compile(r"[\w-]{2,63} ?(?:\[\.\]|\(\.\)|\[dot\]|\(dot\)) ?\w{2,20}", re.IGNORECASE),
        "An address is disguised.",
    ),
)


def find_links(facts: Facts, rule: ModerationRule) -> Finding | None:
    """Reject a link to a banned host; hold one to a suspect or deceptive host, too many links, and disguised addresses."""
    links = _links(facts.body)
    typed = (*links, *([facts.website] if facts.website else ()))
    hosts = {link: _host(link) for link in typed}
    banned = list(_listed(hosts, facts.body, rule.banned_words))
    if banned:
        return Finding("reject", tuple(banned[:_MOST_REASONS]))
    reasons = [
        *_listed(hosts, facts.body, rule.suspect_words),
        *_too_many([link for link in links if not _is_below(hosts[link], facts.site_host)], rule.most_links),
        *_deceptive(hosts),
        *_disguised(facts.body),
    ]
    return Finding("hold", tuple(reasons[:_MOST_REASONS])) if reasons else None


def _links(body: str) -> list[str]:
    found = [body[start:end] for start, end in _addresses.spans(body)] if "://" in body else []
    return found + (_WITHOUT_SCHEME.findall(body) if "www." in body.lower() else [])


def _host(link: str) -> str:
    """The host in small letters, in its international form; empty when there is none."""
    try:
        host = urlsplit(link if "://" in link else f"http://{link}").hostname or ""
    except ValueError:
        return ""
    return _international(host.rstrip("."))


@lru_cache(maxsize=1024)
def _international(host: str) -> str:
    if "xn--" not in host:
        return plain(seen(host))
    try:
        return plain(seen(idna.decode(host)))
    except idna.IDNAError:
        return host


def _listed(hosts: Mapping[str, str], body: str, entries: tuple[str, ...]) -> Iterator[Reason]:
    listed = compiled(entries).hosts
    if not listed:
        return
    named = {found: plain(seen(found)) for found in _NAMED_HOSTS.findall(body)}
    matched = set[str]()
    for typed, host in {**hosts, **named}.items():
        for entry in _at_or_above(host):
            if entry in listed and entry not in matched:
                matched.add(entry)
                yield Reason(_PHASE, f"“{listed[entry]}” is in the list.", typed[:_LONGEST_MATCH])


def _at_or_above(host: str) -> Iterator[str]:
    labels = host.split(".")
    return (".".join(labels[first:]) for first in range(max(0, len(labels) - 8), len(labels) - 1))


def _is_below(host: str, site: str) -> bool:
    return bool(site) and (host == site.casefold() or host.endswith(f".{site.casefold()}"))


def _too_many(links: Sequence[str], most: int) -> Iterator[Reason]:
    if len(links) > most:
        detail = f"It has {len(links)} link{'s' if len(links) > 1 else ''}; more than {most} are held."
        yield Reason(_PHASE, detail, links[most][:_LONGEST_MATCH])


def _deceptive(hosts: Mapping[str, str]) -> Iterator[Reason]:
    for typed, host in list(hosts.items())[: 2 * _MOST_REASONS]:
        if _NUMERIC.fullmatch(host):
            yield Reason(_PHASE, "It leads to a numeric address.", typed[:_LONGEST_MATCH])
        elif "://" in typed and _is_deceptive(typed):
            yield Reason(_PHASE, "Its host can be taken for another one.", typed[:_LONGEST_MATCH])


def _is_deceptive(link: str) -> bool:
    """Whether the host, in punycode or not, would be shown in punycode."""
    host = urlsplit(link).hostname or ""
    if not host.isascii():
        return shown_address(link) != link
    if "xn--" not in host:
        return False
    address = f"http://{_international(host)}"
    return shown_address(address) != address


def _disguised(body: str) -> Iterator[Reason]:
    small = body.lower()
    for signs, pattern, detail in _DISGUISES:
        if any(sign in small for sign in signs) and (found := pattern.search(body)):
            yield Reason(_PHASE, detail, found[0][:_LONGEST_MATCH])
