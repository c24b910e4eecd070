# The pages as data, and as a browser shows them.
add_library(sample_site OBJECT sample_run.cpp sample_site.cpp)
target_link_libraries(sample_site PUBLIC host site reports)
target_compile_definitions(sample_site PRIVATE PROJECT_FILES="${PROJECT_SOURCE_DIR}")

find_path(mustache_headers kainjow/mustache.hpp REQUIRED)
brokenpipe_test(site_test SOURCES site_test.cpp LIBRARIES sample_site site reports)
target_include_directories(site_test SYSTEM PRIVATE ${mustache_headers})

add_executable(make_sites site/make_sites.cpp)
target_link_libraries(make_sites PRIVATE sample_site site reports)

# The browser is Debian's; what drives it comes from npm, as package-lock.json has it to the byte.
add_test(NAME site_browser
  COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/site/run ${CMAKE_CURRENT_BINARY_DIR}/site
          $<TARGET_FILE:make_sites>)
set_tests_properties(site_browser PROPERTIES TIMEOUT 600 LABELS browser)
