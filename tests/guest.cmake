# Probes that lie, keep silent or die as /init: the real one with one object more.
foreach(kind falsified silent dying)
  brokenpipe_probe(${kind}-probe $<TARGET_OBJECTS:probe_scenarios>
                   ${CMAKE_CURRENT_SOURCE_DIR}/${kind}_probe.cpp)
endforeach()

# Real guests, one test after the other: each uses all processors as it is.
add_executable(guest_test guest_test.cpp)
target_compile_options(guest_test PRIVATE -O0)
target_link_libraries(guest_test PRIVATE host images results GTest::gtest_main GTest::gmock fmt::fmt)
add_dependencies(guest_test brokenpipe brokenpipe-probe falsified-probe silent-probe dying-probe)
target_compile_definitions(guest_test PRIVATE
  BROKENPIPE_BINARY="$<TARGET_FILE:brokenpipe>" TEST_PROBES="${PROJECT_BINARY_DIR}"
  PROJECT_FILES="${PROJECT_SOURCE_DIR}")
gtest_discover_tests(guest_test PROPERTIES TIMEOUT 1800 LABELS guest RUN_SERIAL TRUE)
