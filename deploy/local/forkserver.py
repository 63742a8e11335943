"""The process that starts every other process of the embedded stack. `children.py` sends it requests over a socket.

It has two purposes. First, no process outlives the supervisor: when the supervisor ends, even by SIGKILL, the forkserver
reads the end of its socket and kills every process group it started; on Linux the kernel does the same for the children
of a killed forkserver. Second, it imports the services' libraries once: a service is then a fork that is ready in
milliseconds, not a new interpreter that imports for a second (nine of them took 4.5 s of two cores).
"""

import contextlib
import ctypes
import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import sys
import traceback
from collections.abc import Sequence
from typing import Any, NoReturn

import setproctitle

# On macOS, fork without exec is not safe once system libraries have been used: there a service is a new interpreter.
_FORKS_SERVICES = sys.platform.startswith("linux")
_PR_SET_PDEATHSIG = 1
_MESSAGE_BYTES = 256 * 1024


class Forkserver:
    """Answers the supervisor's requests one at a time, and reports exits of children when they happen."""

    def __init__(self, control: socket.socket, lock_fd: int) -> None:
        self._control = control
        self._lock_fd = lock_fd  # held open: the data folder stays locked until the last child is gone
        self._children: set[int] = set()
        self._libc = ctypes.CDLL(None) if sys.platform.startswith("linux") else None
        self._wakeup, wake = socket.socketpair()
        for end in (self._wakeup, wake):
            end.setblocking(False)
        self._wake = wake
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)

    def serve(self) -> None:
        """Serve until the supervisor is gone, then kill all children."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._control, selectors.EVENT_READ)
            selector.register(self._wakeup, selectors.EVENT_READ)
            while True:
                ready = {key.fileobj for key, _ in selector.select()}
                if self._wakeup in ready:
                    self._drain_wakeups()
                    self._reap()
                if self._control in ready and not self._answer():
                    break
        self._kill_all()

    def _drain_wakeups(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._wakeup.recv(4096):
                pass

    def _reap(self) -> None:
        while self._children:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            _kill_group(pid)  # a killed leader leaves its group, as nginx its workers
            self._children.discard(pid)
            self._report({"exited": pid, "code": os.waitstatus_to_exitcode(status)})

    def _report(self, event: dict[str, object]) -> None:
        # The next read notices that the supervisor is gone.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._control.sendall(json.dumps(event).encode() + b"\n")

    def _answer(self) -> bool:
        """Carry out one request; false when the supervisor is gone."""
        try:
            line, fds, _, _ = socket.recv_fds(self._control, _MESSAGE_BYTES, 1)
            # A message with a descriptor ends a read: a request with a large environment comes in several parts.
            while not line.endswith(b"\n"):
                part = self._control.recv(_MESSAGE_BYTES)
                if not part:
                    return False
                line += part
        except ConnectionResetError:
            return False
        request = json.loads(line)
        if "preload" in request:
            self._report({"preloaded": self._preload(request["preload"])})
        else:
            self._spawn(request, fds[0])
        return True

    def _preload(self, modules: Sequence[str]) -> dict[str, str]:
        """Import the services' modules. Returns those that failed; they fail again in the process of the service."""
        failed = {}
        for name in modules:
            if self._supervisor_is_gone():
                break  # imports take long, and engines are running
            try:
                importlib.import_module(name)
            except Exception as error:
                failed[name] = f"{type(error).__name__}: {error}"
        gc.collect()
        gc.freeze()  # the collector then does not write to these pages, so that forks keep sharing them
        return failed

    def _supervisor_is_gone(self) -> bool:
        try:
            return not self._control.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except ConnectionResetError:
            return True

    def _spawn(self, order: dict[str, Any], output: int) -> None:
        forkserver = os.getpid()
        pid = os.fork()
        if pid == 0:
            self._become(order, output, forkserver)
        os.close(output)
        self._children.add(pid)
        self._report({"spawned": pid})

    def _become(self, order: dict[str, Any], output: int, forkserver: int) -> NoReturn:
        try:
            self._detach(forkserver)
            os.dup2(output, 1)
            os.dup2(output, 2)
            os.close(output)
            if order["module"] and _FORKS_SERVICES:
                _run_module(order)
            argv = order["argv"] or [sys.executable, "-m", order["module"], *order["args"]]
            os.execve(argv[0], argv, order["env"])
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(127)

    def _detach(self, forkserver: int) -> None:
        os.setsid()
        if self._libc is not None:
            self._libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != forkserver:
            os._exit(1)  # the forkserver was killed before prctl took effect
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        self._control.close()
        self._wakeup.close()
        self._wake.close()
        os.close(self._lock_fd)

    def _kill_all(self) -> None:
        for pid in self._children:
            os.kill(pid, signal.SIGKILL)  # a child that was just forked has no group of its own yet
            _kill_group(pid)
        while self._children:
            pid, _ = os.waitpid(-1, 0)
            _kill_group(pid)
            self._children.discard(pid)


def _kill_group(leader: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def _run_module(order: dict[str, Any]) -> NoReturn:
    sys.argv = [order["module"], *order["args"]]
    setproctitle.setproctitle(" ".join([sys.executable, "-m", *sys.argv]))
    os.environ.clear()
    os.environ.update(order["env"])
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    code = 0
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        runpy.run_module(order["module"], run_name="__main__", alter_sys=True)
    except SystemExit as request:
        code = _exit_code(request)
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _exit_code(request: SystemExit) -> int:
    if request.code is None or isinstance(request.code, int):
        return request.code or 0
    print(request.code, file=sys.stderr)
    return 1


def main() -> None:
    """`python -m deploy.local.forkserver CONTROL_FD LOCK_FD`, both inherited from the supervisor."""
    control_fd, lock_fd = (int(text) for text in sys.argv[1:])
    os.set_inheritable(lock_fd, False)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    setproctitle.setproctitle(f"{sys.executable} -m deploy.local.forkserver")
    Forkserver(socket.socket(fileno=control_fd), lock_fd).serve()


if __name__ == "__main__":
    main()
