find_package(fmt REQUIRED)

# Parses and fills the templates; a header alone, without a package file for CMake.
find_path(mustache_headers kainjow/mustache.hpp REQUIRED)

# Reports are an OBJECT library that the program links itself: site uses its summary.
add_library(site STATIC
  ${CMAKE_CURRENT_LIST_DIR}/compare.cpp
  ${CMAKE_CURRENT_LIST_DIR}/matrix.cpp
  ${CMAKE_CURRENT_LIST_DIR}/model.cpp
  ${CMAKE_CURRENT_LIST_DIR}/pages.cpp
  ${CMAKE_CURRENT_LIST_DIR}/site.cpp
  ${CMAKE_CURRENT_LIST_DIR}/site_folder.cpp
  ${CMAKE_CURRENT_LIST_DIR}/story.cpp
  ${CMAKE_CURRENT_LIST_DIR}/templates.cpp)
target_link_libraries(site PUBLIC host results site_pictures PRIVATE fmt::fmt)
target_include_directories(site SYSTEM PRIVATE ${mustache_headers})

install(FILES ${CMAKE_CURRENT_LIST_DIR}/style.css ${CMAKE_CURRENT_LIST_DIR}/site.js
              ${CMAKE_CURRENT_LIST_DIR}/icon.svg
        DESTINATION ${CMAKE_INSTALL_DATADIR}/brokenpipe/site)
install(DIRECTORY ${CMAKE_CURRENT_LIST_DIR}/templates
        DESTINATION ${CMAKE_INSTALL_DATADIR}/brokenpipe/site)
