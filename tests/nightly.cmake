brokenpipe_test(bisect_test SOURCES bisect_test.cpp LIBRARIES campaign)
brokenpipe_test(changelog_test SOURCES changelog_test.cpp local_repository.cpp
                LIBRARIES images fake_kernel)
