brokenpipe_test(bisect_test SOURCES bisect_test.cpp LIBRARIES campaign)
add_dependencies(bisect_test brokenpipe-probe)
target_compile_definitions(bisect_test PRIVATE
  BROKENPIPE_PROBE="$<TARGET_FILE:brokenpipe-probe>")
# The built command, over kernels that have been asked before.
foreach(verb bisect nightly)
  brokenpipe_test(${verb}_command_test SOURCES ${verb}_command_test.cpp local_repository.cpp
                  LIBRARIES campaign fake_kernel fmt::fmt)
  add_dependencies(${verb}_command_test brokenpipe brokenpipe-probe)
  target_compile_definitions(${verb}_command_test PRIVATE
    BROKENPIPE_BINARY="$<TARGET_FILE:brokenpipe>" BROKENPIPE_PROBE="$<TARGET_FILE:brokenpipe-probe>")
endforeach()

brokenpipe_test(changelog_test SOURCES changelog_test.cpp local_repository.cpp
                LIBRARIES images fake_kernel)

brokenpipe_test(nightly_test SOURCES nightly_test.cpp local_repository.cpp
                LIBRARIES nightly reports fake_kernel fmt::fmt valijson ZLIB::ZLIB)
target_compile_definitions(nightly_test PRIVATE PROJECT_FILES="${PROJECT_SOURCE_DIR}")

# The files to run a night every night: systemd's units with the built command in them, since
# systemd asks whether it is there, and the job files as they are.
set(BROKENPIPE_COMMAND ${PROJECT_BINARY_DIR}/brokenpipe)
configure_file(${PROJECT_SOURCE_DIR}/orchestrator/service/brokenpipe-nightly.service.in
               ${CMAKE_CURRENT_BINARY_DIR}/units/brokenpipe-nightly.service @ONLY)
configure_file(${PROJECT_SOURCE_DIR}/orchestrator/service/brokenpipe-nightly.timer
               ${CMAKE_CURRENT_BINARY_DIR}/units/brokenpipe-nightly.timer COPYONLY)
add_test(NAME nightly_units COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/nightly/verify_units
         ${CMAKE_CURRENT_BINARY_DIR}/units)
add_test(NAME nightly_jobs COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/nightly/run
         ${PROJECT_SOURCE_DIR}/orchestrator/service ${CMAKE_CURRENT_BINARY_DIR}/jobs)
set_tests_properties(nightly_units nightly_jobs PROPERTIES TIMEOUT 300)
