find_package(fmt REQUIRED)
pkg_check_modules(archive REQUIRED IMPORTED_TARGET libarchive)
pkg_check_modules(lz4 REQUIRED IMPORTED_TARGET liblz4)

brokenpipe_test(catalogue_test SOURCES catalogue_test.cpp LIBRARIES images)
target_compile_definitions(catalogue_test PRIVATE
  BROKENPIPE_KERNELS="${PROJECT_SOURCE_DIR}/images/kernels.json")

brokenpipe_test(command_test SOURCES command_test.cpp LIBRARIES images)

brokenpipe_test(debian_version_test SOURCES debian_version_test.cpp LIBRARIES images)

add_library(fake_kernel STATIC fake_kernel.cpp)
target_link_libraries(fake_kernel PUBLIC host PRIVATE PkgConfig::archive PkgConfig::lz4)

brokenpipe_test(boot_image_test SOURCES boot_image_test.cpp LIBRARIES images fake_kernel)

brokenpipe_test(initramfs_test SOURCES initramfs_test.cpp LIBRARIES images PkgConfig::archive)

brokenpipe_test(modules_test SOURCES modules_test.cpp LIBRARIES images fake_kernel)

brokenpipe_test(kernel_store_test
  SOURCES kernel_store_test.cpp local_repository.cpp file_server.cpp
  LIBRARIES images fake_kernel fmt::fmt Threads::Threads)
