# The ways to run Stroma from a checkout. `make` alone lists them.
#
# Everything uses the release profile, so that dependencies are compiled once. LIBTORCH and LIBTORCH_CXX11_ABI are taken
# from the environment where they are set, else from .cargo/config.toml.

PYTHON ?= python3
TARGET := $(or $(CARGO_TARGET_DIR),target)
STROMA := $(TARGET)/release/stroma
QUESTION ?= MSC effect on RA stiffness

# Another of the models in models/README.md: `make demo MODEL=all-MiniLM-L6-v2`. It has an index of its own, because an index
# belongs to the model that made it. Not taken from the environment, where the name may mean anything.
MODEL :=
ifneq ($(MODEL),)
STROMA := STROMA_MODEL_FOLDER=models/$(MODEL) STROMA_INDEX=$(TARGET)/index/$(MODEL) $(STROMA)
endif

.DEFAULT_GOAL := help
.PHONY: help setup build demo serve test soak bench lint clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## fetch libtorch and the model, where they are not there yet
	@$(PYTHON) scripts/setup.py libtorch
	@$(PYTHON) scripts/setup.py model $(MODEL)

build: setup ## compile the program
	cargo build --release

demo: build ## index the sample papers and ask QUESTION of them, with MODEL where given
	$(STROMA) index papers
	$(STROMA) search "$(QUESTION)" --limit 3
	@echo
	@echo 'To ask more: $(STROMA) search "…", or `make serve$(if $(MODEL), MODEL=$(MODEL))` for HTTP.'

serve: build ## index the sample papers and answer over HTTP until stopped
	$(STROMA) index papers
	$(STROMA) serve

# Tests that need data from outside of the project are ignored, and said to be, where there is none.
DATA_TESTS := $(if $(wildcard ../shared/data),-- --include-ignored --skip make_the_stored_index)

test: setup ## run all tests, with two models
	@$(PYTHON) scripts/setup.py model bge-small-en-v1.5 all-MiniLM-L6-v2
	cargo test --release --workspace $(DATA_TESTS)

OPERATIONS ?= 10000

soak: setup ## put, delete, crash and restart at random, OPERATIONS times
	STROMA_TEST_OPERATIONS=$(OPERATIONS) cargo test --release --test suite uploads_model -- --nocapture

bench: setup ## run the benchmarks; writes docs/performance.md
	cargo bench --bench costs
	cargo bench --bench steps
	cargo bench --bench growth

lint: setup ## check formatting, lints and documentation
	cargo fmt --all --check
	cargo clippy --release --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --release --workspace --no-deps --document-private-items

clean: ## remove the index and what was compiled, but not what was fetched
	find index -mindepth 1 ! -name README.md -delete
	cargo clean
