find_package(fmt REQUIRED)
find_package(pugixml REQUIRED)

# An OBJECT library: formats register themselves, and a linker drops from an archive what nobody
# names.
file(GLOB report_formats CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/reports/*.cpp)
add_library(reports OBJECT ${CMAKE_CURRENT_LIST_DIR}/report.cpp ${report_formats})
target_link_libraries(reports PUBLIC results PRIVATE fmt::fmt pugixml::pugixml)
