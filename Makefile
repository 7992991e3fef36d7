# fretscribe: one door for installing, showing, checking and training. `make` alone lists the targets.
# Needs GNU make, a POSIX sh and Python >= 3.11; everything else lands in $(VENV).

PYTHON ?= python3
PYTHONS ?= $(PYTHON)
VENV ?= .venv
DEMO ?= demo
CONFIG ?= configs/acoustic.toml
DATA ?= ../shared/data
INPUTS ?= 20000
SECONDS ?= 60
SEED ?= 1
CACHE ?= $(or $(FRETSCRIBE_CACHE),$(HOME)/.cache/fretscribe)
# Extra arguments for the step that installs torch, for example to choose another build of it.
TORCH_ARGS ?=
# `command:debian-package` pairs that some tests use when present; a test that starts to use a program of the
# system adds its pair here, and skips with a reason where the program is absent.
SYSTEM_TOOLS ?= chromium:chromium lilypond:lilypond musescore3:musescore3
# Without what packages recommend: LilyPond would bring TeX, 400 MB of it.
APT_INSTALL := DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends

# alphaTab (MPL-2.0) draws the tab of an .html page, and reads the same score files under node: tests compare.
ALPHATAB := 1.8.4

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
BASE := $(VENV)/.fretscribe-base
DEV := $(VENV)/.fretscribe-dev
CODE := src tests browser_ug_extractor.py

# Taken literally, spaces, quotes and dollars included: only the shell's environment carries it.
AUDIO_PATH := $(value AUDIO)
export AUDIO_PATH

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: demo
demo: $(BASE) ## a recording becomes a tab, on the screen and in demo/ (AUDIO=song.wav for your own)
	@mkdir -p "$(DEMO)"
	@set -eu; audio="$$AUDIO_PATH"; \
	if [ -z "$$audio" ]; then \
	  audio="$(DEMO)/demo.wav"; rm -f "$$audio"; \
	  echo "Rendering a guitar to $$audio"; \
	  $(BIN)/fretscribe render --demo -o "$$audio"; \
	fi; \
	$(BIN)/fretscribe transcribe -o "$(DEMO)" --force -- "$$audio"; \
	name=$$(basename -- "$$audio"); \
	echo; cat -- "$(DEMO)/$${name%.*}.tab.txt"

.PHONY: test
test: install-system install-oracles $(DEV) static ## everything: format, lint, types, floors, docs, all tests
	$(BIN)/python -m pytest

# The slow foreign readers get a few random tabs in `make test`.
.PHONY: writers
writers: install-system install-oracles $(DEV) ## every writer against other people's readers, on 200 random tabs each
	FRETSCRIBE_RANDOM_TABS=200 $(BIN)/python -m pytest -o timeout=1800 tests/io tests/test_notation_of_recordings.py

# The slow tests of a library get one file of each kind in `make test`.
.PHONY: library
library: $(DEV) ## 200 good, odd and broken files, on two workers and on a Dask cluster, as one by one
	FRETSCRIBE_LIBRARY_FILES=200 $(BIN)/python -m pytest -o timeout=3600 tests/workers tests/cli/test_library.py

# Every interpreter gets environments of its own in the cache, gone at the end; the first one tries the extras.
.PHONY: install-matrix
install-matrix: $(DEV) ## wheel and sdist in bare environments, each extra alone (PYTHONS="python3.11 python3.13")
	FRETSCRIBE_PYTHONS="$(PYTHONS)" FRETSCRIBE_TORCH_ARGS="$(TORCH_ARGS)" \
	  $(BIN)/python -m pytest -o timeout=1800 tests/test_install_matrix.py

# Bounded by a count and a time for each reader; the same SEED makes the same changes.
.PHONY: fuzz
fuzz: $(DEV) ## wrong files for every reader; what is found lands in findings/ (INPUTS=20000 SECONDS=60 SEED=1)
	PYTHONPATH=tests $(BIN)/python -m fuzz --inputs $(INPUTS) --seconds $(SECONDS) --seed $(SEED) --out findings

.PHONY: check
check: $(DEV) static ## the same without the slow tests, under two minutes
	$(BIN)/python -m pytest -m "not slow"

.PHONY: static
static: $(DEV) ## format, lint, types and floors, without tests
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(BIN)/mypy
	$(BIN)/lint-imports

.PHONY: format
format: $(DEV) ## rewrite the code the way `make check` wants it
	$(BIN)/ruff check --fix-only $(CODE)
	$(BIN)/ruff format $(CODE)

