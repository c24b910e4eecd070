find_package(fmt REQUIRED)
find_package(pugixml REQUIRED)

add_library(site_pictures STATIC
  ${CMAKE_CURRENT_LIST_DIR}/answer.cpp
  ${CMAKE_CURRENT_LIST_DIR}/state_diagram.cpp)
target_link_libraries(site_pictures PUBLIC results PRIVATE images fmt::fmt pugixml::pugixml)
