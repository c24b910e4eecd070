# The generated tables, and the coverage of the reference's sources.
brokenpipe_test(tables_test SOURCES tables_test.cpp LIBRARIES reports campaign results)
target_compile_definitions(tables_test PRIVATE PROJECT_FILES="${PROJECT_SOURCE_DIR}"
                                               PROBE="$<TARGET_FILE:brokenpipe-probe>")
add_dependencies(tables_test brokenpipe-probe)
