"""Decode children that are killed, hang, or exceed their limits: the upload is refused, the next one is checked."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from PIL import Image

from services.media.settings import MediaSettings
from services.media.worker.answers import parse_answer
from shared.errors import Problem
from tests.support.drawn_pictures import drawing, encoded, picture
from tests.support.polling import until
from tests.support.upload_checks import UploadBench, upload_bench

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bench(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[UploadBench]:
    """A checker whose child may use one second and 256 MiB."""
    settings = MediaSettings(media_decode_s=1, media_decode_memory_mb=256)
    async with upload_bench(tmp_path_factory.mktemp("objects"), settings) as bench:
        yield bench


def is_running(pid: int) -> bool:
    """Whether a process exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_hanging_child_is_killed_and_its_upload_refused(bench: UploadBench) -> None:
    pid = await bench.decoder_pid()
    os.kill(pid, signal.SIGSTOP)

    problem = await bench.refusal(picture())

    assert (problem.status, "too long" in problem.detail) == (422, True)
    assert not is_running(pid)
    assert (await bench.check(picture()))[0].facts.width == 320


async def test_killed_child_refuses_its_upload_and_no_other(bench: UploadBench) -> None:
    pid = await bench.decoder_pid()
    os.kill(pid, signal.SIGSTOP)
    refused = asyncio.create_task(bench.refusal(picture()))
    await until(lambda: not bench.decoders.resting, "the stopped child has the job")

    os.kill(pid, signal.SIGKILL)

    assert "cannot be decoded" in (await refused).detail
    assert (await bench.check(picture()))[0].facts.width == 320


async def test_child_that_died_at_rest_harms_no_upload(bench: UploadBench) -> None:
    pid = await bench.decoder_pid()
    os.kill(pid, signal.SIGKILL)
    await until(lambda: not bench.decoders.resting[0].is_alive, "the death is known")

    assert (await bench.check(picture()))[0].facts.width == 320
    assert await bench.decoder_pid() != pid


async def test_cancelled_check_ends_its_child(bench: UploadBench) -> None:
    pid = await bench.decoder_pid()
    os.kill(pid, signal.SIGSTOP)
    checking = asyncio.create_task(bench.check(picture()))
    await until(lambda: not bench.decoders.resting, "the stopped child has the job")

    checking.cancel()

    with pytest.raises(asyncio.CancelledError):
        await checking
    assert not is_running(pid)


@pytest.mark.long
async def test_picture_beyond_the_processor_time_is_refused(bench: UploadBench) -> None:
    # Colours for print are converted pixel by pixel.
    costly = encoded(Image.effect_noise((5_000, 5_000), 90).convert("CMYK"), "jpeg")

    problem = await bench.refusal(costly)

    assert (problem.status, "too long" in problem.detail) == (422, True)


@pytest.mark.long
async def test_picture_beyond_the_memory_is_refused(bench: UploadBench) -> None:
    progressive = encoded(drawing(9_900, 9_900), "jpeg", progressive=True)

    problem = await bench.refusal(progressive)

    assert problem.status == 422
    assert (await bench.check(picture()))[0].facts.width == 320


async def test_answer_of_another_shape_is_not_believed() -> None:
    for line in (b"", b"{}", b'{"state":"checked"}', b'{"state":"made","number":-1}', b'{"state":"done","more":1}'):
        with pytest.raises(ValueError, match="validation error"):
            parse_answer(line)


async def test_file_beyond_the_bytes_is_refused(tmp_path_factory: pytest.TempPathFactory) -> None:
    async with upload_bench(tmp_path_factory.mktemp("small"), MediaSettings(media_most_bytes=1024)) as bench:
        with pytest.raises(Problem) as refused:
            await bench.check(picture("jpeg", 900, 900))

        assert refused.value.status == 413
