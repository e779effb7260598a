include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(gemini_cmake_dir "${CMAKE_INSTALL_LIBDIR}/cmake/gemini")

install(TARGETS gemini EXPORT gemini-targets FILE_SET HEADERS)
install(EXPORT gemini-targets NAMESPACE gemini:: DESTINATION "${gemini_cmake_dir}")
configure_package_config_file(
  "${CMAKE_CURRENT_LIST_DIR}/gemini-config.cmake.in"
  "${PROJECT_BINARY_DIR}/gemini-config.cmake"
  INSTALL_DESTINATION "${gemini_cmake_dir}"
)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/gemini-config-version.cmake"
  COMPATIBILITY SameMinorVersion
)
install(FILES
  "${PROJECT_BINARY_DIR}/gemini-config.cmake"
  "${PROJECT_BINARY_DIR}/gemini-config-version.cmake"
  DESTINATION "${gemini_cmake_dir}"
)
