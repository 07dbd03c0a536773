# Thin on purpose: what takes more than two lines lies in tools/, on Python's standard library alone.
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help up down test check generate install-provider bench bench-service bench-provider lock packages tools
MAKEFLAGS += --no-print-directory
export PYTHONSAFEPATH :=

interrupted = printf '\nInterrupted. Run the same command again to go on.\n' >&2; exit 130
python = trap "$(interrupted)" INT; python=$$(sh tools/find_python.sh) && exec "$$python" -S -m

help:
	@printf '%s\n' \
	'make up                deploy the module with cdktf, and show a profile and a conversation through its actions' \
	'make down              destroy it again; PURGE=1 removes the data and the installed provider too' \
	'make test              run make check and all tests; PYTEST="-k name" chooses' \
	'make check             format, lint, types, and whether the generated files are fresh' \
	'make generate          write the generated files: constructs, reference, and the pictures in the docs' \
	'make install-provider  lay the Terraform provider where `terraform init` finds it; MIRROR=folder lays it elsewhere' \
	'make bench-service     measure the service beside a bare view, a small store, and Kinto; STORE=postgresql: on PostgreSQL' \
	'make bench-provider    measure Terraform with the provider, without one, and with another' \
	'make bench             measure both; BENCH="--rounds 5" passes options, also to one of them' \
	'make lock              write requirements/*.lock anew' \
	'make help              this list' \
	'' \
	'PYTHON=/path/to/python3 chooses a Python; TAMA_TERRAFORM, TAMA_NODE and TAMA_CHROMIUM a tool: its path, or bundled.'

up:
	@$(python) tools.up

down:
	@$(python) tools.down

test: check tools
	@.venv/bin/python -m pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder $(PYTEST)

check: packages
	@.venv/bin/ruff format --check --quiet . && .venv/bin/ruff check --quiet . && .venv/bin/mypy
	@.venv/bin/python -m tools.generate --check

generate:
	@$(python) tools.bootstrap dev terraform node npm-packages chromium
	@.venv/bin/python -m tools.generate && .venv/bin/python -m tools.pictures

install-provider:
	@$(python) tools.bootstrap run
	@$(python) tools.install_provider $(if $(MIRROR),--mirror "$(MIRROR)")

bench: tools
	@.venv/bin/python -m benchmarks $(if $(STORE),--store $(STORE)) $(BENCH)

bench-service bench-provider: tools
	@.venv/bin/python -m benchmarks $(@:bench-%=%) $(if $(STORE),--store $(STORE)) $(BENCH)

lock:
	@$(python) tools.lock

packages:
	@$(python) tools.bootstrap dev node npm-packages

tools:
	@$(python) tools.bootstrap dev terraform node npm-packages chromium test-terraforms
