# The probe: its parts, and what it promises to the host, kept by the binary itself.
find_package(ZLIB REQUIRED)

brokenpipe_probe(faulty-probe ${CMAKE_CURRENT_SOURCE_DIR}/faulty_scenarios.cpp)
set_target_properties(faulty-probe PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})

brokenpipe_test(probe_test
                SOURCES probe_test.cpp $<TARGET_OBJECTS:probe_scenarios>
                LIBRARIES probe_framework ZLIB::ZLIB)

brokenpipe_test(probe_contract_test SOURCES probe_contract_test.cpp LIBRARIES hypervisor images)
target_compile_definitions(probe_contract_test PRIVATE
                           PROBE="$<TARGET_FILE:brokenpipe-probe>"
                           FAULTY_PROBE="$<TARGET_FILE:faulty-probe>")
add_dependencies(probe_contract_test brokenpipe-probe faulty-probe)
