find_package(fmt REQUIRED)
find_package(ZLIB REQUIRED)

brokenpipe_test(selection_test SOURCES selection_test.cpp LIBRARIES campaign)
brokenpipe_test(boot_test SOURCES boot_test.cpp LIBRARIES campaign)
brokenpipe_test(repeats_test SOURCES repeats_test.cpp LIBRARIES results)
brokenpipe_test(progress_test SOURCES progress_test.cpp LIBRARIES campaign)
foreach(unit kernel_run campaign)
  brokenpipe_test(${unit}_test SOURCES ${unit}_test.cpp
                  LIBRARIES campaign fake_kernel fmt::fmt ZLIB::ZLIB)
endforeach()

# The built command, as people run it.
brokenpipe_test(command_line_test SOURCES command_line_test.cpp LIBRARIES images fake_kernel)
add_dependencies(command_line_test brokenpipe brokenpipe-probe)
target_compile_definitions(command_line_test PRIVATE
  BROKENPIPE_BINARY="$<TARGET_FILE:brokenpipe>" PROJECT_FILES="${PROJECT_SOURCE_DIR}")
