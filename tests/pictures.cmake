find_package(fmt REQUIRED)
find_package(pugixml REQUIRED)
find_package(valijson REQUIRED)

brokenpipe_test(pictures_test SOURCES pictures_test.cpp
                LIBRARIES site_pictures results pugixml::pugixml fmt::fmt)
# Reads the feed with python3-feedparser.
brokenpipe_test(pictures_history_test SOURCES pictures_history_test.cpp
                LIBRARIES site_pictures results images valijson)
foreach(test pictures_test pictures_history_test)
  target_compile_definitions(${test} PRIVATE PROJECT_FILES="${PROJECT_SOURCE_DIR}")
endforeach()
