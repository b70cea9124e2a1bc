# `make demo` and `make test` are all that a fresh machine needs.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help demo serve data train-default test kernels bench lint types imports protos check-protos check lock bundle clean

ACCELERATOR ?= cpu
PYTHON_BIN := .venv/bin/python
ENVIRONMENT := .venv/.installed-$(ACCELERATOR)
# spconv's wheels name a CUDA version: spconv-cu126 and others.
SPCONV ?= spconv==2.3.8
OPTIONAL_KERNELS := --with $(SPCONV) $(if $(filter cpu,$(ACCELERATOR)),--with triton==3.7.1)
KERNEL_TESTS := tests/perception_service/ops/test_triton.py tests/perception_service/ops/sparse/test_spconv.py
# Contended OpenMP threads cost several times more than they give.
export OMP_WAIT_POLICY ?= PASSIVE
export TOKENIZERS_PARALLELISM ?= false

help: ## Shows this list.
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | column -ts $$'\t'

$(ENVIRONMENT): pyproject.toml requirements/$(ACCELERATOR).txt requirements/overrides-$(ACCELERATOR).txt
	deploy/create-environment $(ACCELERATOR)
	@touch $@

demo: $(ENVIRONMENT) ## Corrects trajectories on the built-in drive (FRAME=directory: on yours; SPEED=m/s; BUNDLE=directory).
	$(PYTHON_BIN) -m demo $(if $(FRAME),--frame "$(FRAME)") $(if $(SPEED),--speed-mps $(SPEED)) $(if $(BUNDLE),--bundle "$(BUNDLE)")

serve: $(ENVIRONMENT) ## Runs both services on loopback until Ctrl-C.
	$(PYTHON_BIN) -m demo.serve $(if $(BUNDLE),--bundle "$(BUNDLE)")

SCENES ?= 12
DATA ?= out/data
data: $(ENVIRONMENT) ## Makes procedural drives, correction samples and a page about them (SCENES=12, DATA=out/data).
	$(PYTHON_BIN) -m training data synthesize --out "$(DATA)/drives" --scenes $(SCENES)
	$(PYTHON_BIN) -m training data build --nuscenes "$(DATA)/drives" --out "$(DATA)/samples"
	$(PYTHON_BIN) -m training data inspect "$(DATA)/samples"

include training/default.mk

test: $(ENVIRONMENT) ## Runs the tests.
	$(PYTHON_BIN) -m pytest

kernels: $(ENVIRONMENT) ## Tests the optional kernels: Triton's under its interpreter where there is no GPU, and spconv.
	OMP_NUM_THREADS=1 VIRTUAL_ENV=$(CURDIR)/.venv $(if $(filter cpu,$(ACCELERATOR)),TRITON_INTERPRET=1) \
	.venv/bin/uv run --no-project --active $(OPTIONAL_KERNELS) python -m pytest $(KERNEL_TESTS)

bench: $(ENVIRONMENT) ## Measures speed and memory and prints one table (FRAME=directory: the official configuration on yours).
	$(PYTHON_BIN) -m benchmarks $(if $(FRAME),--frame "$(FRAME)")

check: lint types imports check-protos ## Everything that CI checks before the tests.

lint: $(ENVIRONMENT) ## Style.
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .

types: $(ENVIRONMENT) ## Types.
	.venv/bin/ty check --python .venv

imports: $(ENVIRONMENT) ## Who may import whom.
	.venv/bin/lint-imports

PROTOS := $(shell find protos -name '*.proto')
PROTOC = $(PYTHON_BIN) -m grpc_tools.protoc -Iprotos \
	--plugin=protoc-gen-mypy=.venv/bin/protoc-gen-mypy --plugin=protoc-gen-mypy_grpc=.venv/bin/protoc-gen-mypy_grpc

# $(1): where the stubs go. Only perception.proto defines a service.
define generate
	$(PROTOC) --python_out=$(1) --mypy_out=quiet:$(1) $(PROTOS)
	$(PROTOC) --grpc_python_out=$(1) --mypy_grpc_out=quiet:$(1) protos/waymend/perception/v1/perception.proto
endef

protos: $(ENVIRONMENT) ## Regenerates the stubs of the wire contract.
	$(call generate,.)

check-protos: $(ENVIRONMENT) ## Lints the wire contract and fails where its stubs are out of date.
	.venv/bin/buf lint protos
	@rm -rf .stubs && mkdir .stubs
	$(call generate,.stubs)
	@diff -r --exclude=__pycache__ .stubs/waymend/perception waymend/perception && rm -rf .stubs

bundle: $(ENVIRONMENT) ## Writes the tiny untrained bundle anew.
	$(PYTHON_BIN) -m training tiny-bundle --out bundles/tiny

lock: $(ENVIRONMENT) ## Pins the environments anew.
	deploy/pin-environments

clean: ## Removes what can be made again.
	rm -rf .venv out .stubs .pytest_cache .ruff_cache .hypothesis
