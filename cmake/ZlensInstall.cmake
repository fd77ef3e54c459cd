# cmake --install: the command, the libraries, headers below include/zlens, assets, and a package for find_package(zlens).
include(CMakePackageConfigHelpers)
set(_package ${CMAKE_INSTALL_LIBDIR}/cmake/zlens)

foreach(folder io modules vision text experts eval synth app)
  install(DIRECTORY ${folder} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/zlens FILES_MATCHING PATTERN "*.h")
endforeach()
install(DIRECTORY assets DESTINATION ${CMAKE_INSTALL_DATADIR}/zlens)
install(EXPORT zlens NAMESPACE zlens:: DESTINATION ${_package} FILE zlensTargets.cmake)
configure_package_config_file(cmake/zlensConfig.cmake.in ${PROJECT_BINARY_DIR}/zlensConfig.cmake INSTALL_DESTINATION ${_package})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/zlensConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/zlensConfig.cmake ${PROJECT_BINARY_DIR}/zlensConfigVersion.cmake
  cmake/FindLibtorch.cmake cmake/FindOpenCV.cmake DESTINATION ${_package})
