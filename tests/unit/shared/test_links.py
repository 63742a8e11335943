"""Web addresses in plain text: their ends, and the hosts that are shown in punycode."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.links import AddressFinder, shown_address

FINDER = AddressFinder()


def addresses(text: str) -> list[str]:
    return [text[start:end] for start, end in FINDER.spans(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("https://example.com/foo。次の文", ["https://example.com/foo"]),
        ("https://example.com。次の文", ["https://example.com"]),
        ("https://example.com/foo、https://example.org/bar！", ["https://example.com/foo", "https://example.org/bar"]),
        ("「https://example.com/foo」と", ["https://example.com/foo"]),
        ("《https://example.com/foo》", ["https://example.com/foo"]),
        ("（https://example.com/foo）", ["https://example.com/foo"]),
        ("https://example.com/foo（公式）", ["https://example.com/foo"]),
        ("https://example.com/?q=a，b", ["https://example.com/?q=a"]),
        ("https://example.com/#a；b", ["https://example.com/#a"]),
        ("https://example.com/foo．x", ["https://example.com/foo"]),
        ("https://example.com/foo？x", ["https://example.com/foo"]),
        ("https://example.com/foo…", ["https://example.com/foo"]),
        ("https://example.com/foo.。", ["https://example.com/foo"]),
        ("https://example.com/%E3%80%82x。y", ["https://example.com/%E3%80%82x"]),
        ("https://example.com/a(b。c)d、e", ["https://example.com/a(b。c)d"]),
        ("https://example.com/ジョン・レノン、x", ["https://example.com/ジョン・レノン"]),
        ("https://例え.jp/路。次", ["https://例え.jp/路"]),
        ("«https://example.com/foo».", ["https://example.com/foo"]),
        ("“https://example.com/foo”, he said", ["https://example.com/foo"]),
        ("https://example.com/foo؟ و", ["https://example.com/foo"]),
        ("https://example.com/foo، و", ["https://example.com/foo"]),
        ("https://example.com/foo।", ["https://example.com/foo"]),
        ("https://example.com/a_(b)", ["https://example.com/a_(b)"]),
        ("https://example.com/L’Équipe", ["https://example.com/L’Équipe"]),
        ("https://example.com/foo\u200e bar", ["https://example.com/foo"]),
        ("https://example.com/\u202egpj.exe", ["https://example.com/"]),
        ("https://example.com/a(b\u202ec)d", ["https://example.com/a(b"]),
        ("https://example.com/@ada", ["https://example.com/@ada"]),
        ("https://example.com/می\u200cخواهم", ["https://example.com/می\u200cخواهم"]),
        ("https://exam\u200bple.com/a", []),
        ("https://bank.example@evil.example/", []),
        ("ftp://a.example mailto:a@b.example //c.example d.example", []),
    ],
)
def test_address_ends_before_punctuation_of_any_script(text: str, found: list[str]) -> None:
    assert addresses(text) == found


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/é。",
        "https://bücher.example",
        "https://BÜCHER.example/A",
        "https://straße.example:8443/",
        "https://例え.jp",
        "https://ひらがなカタカナ漢字ー々.jp",
        "https://한국漢.kr/",
        "https://مثال.example/a?b#c",
        "https://пример.рф",
        "https://пример.com",
        "https://παράδειγμα.example",
        "https://xn--bcher-kva.example",
        "https://127.0.0.1/",
        "https://my_host.example/",
    ],
)
def test_address_with_an_unmistakable_host_is_shown_as_typed(url: str) -> None:
    assert shown_address(url) == url


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://ex\u0430mple.com/x", "http://xn--exmple-4nf.com/x"),  # Cyrillic а
        ("http://www.\u0440aypal.com", "http://www.xn--aypal-uye.com"),  # Cyrillic р
        ("https://g\u03bfogle.com", "https://xn--gogle-rce.com"),  # Greek ο
        (
            "https://\u0430\u0440\u0440\u04cf\u0435.com/a",
            "https://xn--80ak6aa92e.com/a",
        ),  # all Cyrillic, looks like apple
        ("https://a:b@ex\u0430mple.com/", "https://a:b@xn--exmple-4nf.com/"),
        ("https://com\u30cefoo.example/", "https://xn--comfoo-kx4e.example/"),  # katakana that looks like a slash
        ("https://\uff45xample.com", "https://example.com"),  # full-width letter
        ("https://b\u00fccher.\u0441om", "https://xn--bcher-kva.xn--om-nmc"),  # Cyrillic letter in the last label
        ("https://\u03bd\u03b9\u03c1.com", "https://xn--uxahn.com"),  # all Greek, looks like vip
    ],
)
def test_host_that_could_be_mistaken_is_shown_in_punycode(url: str, shown: str) -> None:
    assert shown_address(url) == shown


@pytest.mark.parametrize(
    "url", ["http://\U000191d3", "https://i❤.example", "https://\u0301a.example", "https://é-.example"]
)
def test_host_that_cannot_exist_is_not_shown(url: str) -> None:
    assert shown_address(url) is None


@given(st.text(max_size=80))
def test_every_text_is_searched_without_error(text: str) -> None:
    for address in addresses(f"https://{text}"):
        assert address.startswith("http")
        shown_address(address)


@pytest.mark.parametrize(
    "text", ["https://a.b/" + "(" * 100_000, 'https://a.b/"' + "(" * 100_000 + '"', "https://a.b/" + "»" * 100_000]
)
def test_long_text_of_brackets_or_quotes_is_fast(text: str) -> None:
    started = process_time()
    addresses(text)

    assert process_time() - started < 2