.PHONY: docs
docs: $(BASE) ## write docs/cli.md and docs/api-reference.md anew from help and docstrings; tests keep them current
	$(BIN)/python -m fretscribe.cli.reference > docs/cli.md.new
	mv docs/cli.md.new docs/cli.md
	$(BIN)/python -m fretscribe.cli.api_reference > docs/api-reference.md.new
	mv docs/api-reference.md.new docs/api-reference.md

.PHONY: train
train: $(DEV) ## train the acoustic model, or go on where it stopped (CONFIG=configs/acoustic.toml)
	$(BIN)/fretscribe train acoustic "$(CONFIG)"

# Folds first: the LSTMPredictor that ships learns from what they predict for players that they never heard.
.PHONY: train-tab
train-tab: $(DEV) ## train TabCNN, the LSTMPredictor and their folds, then calibrate (DATA=folder, CACHE=folder; 2 hours)
	test -f "$(CACHE)/windows/arrays.json" || $(BIN)/fretscribe data guitarset --root "$(DATA)/guitarset" \
	  --source windows --no-predictions --skip-broken --out "$(CACHE)/windows"
	test -f "$(CACHE)/rendered/arrays.json" || $(BIN)/fretscribe data rendered --data "$(DATA)" --out "$(CACHE)/rendered"
	$(BIN)/fretscribe train tabcnn configs/tabcnn.toml --arrays "$(CACHE)/windows" --arrays "$(CACHE)/rendered" \
	  --folds player --nested -o "$(CACHE)/folds"
	$(BIN)/fretscribe train tabcnn configs/tabcnn.toml --arrays "$(CACHE)/windows" --arrays "$(CACHE)/rendered" \
	  -o "$(CACHE)/final"
	$(BIN)/fretscribe train lstm configs/lstm.toml --arrays "$(CACHE)/windows" --tabcnn-folds "$(CACHE)/folds" \
	  --folds player -o "$(CACHE)/folds"
	$(BIN)/fretscribe train lstm configs/lstm.toml --arrays "$(CACHE)/windows" --tabcnn-folds "$(CACHE)/folds" \
	  -o "$(CACHE)/final"
	$(BIN)/fretscribe calibrate --dataset "$(DATA)/guitarset" --weights "$(CACHE)/final" --folds "$(CACHE)/folds" --force
	@echo "the networks and their calibration are in $(CACHE)/final"

# The peer has an environment of its own, made anew when its list changes; the list's copy in it is the stamp.
.PHONY: bench
bench: $(DEV) ## fretscribe and Basic Pitch on the same recordings, side by side, and their speed (DATA=folder, CACHE=folder)
	@set -eu; peer="$(CACHE)/peers/basic-pitch"; list=peers/basic-pitch.txt; \
	if ! cmp -s "$$list" "$$peer/installed.txt"; then \
	  echo "Installing Basic Pitch into $$peer"; \
	  "$(PYTHON)" -m venv --clear "$$peer"; \
	  "$$peer/bin/python" -m pip --disable-pip-version-check install --quiet --no-deps -r "$$list"; \
	  cp "$$list" "$$peer/installed.txt"; \
	fi; \
	set -- --peer basic-pitch="$$peer/bin/python" --markdown docs/reports/bench.md --force; \
	if [ -d "$(CACHE)/folds" ]; then set -- "$$@" --folds "$(CACHE)/folds"; fi; \
	$(BIN)/fretscribe bench "$(DATA)/guitarset" "$$@"; \
	$(BIN)/fretscribe speed "$(DATA)/guitarset" --peer basic-pitch="$$peer/bin/python" --work "$(CACHE)/speed" \
	  --markdown docs/reports/speed.md --force

.PHONY: install
install: $(BASE) ## the light base environment in .venv, as a user has it
	@echo "ready: $(BIN)/fretscribe"

.PHONY: install-dev
install-dev: $(DEV) ## the same with what tests, checks and training need
	@echo "ready: $(BIN)/python -m pytest"

