# The front door. Everything is done by CMake, ctest and the command itself; the targets here
# only name the ways in.

PREFIX ?= /usr/local
DESTDIR ?=
ARGS ?=

.PHONY: run test build install check-style clean

run: build
	build/release/brokenpipe run $(ARGS)

test: build
	ctest --preset release --no-tests=error $(ARGS)

build: build/release/build.ninja
	cmake --build --preset release

build/release/build.ninja: .ci/packages .ci/install-packages
	.ci/install-packages
	cmake --preset release -DCMAKE_INSTALL_PREFIX=$(PREFIX)

install: build
	cmake -DCMAKE_INSTALL_PREFIX=$(PREFIX) build/release >/dev/null
	DESTDIR=$(DESTDIR) cmake --install build/release

check-style: build
	git ls-files '*.cpp' '*.h' | xargs clang-format --dry-run --Werror
	cmake --preset tidy
	cmake --build --preset tidy

clean:
	rm -rf build
