# Each target does its own set-up, says what it is doing, and is quick the second time.
#   make demo · make test          what the README starts with
#   make help                      all targets
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
ARGS ?=
OURS := pyproject.toml robot/pyproject.toml server/pyproject.toml models/pyproject.toml server/hatch_build.py
PIP := -m pip --disable-pip-version-check --quiet
BIN := .venv/bin
# Tests run in two processes, a file in one of them; WORKERS=0 runs them in this one, as a debugger needs.
WORKERS ?= 2
PYTEST = -m pytest --numprocesses=$(WORKERS) --dist=loadfile --no-loadscope-reorder

.PHONY: help
help:  ## Show this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  PYTHON=python3.12 chooses an interpreter (3.11 to 3.13); ARGS='…' goes to the command."

# ------------------------------------------------------------------------------------------------------ environments

.PHONY: python
python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null || { \
	  echo "crackmap needs Python 3.11, 3.12 or 3.13, and $(PYTHON) is $$($(PYTHON) --version 2>&1 || true). Choose one: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 2; }

# $(call environment,FOLDER,INTERPRETER,REQUIREMENTS,OUR PARTS): pinned requirements by hash, then our own parts.
define environment
	@echo "Setting up $(1) from $(3) (once; later runs start at once) …"
	@test -x $(1)/bin/python || $(2) -m venv $(1) || { \
	  echo "$(2) cannot make virtual environments. On Debian: apt-get install python3-venv" >&2; exit 2; }
	@$(1)/bin/python $(PIP) install --no-deps --require-hashes -r $(3)
	@$(1)/bin/python $(PIP) install --no-deps --no-build-isolation $(foreach part,$(4),-e $(part))
endef

.venv/.demo: requirements/demo.txt $(OURS) | python
	$(call environment,.venv,$(PYTHON),requirements/demo.txt,. ./robot ./server)
	@touch $@

.venv/.test: requirements/test.txt $(OURS) | python
	$(call environment,.venv,$(PYTHON),requirements/test.txt,. ./robot ./server)
	@touch $@ .venv/.demo

.venv-models/.ready: requirements/models.txt $(OURS) | python
	$(call environment,.venv-models,$(PYTHON),requirements/models.txt,. ./robot ./models)
	@touch $@

.venv-legacy/.ready: requirements/legacy.txt $(OURS)
	@command -v python3.11 >/dev/null || { echo "tflite-runtime ends at Python 3.11; no python3.11 on this machine" >&2; exit 2; }
	$(call environment,.venv-legacy,python3.11,requirements/legacy.txt,. ./robot)
	@touch $@

.venv-bench/.ready: requirements/bench.txt $(OURS) | python
	$(call environment,.venv-bench,$(PYTHON),requirements/bench.txt,. ./robot)
	@touch $@

.venv-fuzz/.ready: requirements/fuzz.txt $(OURS) | python
	$(call environment,.venv-fuzz,$(PYTHON),requirements/fuzz.txt,. ./robot ./server)
	@touch $@

# -------------------------------------------------------------------------------------------------------------- runs

.PHONY: demo
demo: .venv/.demo  ## A simulated wall, scanned and served (ARGS='--once' ends by itself)
	@$(BIN)/crackmap demo $(ARGS)

.PHONY: test
test: .venv/.test  ## All tests that need no TensorFlow, but the long ones
	@$(BIN)/python $(PYTEST) -m "not long" $(ARGS)

.PHONY: test-long
test-long: .venv/.test  ## Missions, kills, replays of photographs, restores: stories of many processes
	@$(BIN)/python $(PYTEST) -m long $(ARGS)

.PHONY: check
check: .venv/.test  ## Format, lint, types, imports, each bench on a small input
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	PYTHONPATH=robot:server:models $(BIN)/lint-imports
	@for bench in bench/*.py; do echo "$$bench --quick"; $(BIN)/python $$bench --quick || exit 1; done

.PHONY: format
format: .venv/.test  ## Put the code into shape
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.PHONY: test-models
test-models: .venv-models/.ready  ## Tests of the models part and its benches on a small input (TensorFlow, 2.4 GB)
	@.venv-models/bin/python -m pytest tests/models $(ARGS)
	@for bench in bench/models/*.py; do echo "$$bench --quick"; .venv-models/bin/python $$bench --quick || exit 1; done

.PHONY: test-legacy
test-legacy: .venv-legacy/.ready  ## Tests of the robot on tflite-runtime and NumPy 1 (Python 3.11)
	@CRACKMAP_RUNTIME=tflite-runtime .venv-legacy/bin/python $(PYTEST) tests/crackmap tests/robot $(ARGS)

.PHONY: wheels
wheels: .venv/.test  ## Wheels of our parts in dist/
	@rm -rf dist
	@for part in . ./robot ./server; do $(BIN)/python $(PIP) wheel --no-deps --no-build-isolation -w dist $$part || exit 1; done
	@ls dist

# $(call alone,PART): the part's wheels, with the requirements of its container, in an empty environment.
define alone
	@rm -rf .venv-$(1) && $(PYTHON) -m venv .venv-$(1)
	@.venv-$(1)/bin/python $(PIP) install --no-deps --require-hashes -r requirements/$(1).txt
	@.venv-$(1)/bin/python $(PIP) install --no-deps --no-index --find-links dist crackmap crackmap-$(1)
	@.venv-$(1)/bin/python -P tests/alone.py $(1)
endef

.PHONY: test-robot
test-robot: wheels  ## The robot's wheels alone in an empty environment
	$(call alone,robot)

.PHONY: test-server
test-server: wheels  ## The server's wheels alone in an empty environment
	$(call alone,server)

.PHONY: bench
bench: .venv/.test .venv-bench/.ready .venv-models/.ready  ## Every claim of the README, measured beside its peers
	@for bench in bench/*.py; do $(BIN)/python $$bench $(ARGS) || exit 1; done
	@for bench in bench/models/*.py; do .venv-models/bin/python $$bench $(ARGS) || exit 1; done

.PHONY: prove
prove: .venv/.test  ## Fault injection with 100 seeds, or as many as CRACKMAP_PROVE says, as much of the API, and of tags (hours)
	@CRACKMAP_PROVE=$${CRACKMAP_PROVE:-100} $(BIN)/python $(PYTEST) -k "kill or durab or disk or keeps_to_its_document or as_exact_as_is_said" $(ARGS)

.PHONY: fuzz
fuzz: .venv-fuzz/.ready  ## What comes from outside, under a coverage-guided fuzzer (ARGS='--seconds 300 robot/poses')
	@.venv-fuzz/bin/python -P tests/fuzz.py $(ARGS)

.PHONY: docs
docs: .venv/.test  ## Write docs/reference again from the code
	@$(BIN)/python docs/write_reference.py

.PHONY: lock
lock: .venv/.demo  ## Pin the requirements again (versions and hashes)
	@$(BIN)/python $(PIP) install uv
	@for set in "demo robot server" "test demo robot server" "models models" "legacy robot[tflite-runtime]" "bench robot" "fuzz robot server" "robot robot" "server server"; do sh requirements/lock.sh $$set || exit 1; done

.PHONY: clean
clean:  ## Remove environments and build results
	rm -rf .venv .venv-models .venv-legacy .venv-bench .venv-fuzz .venv-robot .venv-server dist server/crackmap_server/web/leaflet