.PHONY: install-system
install-system: ## programs of the system that some tests use: installs what it can, says what it skips
	@set -u; skipped=''; \
	for pair in $(SYSTEM_TOOLS); do \
	  tool=$${pair%%:*}; package=$${pair#*:}; \
	  if command -v "$$tool" >/dev/null 2>&1; then continue; fi; \
	  if command -v apt-get >/dev/null 2>&1 && [ "$$(id -u)" = 0 ] \
	    && { $(APT_INSTALL) "$$package" >/dev/null 2>&1 \
	      || { apt-get update -qq >/dev/null && $(APT_INSTALL) "$$package" >/dev/null; }; } \
	    && command -v "$$tool" >/dev/null 2>&1; \
	  then echo "installed $$package"; \
	  else skipped="$$skipped $$tool($$package)"; fi; \
	done; \
	if [ -n "$$skipped" ]; then \
	  echo '!!!' >&2; \
	  echo "!!! NOT INSTALLED, tests that use them are skipped:$$skipped" >&2; \
	  echo '!!!' >&2; \
	fi

# Made under another name and then renamed, so that a broken download leaves nothing that looks installed.
.PHONY: install-oracles
install-oracles: ## alphaTab under node, which some tests compare with: installs it if it can, says so if not
	@set -u; place="$(CACHE)/oracles/alphatab-$(ALPHATAB)"; \
	if [ -d "$$place" ]; then exit 0; fi; \
	rm -rf "$$place.new"; \
	if command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1 && mkdir -p "$$place.new" \
	  && npm install --silent --no-save --no-package-lock --no-audit --no-fund --ignore-scripts \
	    --prefix "$$place.new" "@coderline/alphatab@$(ALPHATAB)" >/dev/null && mv "$$place.new" "$$place"; \
	then echo "installed alphaTab $(ALPHATAB) into $$place"; \
	else \
	  rm -rf "$$place.new"; \
	  echo '!!!' >&2; \
	  echo "!!! NOT INSTALLED, tests that compare with it are skipped: alphaTab $(ALPHATAB) (needs node and npm)" >&2; \
	  echo '!!!' >&2; \
	fi

# The package carries these, so that installing it needs neither node nor a network; a test compares them.
.PHONY: vendor
vendor: install-oracles ## after changing ALPHATAB: bring it, its font and their licences into the package
	@set -eu; from="$(CACHE)/oracles/alphatab-$(ALPHATAB)/node_modules/@coderline/alphatab"; \
	to=src/fretscribe/io/page/vendor; \
	cp "$$from/dist/alphaTab.min.js" "$$from/dist/font/Bravura.woff2" "$$from/dist/font/Bravura-OFL.txt" "$$to/"; \
	cp "$$from/LICENSE" "$$to/alphaTab-LICENSE.txt"; \
	echo "$$to holds alphaTab $(ALPHATAB); name it in NOTICE"

.PHONY: clean
clean: ## remove what building, testing and the demo leave behind, but not the environment
	rm -rf "$(DEMO)" dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: distclean
distclean: clean ## remove the environment too
	rm -rf $(VENV)

# --- the environment ---------------------------------------------------------------------------------
# Both stamps stand in the environment itself, so that removing it forgets them. The package is installed
# editable: sources act at once, and only a change of pyproject.toml, of the pins or of the version (in
# __init__.py) installs anew.

$(BIN)/python:
	@command -v "$(PYTHON)" >/dev/null 2>&1 || { \
	  echo "fretscribe needs Python 3.11 or newer, and there is no '$(PYTHON)' here." >&2; \
	  echo "Install it, or name it: make PYTHON=/path/to/python3.12" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "fretscribe needs Python 3.11 or newer, and '$(PYTHON)' is $$("$(PYTHON)" --version 2>&1)." >&2; \
	  echo "Install a newer one, or name it: make PYTHON=python3.12" >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' >/dev/null 2>&1 || { \
	  echo "'$(PYTHON)' comes without venv, which makes the environment in $(VENV)." >&2; \
	  echo "On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	"$(PYTHON)" -m venv "$(VENV)"

$(BASE): pyproject.toml constraints-dev.txt src/fretscribe/__init__.py | $(BIN)/python
	@$(PIP) --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip --upgrade
	$(PIP) install --quiet -c constraints-dev.txt -e .
	@touch $@

# torch in a step of its own: where the registry only has the large CUDA build, that is what you get, but
# a smaller build that pip is configured to find (or that TORCH_ARGS names) is taken first.
$(DEV): pyproject.toml constraints-dev.txt src/fretscribe/__init__.py | $(BIN)/python
	@$(PIP) --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip --upgrade
	$(PIP) install --quiet -c constraints-dev.txt $(TORCH_ARGS) "$$(grep '^torch==' constraints-dev.txt)"
	$(PIP) install --quiet -c constraints-dev.txt -e '.[dev]'
	@touch $(BASE) $@
