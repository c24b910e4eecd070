pkg_check_modules(LIBVIRT REQUIRED IMPORTED_TARGET libvirt)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(pugixml REQUIRED)
find_package(ZLIB REQUIRED)

# Booting guests and reading what they say. Only virt.cpp includes libvirt's headers.
add_library(hypervisor STATIC
  canary.cpp
  domain_xml.cpp
  embed_root.cpp
  guest_run.cpp
  native_command.cpp
  record_stream.cpp
  supervisor.cpp
  virt.cpp)
target_link_libraries(hypervisor
  PUBLIC host nlohmann_json::nlohmann_json
  PRIVATE fmt::fmt pugixml::pugixml PkgConfig::LIBVIRT ZLIB::ZLIB Threads::Threads)
