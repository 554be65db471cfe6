# Builds, runs and tests Stroma from a checkout. `make` without a target lists the targets.
#
# All targets use the release profile, so that dependencies are compiled once. LIBTORCH and LIBTORCH_CXX11_ABI are taken from
# the environment, or else from .cargo/config.toml.

# Where `make install` puts things.
export PREFIX ?= /usr/local
export DESTDIR

PYTHON ?= python3
TARGET := $(or $(CARGO_TARGET_DIR),target)
STROMA := $(TARGET)/release/stroma
QUESTION ?= MSC effect on RA stiffness

# Another model of models/README.md: `make demo MODEL=all-MiniLM-L6-v2`. It has an index of its own, because an index can only be
# used with the model that made it. MODEL is not taken from the environment, where it may have another meaning.
MODEL :=
ifneq ($(MODEL),)
STROMA := STROMA_MODEL_FOLDER=models/$(MODEL) STROMA_INDEX=$(TARGET)/index/$(MODEL) $(STROMA)
endif

.DEFAULT_GOAL := help
.PHONY: help announce setup build demo serve install uninstall dist deb test cluster faults clients page walk soak miri fuzz bench lint clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# What a first build does and how long it takes, so that nobody wonders whether it hangs.
announce:
	@test -e $(TARGET)/release/stroma || printf '%s\n' \
		'This is the first build here. Three things follow:' \
		'  1. set-up: downloads libtorch and the model (890 MB; 660 MB on disk), unless they are in place' \
		'  2. build: compiles Stroma and its 500 dependencies, about 10 minutes of processor time (6 minutes on two cores)' \
		'  3. what you asked for; `make demo` then indexes the samples and answers a question, in less than a minute' \
		'It can be interrupted at any time: the next `make` continues where it stopped.' \
		''

setup: ## download libtorch and the model, unless they are in place
	@$(PYTHON) scripts/setup.py libtorch
	@$(PYTHON) scripts/setup.py model $(MODEL)

build: announce setup ## compile the program
	cargo build --release

demo: build ## index the sample papers and answer QUESTION; MODEL selects another model
	$(STROMA) index papers
	$(STROMA) search "$(QUESTION)" --limit 3
	@echo
	@echo 'For other questions: $(STROMA) search "…", or `make serve$(if $(MODEL), MODEL=$(MODEL))` for HTTP.'

serve: build ## index the sample papers and start the server
	$(STROMA) index papers
	$(STROMA) serve

# What the installer takes: PREFIX is where it installs, DESTDIR a folder to put before that.
INSTALLER := PROGRAM=$(TARGET)/release/stroma scripts/install.sh

install: build ## install into PREFIX (/usr/local)
	@$(INSTALLER) install

uninstall: ## remove what `make install` put into PREFIX
	@$(INSTALLER) uninstall

dist: build ## pack a self-contained archive into target/dist
	@$(INSTALLER) dist $(TARGET)/dist

deb: build ## make a Debian package in target/dist
	@$(INSTALLER) deb $(TARGET)/dist

# Tests that need data from outside of the project are marked `#[ignore]`; they are included if the data is there. So are tests
# that need an OpenSearch cluster, which have targets of their own.
DATA_TESTS := $(if $(wildcard ../shared/data),-- --include-ignored --skip make_the_stored_index --skip opensearch)

test: setup ## run all tests, with two models
	@$(PYTHON) scripts/setup.py model bge-small-en-v1.5 all-MiniLM-L6-v2
	cargo test --release --workspace $(DATA_TESTS)

cluster: setup ## run the tests that need an OpenSearch cluster; needs JDK 21 and Maven
	scripts/opensearch.sh get
	cargo test --release --test suite opensearch -- --ignored --skip opensearch_faults

faults: setup ## fail nodes of an OpenSearch cluster under load; needs JDK 21, Maven and ten minutes
	scripts/opensearch.sh get
	cargo test --release --test suite opensearch_faults -- --ignored --nocapture --test-threads=1

clients: build ## generate clients for the HTTP interface in Python and TypeScript, and make every call with both; needs npm
	$(PYTHON) scripts/clients/check.py

page: build ## use the page in a headless Chromium; needs a Chromium
	$(PYTHON) scripts/page/check.py

walk: build ## go from a Zotero library to a checked manuscript, by every interface; needs a Chromium
	$(PYTHON) scripts/walk/walk.py

OPERATIONS ?= 10000

soak: setup ## run OPERATIONS random uploads, deletions, crashes and restarts
	STROMA_TEST_OPERATIONS=$(OPERATIONS) cargo test --release --test suite uploads_model -- --nocapture

# The nightly toolchain with its Miri: `rustup toolchain install nightly --component miri`. Only code that calls no C.
# Proptest looks for its kept failures beside the source, so the isolation is off; Miri is some 1,000 times slower.
MIRI_TESTS := store::codes hamming_counts int8::scalar
miri: export MIRIFLAGS = -Zmiri-disable-isolation
miri: export PROPTEST_CASES = 8

miri: setup ## run the codecs' and the scalar kernels' tests under Miri
	cargo +nightly miri test --lib -p stroma -p stroma-embed -- $(MIRI_TESTS)

# Seconds for each reader.
FUZZ_SECONDS ?= 60
FUZZ_TARGETS := any jats tei html markdown text dump pdf

fuzz: ## fuzz each reader for FUZZ_SECONDS under AddressSanitizer, from what is kept; needs cargo-fuzz
	mkdir -p $(TARGET)/fuzz
	for target in $(FUZZ_TARGETS); do \
		mkdir -p $(TARGET)/fuzz/$$target && \
		cargo +nightly fuzz run $$target $(TARGET)/fuzz/$$target fuzz/corpus/$$target -- \
			-max_total_time=$(FUZZ_SECONDS) -max_len=65536 -rss_limit_mb=2048 -timeout=20 || exit 1; \
	done

bench: setup ## run the benchmarks; writes docs/performance.md and the tables of docs/reliability.md
	cargo bench --bench costs
	cargo bench --bench steps
	cargo bench --bench growth
	cargo bench --bench load

lint: setup ## check formatting, lints and documentation
	cargo fmt --all --check
	cargo clippy --release --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --release --workspace --no-deps --document-private-items

clean: ## remove the index and all build output, but not the downloads
	find index -mindepth 1 ! -name README.md -delete
	cargo clean
