# World Monitor's tasks. See README.md.
.PHONY: help run test long check sbom check-next bench faults browser clean

PYTHON := .venv/bin/python
# Python keeps what it compiled: without that, pytest compiles all tests in each of its processes (6 s of each).
unexport PYTHONDONTWRITEBYTECODE
# The stack ends with make (the parent of this shell), even after SIGKILL.
STACK = WM_STOP_WITH_PARENT=$(shell echo $$PPID) exec $(PYTHON) -m deploy.local

help:
	@echo 'make run      start the whole platform here (WM_PORT, WM_DATA, WM_EDITION, WM_SCALE: docs/EMBEDDED.md)'
	@echo 'make test     every test, with the short form of the faults; WM_KAFKA, WM_MONGO, WM_REDIS name other servers'
	@echo 'make long     the long forms of tests, which make test leaves out'
	@echo 'make check    audit of packages, format, lint, types, unit tests'
	@echo 'make sbom     write sbom.cdx.json: the packages of the services (CycloneDX); the image has it in /app'
	@echo 'make check-next  unit tests on the next Python, where this machine has it'
	@echo 'make faults   the long form of the faults'
	@echo 'make bench    the speed measures, as ratios'
	@echo '.venv/bin/world-monitor --help   the operator'"'"'s commands'
	@echo 'make clean    remove .venv and caches; .data stays'

run:
	@deploy/bootstrap embedded
	@$(STACK)

test: browser
	@$(PYTHON) -m pytest -n auto -m 'not long' --durations 10 tests

long: browser
	@$(PYTHON) -m pytest -n auto -m long --durations 10 tests

check:
	@deploy/bootstrap dev
	@deploy/audit
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .
	$(PYTHON) -m mypy shared services deploy tests
	$(PYTHON) -m pytest tests/unit

sbom:
	@deploy/bootstrap embedded
	@.venv/bin/uv export --quiet --frozen --no-emit-project --format cyclonedx1.5 --output-file sbom.cdx.json >/dev/null
	@echo 'sbom.cdx.json is written'

# Exit status 77: this machine does not have that Python.
check-next:
	@deploy/bootstrap next; status=$$?; [ $$status = 77 ] || { [ $$status = 0 ] && .venv-next/bin/python -m pytest tests/unit; }

faults:
	@deploy/bootstrap dev
	@WM_FAULT_SECONDS=$${WM_FAULT_SECONDS:-120} $(PYTHON) -m pytest -s tests/faults

bench:
	@deploy/bootstrap dev
	@$(PYTHON) -m tests.bench

# Installs Playwright's Chromium when the machine has none. Without either, tests in a browser are skipped.
browser:
	@deploy/bootstrap dev
	@$(PYTHON) -m tests.support.browser

clean:
	rm -rf .venv .venv.lock .venv.uv .venv-next .venv-next.lock .pytest_cache .mypy_cache .ruff_cache .hypothesis
