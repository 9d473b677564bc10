# Two commands set everything up: `make demo` and `make test`.

CARGO ?= cargo
CORE  := --no-default-features --features testing
# Traces are linted and tested with the core, so that the SDK is built once.
TRACED := $(CORE),otel
FULL  := --features testing

.PHONY: help demo test check fmt lint docs deny bench build deb rpm packages-test clean

help:
	@echo 'make demo    the main job end to end on a simulated account: no AWS, no server;'
	@echo '             KEEP=DIR leaves its world in a new folder, to go on in'
	@echo 'make test    every test; installs what they need'
	@echo 'make check   formatting, lints on both feature sets, fuzz targets, documentation, licences'
	@echo 'make build   release binaries in target/release'
	@echo 'make deb     packages for Debian and Ubuntu in target/package; make rpm: for Amazon Linux, Fedora, RHEL'
	@echo 'make packages-test   installs the Debian packages on a fresh system, boots it and runs every unit; installs,'
	@echo '                     upgrades and removes the RPMs in a fresh tree; needs root'
	@echo 'make bench   the benchmarks behind the figures in the README'

demo:
	@$(CARGO) run $(CORE) --bin cattleguard-sim -- demo $(if $(KEEP),--keep '$(KEEP)')

test:
	@./scripts/prerequisites.sh
	$(CARGO) test --workspace $(FULL)
	$(CARGO) test $(TRACED) --test otel

check: fmt lint docs deny

fmt:
	$(CARGO) fmt --all --check

lint:
	$(CARGO) clippy --workspace --all-targets $(TRACED) -- -D warnings
	$(CARGO) clippy --workspace --all-targets $(FULL) -- -D warnings
	CARGO_TARGET_DIR="$${CARGO_TARGET_DIR:-target}" $(CARGO) check --manifest-path fuzz/Cargo.toml

docs:
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc --workspace --no-deps $(FULL)

deny:
	@./scripts/deny.sh

bench:
	@./benches/run.sh

build:
	$(CARGO) build --release --workspace

deb:
	@./scripts/packages.sh deb

rpm:
	@./scripts/packages.sh rpm

packages-test:
	@./tests/packages/run.sh
	@./tests/packages/rpm.sh

clean:
	$(CARGO) clean
