"""Pytest hooks: distribution of tests over processes, time limits, and the end of every process that a run started."""

import gc
import inspect
import os
import subprocess
import time
from collections.abc import Generator

import pytest
from xdist.remote import Producer
from xdist.scheduler.loadscope import LoadScopeScheduling

from tests.support import limits, schedule
from tests.support.leftovers import processes_left, processor_seconds
from tests.support.processes import RUN, STARTER, mark_environment, start_guard

_GUARD = pytest.StashKey[subprocess.Popen[bytes]]()
_BEGAN = pytest.StashKey[float]()


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the setting `timeout` (pyproject.toml): time limit in seconds of tests without a `timeout` mark."""
    parser.addini("timeout", "time limit of a test in seconds", default="600")


def pytest_configure(config: pytest.Config) -> None:
    """Mark all child processes, and start the guard that ends them with this process."""
    config.addinivalue_line("markers", "timeout: time limit of the test in seconds")
    mark_environment()
    config.stash[_GUARD] = start_guard()
    config.stash[_BEGAN] = time.monotonic()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Close the guard's pipe; the guard then kills all remaining processes."""
    guard = config.stash[_GUARD]
    guard.communicate()


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """The meaning of `-n auto`."""
    return schedule.workers()


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """Distribute whole files, and whole folders whose tests share a platform."""
    config.option.loadscopereorder = False  # keep the order of pytest_collection_modifyitems
    return schedule.ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run long tests first, and limit the time of coroutine tests."""
    schedule.order(items)
    for item in items:
        if isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.obj):
            item.obj = limits.limited(item.obj, limits.limit_of(item))


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Leave modules and tests out of all further garbage collections, which took a fifth of the unit tests' time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, None, None]:
    """Limit the time of a test's fixtures."""
    with limits.interrupted(item, "setup"):
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Limit the time of a test."""
    with limits.interrupted(item, "call"):
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, None, None]:
    """Limit the time of a test's clean-up."""
    with limits.interrupted(item, "teardown"):
        yield


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None, None, None]:
    """Fail a run that leaves a process behind, and print the run's cost."""
    yield
    if _is_worker(session.config):
        return
    variable = RUN if session.config.pluginmanager.has_plugin("dsession") else STARTER
    left = processes_left(variable, os.environ[variable])
    if left:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    for process in left:
        print(f"killed a process that the run left behind: process {process.pid}, {process.command}")
    wall_s = time.monotonic() - session.config.stash[_BEGAN]
    print(f"processor time {processor_seconds():.0f} s in {wall_s:.0f} s, {schedule.workers()} processes at most")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print each skipped test with its reason."""
    skipped = terminalreporter.stats.get("skipped", [])
    for report in skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        terminalreporter.write_line(f"skipped: {report.nodeid}: {reason}")
