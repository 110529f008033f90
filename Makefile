# Each target sets up what it needs: Python 3.11 or newer and make are enough.

PYTHON  ?= python3
VENV    ?= .venv
TESTS   ?= tests
EXTRA   ?= dev
BARRIER ?= verified_barrier.Barrier
VERSION := $(shell $(PYTHON) -c 'import sys; print(*sys.version_info[:2], sep=".")')
MADE    := $(VENV)/.made-$(VERSION)
READY   := $(VENV)/.ready-$(VERSION)-$(EXTRA)
RUN     := $(VENV)/bin
CACHE   := XDG_CACHE_HOME='$(CURDIR)/$(VENV)/cache'

.DEFAULT_GOAL := help
.PHONY: help check check-full mutants mutation test lint browser explore screenshots bench bench-scheduler interruptions stress find replay docs clean

help: ## say what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

check: $(READY) ## model-check the specification, compare the table with it, confirm the contracts, prove the invariant; and the worked examples; CHECK='--no-cache' is for both
	$(CACHE) $(RUN)/verified-barrier check $(CHECK)
	$(CACHE) $(RUN)/verified-barrier check --manifest docs/examples/models $(CHECK)

check-full: $(READY) ## the same with the large models and scenarios, a million crossings, recorded runs, the gallery of faults; CHECK is for the first
	$(CACHE) $(RUN)/verified-barrier check --full $(CHECK)
	$(RUN)/python -m pytest --full -m full
	$(RUN)/python -m pytest tests/traces
	$(MAKE) mutants

mutants: $(READY) ## apply each fault of the gallery to a copy, and run the checks; MUTANTS='fault/*' LIST=1 WRITE=1
	$(CACHE) PYTHONPATH=tests $(RUN)/python -m mutants $(if $(MUTANTS),--only "$(MUTANTS)") $(if $(LIST),--list) $(if $(WRITE),--write)

mutation: $(READY) ## let Cosmic Ray change the table, the pure step and the barrier; MUTANTS='table.py*' WRITE=1
	$(RUN)/python -m pip install --quiet --disable-pip-version-check --editable '.[mutation]'
	$(CACHE) PYTHONPATH=tests $(RUN)/python -m mutants.mutation $(if $(MUTANTS),--only "$(MUTANTS)") $(if $(WRITE),--write)

test: $(READY) ## run the tests, on all cores; TESTS='…' chooses some
	$(RUN)/python -m pytest -n auto --dist loadgroup $(TESTS)

lint: $(READY) ## check style and types
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/mypy

browser: $(READY) ## install what the tests of the explorer's page need: Playwright, and a Chromium if there is none
	$(RUN)/python -m pip install --quiet --disable-pip-version-check --editable '.[browser]'
	@for name in chromium chromium-browser google-chrome google-chrome-stable; do \
	    command -v $$name && exit; done; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; \
	else echo 'no Chromium, and no right to install it: the tests of the page are skipped'; fi

explore: $(READY) ## write the page in which anyone can step threads through a barrier: build/barrier.html
	mkdir -p build
	$(CACHE) $(RUN)/verified-barrier explore --output build/barrier.html

screenshots: explore browser ## make the pictures of that page again: docs/images
	PYTHONPATH=tests $(RUN)/python -m explore.screenshots build/barrier.html docs/images

bench: $(READY) ## time crossings against threading.Barrier, with each Python there is; BENCH='--json FILE --plot FILE.svg'
	$(RUN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	PYTHONPATH=tests $(RUN)/python -m benchmarks.compare $(BENCH)

bench-scheduler: $(READY) ## exhaust threading.Barrier with our scheduler and two from PyPI, in the same run
	$(RUN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	PYTHONPATH=tests $(RUN)/python tests/benchmarks/scheduling.py

interruptions: $(READY) ## raise an exception at every point where CPython can, in both barriers
	PYTHONPATH=tests $(RUN)/python tests/barrier/interruptions.py

stress: $(READY) ## use a barrier as roughly as can be; SECONDS=60 SEED=0 ROUND=0 BARRIER='threading.Barrier'
	PYTHONPATH=tests $(RUN)/python tests/barrier/storm.py --barrier '$(BARRIER)' \
	    --seconds '$(or $(SECONDS),60)' --seed '$(or $(SEED),0)' --first '$(or $(ROUND),0)'

find: $(READY) ## look for a failure in a scenario of the scheduler; SCENARIO='3 threads' BARRIER='threading.Barrier'
	@test -n '$(SCENARIO)' || { echo "say which scenario: make find SCENARIO='3 threads'" >&2; exit 2; }
	PYTHONPATH=tests $(RUN)/python -m scheduler find '$(SCENARIO)' --barrier '$(BARRIER)' $(if $(SCHEDULE),--output '$(SCHEDULE)')

replay: $(READY) ## run a failure of the scheduler's tests again; SCHEDULE=file.json says which; TRACE=run.ndjson
	@test -n '$(SCHEDULE)' || { echo 'say which schedule: make replay SCHEDULE=file.json' >&2; exit 2; }
	PYTHONPATH=tests $(RUN)/python -m scheduler replay '$(SCHEDULE)' $(if $(TRACE),--trace '$(TRACE)')

docs: explore ## build the site into build/docs; BUILDER=linkcheck asks the network whether its links lead somewhere
	$(RUN)/sphinx-build --fail-on-warning --keep-going --quiet --builder $(or $(BUILDER),html) docs build/docs

clean: ## remove what these targets made
	rm -rf .venv* build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(MADE): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "verified-barrier needs Python 3.11 or newer, not " + sys.version.split()[0] + ": make PYTHON=python3.13 …")'
	$(PYTHON) -m venv --clear $(VENV)
	@touch $(MADE)

$(READY): $(MADE)
	$(RUN)/python -m pip install --quiet --disable-pip-version-check --editable '.[$(EXTRA)]'
	@touch $(READY)
