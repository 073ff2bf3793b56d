PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help demo test lint format differential fuzz benchmark docs clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

$(VENV)/demo: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable .
	$(BIN)/python -m compileall -q archanalyzer
	@touch $@

$(VENV)/test: pyproject.toml $(VENV)/demo
	$(BIN)/python -m pip install --quiet --editable '.[test,lint]'
	@touch $@

$(VENV)/differential: pyproject.toml $(VENV)/test
	$(BIN)/python -m pip install --quiet --editable '.[differential]'
	@touch $@

$(VENV)/fuzz: pyproject.toml $(VENV)/test
	$(BIN)/python -m pip install --quiet --editable '.[fuzz]'
	@touch $@

demo: $(VENV)/demo ## analyze VGG-16 (makes a virtual environment first)
	$(BIN)/archanalyzer analyze specs/vgg16.yaml

test: $(VENV)/test ## run the tests (makes a virtual environment first)
	$(BIN)/python -m pytest

differential: $(VENV)/differential ## run the tests against PyTorch and ONNX, which are installed for them
	$(BIN)/python -m pytest tests/differential

fuzz: $(VENV)/fuzz ## a minute of fuzzing guided by coverage, with atheris, which is installed for it
	$(BIN)/python -m tests.fuzz.coverage_guided -max_total_time=60 -verbosity=0

lint: $(VENV)/test ## linter, formatter, type checker
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/test ## put the code into the one format, and mend what the linter can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/test ## write the generated pages of docs/ anew
	$(BIN)/python -m tests.generated

benchmark: $(VENV)/demo ## measure start-up, memory, checking, growth and running as ratios
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/checking.py
	$(BIN)/python benchmarks/growth.py
	$(BIN)/python benchmarks/running.py

clean: ## take away what the other targets made
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
