brokenpipe_test(bisect_test SOURCES bisect_test.cpp LIBRARIES campaign)
brokenpipe_test(changelog_test SOURCES changelog_test.cpp local_repository.cpp
                LIBRARIES images fake_kernel)

brokenpipe_test(nightly_test SOURCES nightly_test.cpp local_repository.cpp
                LIBRARIES nightly reports fake_kernel fmt::fmt valijson ZLIB::ZLIB)
target_compile_definitions(nightly_test PRIVATE PROJECT_FILES="${PROJECT_SOURCE_DIR}")
