find_package(fmt REQUIRED)
find_package(ZLIB REQUIRED)

foreach(unit canary domain_xml embed_root guest_run native_command record_stream supervisor virt)
  brokenpipe_test(${unit}_test SOURCES ${unit}_test.cpp LIBRARIES hypervisor fmt::fmt ZLIB::ZLIB)
endforeach()
