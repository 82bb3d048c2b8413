# make report    sets up what is missing and prints the report of STUDY
# make test      sets up what is missing and runs every test
STUDY  ?= data/bank-panel
PYTHON ?= python3
ARGS   ?=
JOBS   ?= 2

ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif
RUN := $(BIN)/python -m cx_value

.DEFAULT_GOAL := help
.PHONY: help setup report run check notebooks gallery test docs bench reference clean

help: ## list the targets
	@$(PYTHON) -c "import re; [print(f'{m[1]:<11}{m[2]}') for m in re.finditer(r'^([a-z]+):.*?## (.*)', open('Makefile', encoding='utf-8').read(), re.M)]"

setup: .venv/ready ## make the environment in .venv, with the versions of uv.lock

.venv/ready: pyproject.toml uv.lock
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv>=0.5"
	$(BIN)/uv sync --frozen --all-extras --quiet --compile-bytecode
	$(BIN)/python -c "open('.venv/ready', 'w').close()"

report: setup ## print the report of STUDY (ARGS: --lang --format --renderer --draft)
	$(RUN) report $(STUDY) $(ARGS)

run: setup ## execute the notebooks of STUDY only
	$(RUN) run $(STUDY) $(ARGS)

check: setup ## check STUDY and its data, fit nothing
	$(RUN) check $(STUDY)

notebooks: setup ## open the notebooks in JupyterLab
	$(BIN)/python -m jupyterlab --ServerApp.root_dir=. --LabApp.default_url=/lab/tree/notebooks

gallery: setup ## print the reports of all bundled studies
	$(BIN)/python -c "import pathlib, subprocess, sys; [subprocess.check_call([sys.executable, '-m', 'cx_value', 'report', str(p.parent)]) for p in sorted(pathlib.Path('data').glob('*/study.yml'))]"

# A worker a core: threads of the matrix library would only wait for one another.
test: export OMP_NUM_THREADS = 1
test: export OPENBLAS_NUM_THREADS = 1
test: setup ## run every test (no network, no R, no Quarto needed)
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder $(ARGS)

docs: setup ## build the documentation in both languages: build/site
	$(BIN)/python -m mkdocs build --strict

bench: setup ## measure speed side by side with what users would pick instead
	$(BIN)/python -m benchmarks

reference: ## make the reference numbers again (needs R with lavaan, semTools, psych, GPArotation)
	$(PYTHON) -c "import pathlib, subprocess; [subprocess.check_call(['Rscript', str(p)]) for p in sorted(pathlib.Path('tests/reference').glob('*.R'))]"

clean: ## remove everything that was built
	$(PYTHON) -c "import shutil; shutil.rmtree('build', ignore_errors=True)"
