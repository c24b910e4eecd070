# What runs a night every night. systemd looks for units below the prefix too, /usr/local included.
set(BROKENPIPE_COMMAND ${CMAKE_INSTALL_FULL_BINDIR}/brokenpipe)
configure_file(${CMAKE_CURRENT_LIST_DIR}/brokenpipe-nightly.service.in
               ${CMAKE_CURRENT_BINARY_DIR}/brokenpipe-nightly.service @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/brokenpipe-nightly.service
              ${CMAKE_CURRENT_LIST_DIR}/brokenpipe-nightly.timer
        DESTINATION lib/systemd/system)
install(FILES ${CMAKE_CURRENT_LIST_DIR}/github-actions.yml
              ${CMAKE_CURRENT_LIST_DIR}/gitlab-ci.yml
        DESTINATION ${CMAKE_INSTALL_DATADIR}/brokenpipe/service)
