"""The SMTP client against a real server: TLS, sign-in, what each answer means, and when the server may have a mail."""

import asyncio
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import pytest

from services.comments.notifications.smtp import Delivery, Envelope, MailServerDown, connected
from shared.smtp_address import parse_smtp, with_password
from tests.support.mail_server import ACCOUNT, PASSWORD, running_mail_server, write_certificates

SENDER, READER = "comments@news.example", "reader@home.example"


def envelope(recipient: str = READER, text: str = "Yes.\r\n.\r\n.Two.\n") -> Envelope:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = SENDER, READER, "Hello"
    message.set_content(text)
    return Envelope(SENDER, recipient, message)


async def ours() -> bool:
    return True


async def deliver(url: str, mail: Envelope, ca_file: Path | None = None) -> Delivery:
    async with connected(parse_smtp(url), ca_file) as connection:
        return await connection.deliver(mail, ours)


async def test_several_mails_take_one_connection_and_arrive_as_they_were_written() -> None:
    async with running_mail_server() as server:
        async with connected(parse_smtp(server.url), None) as connection:
            results = [await connection.deliver(envelope(), ours) for _ in range(3)]

    assert results == [Delivery("sent", 250)] * 3
    assert [mail.part("plain") for mail in server.mails] == ["Yes.\n.\n.Two.\n"] * 3


@pytest.mark.parametrize("tls", ["starttls", "tls"])
async def test_tls_needs_a_certificate_of_a_known_ca_and_the_right_password(tls: str, tmp_path: Path) -> None:
    ca_file, certificate = write_certificates(tmp_path)
    async with running_mail_server(certificate=certificate, tls="tls" if tls == "tls" else "starttls") as server:
        address = server.url.replace("://", f"://{ACCOUNT}@")
        good, bad = with_password(address, PASSWORD), with_password(address, "guess")

        assert await deliver(good, envelope(), ca_file) == Delivery("sent", 250)
        for url, ca, host in (
            (good, None, ""),
            (bad, ca_file, ""),
            (good, ca_file, "localhost"),
            (good, tmp_path / "none", ""),
        ):
            with pytest.raises(MailServerDown) as raised:
                await deliver(url.replace("127.0.0.1", host or "127.0.0.1"), envelope(), ca)
            assert PASSWORD not in str(raised.value)

    assert len(server.mails) == 1


async def test_server_without_starttls_gets_nothing(tmp_path: Path) -> None:
    async with running_mail_server() as server:
        with pytest.raises(MailServerDown):
            await deliver(server.url.replace("?tls=none", ""), envelope())

    assert server.mails == []


@pytest.mark.parametrize(
    ("answer", "result"),
    [("550 5.1.1 no such reader", Delivery("refused", 550)), ("450 4.2.0 grey list", Delivery("later", 450))],
)
@pytest.mark.parametrize("stage", ["on_recipient", "on_data"])
async def test_refusal_of_one_mail_does_not_stop_the_next(stage: str, answer: str, result: Delivery) -> None:
    async def refuse(recipient: str) -> str | None:
        return answer if recipient == READER else None

    async with running_mail_server() as server:
        setattr(server, stage, refuse)
        async with connected(parse_smtp(server.url), None) as connection:
            first = await connection.deliver(envelope(), ours)
            second = await connection.deliver(envelope("other@home.example"), ours)

    assert (first, second) == (result, Delivery("sent", 250))
    assert [mail.recipient for mail in server.mails] == ["other@home.example"]


async def test_lost_connection_is_uncertain_only_after_the_claim() -> None:
    async def close(recipient: str) -> str | None:
        return "close"

    async with running_mail_server() as server:
        server.on_data = close
        after = await deliver(server.url, envelope())
        claims: list[str] = []

        async def claim_while_the_server_goes() -> bool:
            claims.append("asked")
            raise MailServerDown("the store is away")

        with pytest.raises(MailServerDown):
            async with connected(parse_smtp(server.url), None) as connection:
                await connection.deliver(envelope(), claim_while_the_server_goes)

    assert after == Delivery("uncertain")
    assert claims == ["asked"]
    assert len(server.mails) == 1


async def test_mail_that_another_process_claimed_is_not_sent() -> None:
    async def taken() -> bool:
        return False

    async with running_mail_server() as server:
        async with connected(parse_smtp(server.url), None) as connection:
            assert await connection.deliver(envelope(), taken) == Delivery("taken")
            assert await connection.deliver(envelope(), ours) == Delivery("sent", 250)

    assert len(server.mails) == 1


@pytest.mark.parametrize("utf8", [True, False])
async def test_letters_beyond_ascii_in_the_local_part_need_smtputf8(utf8: bool) -> None:
    async with running_mail_server(utf8=utf8) as server:
        domain = await deliver(server.url, envelope("ada@bücher.example"))
        local = await deliver(server.url, envelope("ädä@bücher.example"))

    assert domain == Delivery("sent", 250)
    assert local.result == ("sent" if utf8 else "refused")
    assert server.mails[0].recipient == "ada@xn--bcher-kva.example"


async def test_silent_server_is_down_after_the_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.comments.notifications.smtp._TIMEOUT_S", 0.2)
    silent: Callable[[asyncio.StreamReader, asyncio.StreamWriter], None] = lambda reader, writer: None  # noqa: E731
    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(MailServerDown):
            await deliver(f"smtp://127.0.0.1:{port}?tls=none", envelope())
