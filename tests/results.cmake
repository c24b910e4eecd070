find_package(fmt REQUIRED)
find_package(pugixml REQUIRED)
find_package(valijson REQUIRED)

brokenpipe_test(run_result_test SOURCES run_result_test.cpp LIBRARIES results)
brokenpipe_test(run_directory_test SOURCES run_directory_test.cpp LIBRARIES results)
brokenpipe_test(changes_test SOURCES changes_test.cpp LIBRARIES results)
brokenpipe_test(diff_test SOURCES diff_test.cpp LIBRARIES results)
brokenpipe_test(report_test SOURCES report_test.cpp sample_run.cpp
                LIBRARIES reports results pugixml::pugixml fmt::fmt)
brokenpipe_test(schema_test SOURCES schema_test.cpp sample_run.cpp
                LIBRARIES reports results pugixml::pugixml fmt::fmt valijson)

foreach(test run_result_test diff_test report_test schema_test)
  target_compile_definitions(${test} PRIVATE PROJECT_FILES="${PROJECT_SOURCE_DIR}")
endforeach()
