find_package(fmt REQUIRED)
find_package(pugixml REQUIRED)

add_library(site_pictures STATIC
  ${CMAKE_CURRENT_LIST_DIR}/answer.cpp
  ${CMAKE_CURRENT_LIST_DIR}/atom.cpp
  ${CMAKE_CURRENT_LIST_DIR}/badge.cpp
  ${CMAKE_CURRENT_LIST_DIR}/heat_map.cpp
  ${CMAKE_CURRENT_LIST_DIR}/history.cpp
  ${CMAKE_CURRENT_LIST_DIR}/markup.cpp
  ${CMAKE_CURRENT_LIST_DIR}/state_diagram.cpp)
target_link_libraries(site_pictures PUBLIC results pugixml::pugixml PRIVATE images fmt::fmt)
