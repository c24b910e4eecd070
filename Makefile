# The front door. Everything is done by CMake, ctest and the command itself; the targets here
# only name the ways in.

PREFIX ?= /usr/local
DESTDIR ?=
ARGS ?=

.PHONY: run test soak fuzz tables build install check-style clean

run: build
	build/release/brokenpipe run $(ARGS)

test: build
	ctest --preset release --no-tests=error $(ARGS)

soak: build
	.ci/soak $(ARGS)

fuzz:
	.ci/install-packages .ci/packages .ci/packages.fuzz
	cmake --preset fuzz
	cmake --build --preset fuzz
	.ci/fuzz $(SECONDS_EACH)

tables: build
	cmake --build --preset release --target tables

build: build/release/build.ninja
	cmake --build --preset release

build/release/build.ninja: .ci/packages .ci/install-packages
	.ci/install-packages .ci/packages
	cmake --preset release -DCMAKE_INSTALL_PREFIX=$(PREFIX)

install: build
	cmake -DCMAKE_INSTALL_PREFIX=$(PREFIX) build/release >/dev/null
	DESTDIR=$(DESTDIR) cmake --install build/release

check-style:
	.ci/install-packages .ci/packages .ci/packages.style
	git ls-files '*.cpp' '*.h' | xargs clang-format --dry-run --Werror
	cmake --preset tidy
	cmake --build --preset tidy

clean:
	rm -rf build
