find_package(fmt REQUIRED)

# Read by programs of Debian: Python's csv and html, junitparser, node-tap-parser.
brokenpipe_test(formats_test SOURCES formats_test.cpp sample_run.cpp
                LIBRARIES reports results images fmt::fmt)
target_compile_definitions(formats_test PRIVATE PROJECT_FILES="${PROJECT_SOURCE_DIR}")

brokenpipe_test(comparison_test SOURCES comparison_test.cpp
                LIBRARIES reports results images fmt::fmt)
add_dependencies(comparison_test brokenpipe)
target_compile_definitions(comparison_test PRIVATE
  BROKENPIPE_BINARY="$<TARGET_FILE:brokenpipe>")
