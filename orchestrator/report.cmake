find_package(fmt REQUIRED)
find_package(pugixml REQUIRED)

# The page of the HTML report is a file to edit, and a string in the program.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
  ${CMAKE_CURRENT_LIST_DIR}/reports/html.mustache)
file(READ ${CMAKE_CURRENT_LIST_DIR}/reports/html.mustache HTML_TEMPLATE)
configure_file(${CMAKE_CURRENT_LIST_DIR}/reports/html_template.h.in
               ${CMAKE_CURRENT_BINARY_DIR}/generated/orchestrator/reports/html_template.h @ONLY)

# An OBJECT library: formats register themselves, and a linker drops from an archive what nobody
# names.
file(GLOB report_formats CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/reports/*.cpp)
add_library(reports OBJECT ${CMAKE_CURRENT_LIST_DIR}/markdown_text.cpp
                           ${CMAKE_CURRENT_LIST_DIR}/report.cpp ${CMAKE_CURRENT_LIST_DIR}/tables.cpp
                           ${CMAKE_CURRENT_LIST_DIR}/text_table.cpp
                           ${report_formats})
target_link_libraries(reports PUBLIC results PRIVATE fmt::fmt pugixml::pugixml)
target_include_directories(reports PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/generated)
