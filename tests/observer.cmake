# The observer observed: other people's programs in guests of the tests, and what they say of the
# same questions.
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)

# /init of those guests.
add_executable(observer-init observer_init.cpp)
target_link_libraries(observer-init PRIVATE probe_flags probe_framework)
target_link_options(observer-init PRIVATE -static -s -Wl,--gc-sections,--build-id=none)

# A probe that does not record what the kernel answered.
brokenpipe_probe(lying-probe $<TARGET_OBJECTS:probe_scenarios>
                 ${CMAKE_CURRENT_SOURCE_DIR}/lying_probe.cpp)

add_library(second_observer STATIC second_observer.cpp strace_log.cpp verdicts.cpp)
target_link_libraries(second_observer PUBLIC host nlohmann_json::nlohmann_json PRIVATE fmt::fmt)

foreach(unit strace_log second_observer verdicts)
  brokenpipe_test(${unit}_test SOURCES ${unit}_test.cpp LIBRARIES second_observer)
endforeach()

# Real guests, one test after the other, as in guest.cmake.
add_executable(observer_test
  observer_main.cpp observer_strace_test.cpp observer_verdicts_test.cpp observer_guest.cpp
  selftest_sources.cpp ${PROJECT_SOURCE_DIR}/orchestrator/paths.cpp)
target_compile_options(observer_test PRIVATE -O0)
target_link_libraries(observer_test PRIVATE
  host campaign second_observer GTest::gtest GTest::gmock fmt::fmt)
add_dependencies(observer_test observer-init brokenpipe-probe lying-probe)
target_compile_definitions(observer_test PRIVATE
  BROKENPIPE_SOURCE="${PROJECT_SOURCE_DIR}"
  BROKENPIPE_SHARE="${CMAKE_INSTALL_DATADIR}/brokenpipe"
  BUILD_FOLDER="${CMAKE_CURRENT_BINARY_DIR}"
  OBSERVER_INIT="$<TARGET_FILE:observer-init>"
  PROBE="$<TARGET_FILE:brokenpipe-probe>"
  LYING_PROBE="$<TARGET_FILE:lying-probe>")
gtest_discover_tests(observer_test DISCOVERY_TIMEOUT 60
                     PROPERTIES TIMEOUT 1800 LABELS guest RUN_SERIAL TRUE)
