# Installed packages first, then FetchContent at a verified commit.
include(FetchContent)

find_package(Threads REQUIRED)
find_package(CURL 7.84 REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)

if(NOT TARGET absl::status)
  set(ABSL_PROPAGATE_CXX_STD ON)
  set(ABSL_ENABLE_INSTALL ${GEMINI_INSTALL})
  FetchContent_Declare(absl
    GIT_REPOSITORY https://github.com/abseil/abseil-cpp.git
    GIT_TAG 2065f4ded0558c6f89fee67c8e5228feb4eb960e # LTS 20260817.0
    SYSTEM
    FIND_PACKAGE_ARGS 20220623
  )
  FetchContent_MakeAvailable(absl)
endif()

# Abseil's package is made of some 40 shared libraries, which double the time
# that a program takes to start. Where it brings static ones too, the programs
# of this project take those.
if(PROJECT_IS_TOP_LEVEL AND NOT BUILD_SHARED_LIBS)
  get_property(imported DIRECTORY PROPERTY IMPORTED_TARGETS)
  list(FILTER imported INCLUDE REGEX "^absl::")
  foreach(target IN LISTS imported)
    get_target_property(configurations ${target} IMPORTED_CONFIGURATIONS)
    foreach(configuration IN LISTS configurations)
      get_target_property(shared ${target} IMPORTED_LOCATION_${configuration})
      string(REGEX REPLACE "[.]so[.0-9]*$" ".a" static "${shared}")
      if(static MATCHES "[.]a$" AND EXISTS "${static}")
        set_target_properties(${target} PROPERTIES
          IMPORTED_LOCATION_${configuration} "${static}"
        )
      endif()
    endforeach()
  endforeach()
endif()

# gemini_start_fast(target): a program without the shared standard library of
# C++, whose loading takes a twentieth of what a short program costs. For
# programs with no other shared library of C++.
include(CheckLinkerFlag)
check_linker_flag(CXX "-static-libstdc++" GEMINI_HAS_STATIC_LIBSTDCXX)
function(gemini_start_fast target)
  if(GEMINI_HAS_STATIC_LIBSTDCXX AND NOT BUILD_SHARED_LIBS
     AND NOT CMAKE_CXX_FLAGS MATCHES "-fsanitize")
    target_link_options(${target} PRIVATE -static-libstdc++ -static-libgcc)
  endif()
endfunction()

# RapidJSON is header-only and its package defines no target. It is compiled
# into a namespace of our own (see src/wire/rapidjson.h).
if(NOT TARGET gemini_rapidjson)
  add_library(gemini_rapidjson INTERFACE)
  find_path(GEMINI_RAPIDJSON_INCLUDE_DIR rapidjson/document.h)
  mark_as_advanced(GEMINI_RAPIDJSON_INCLUDE_DIR)
  if(GEMINI_RAPIDJSON_INCLUDE_DIR)
    target_include_directories(gemini_rapidjson SYSTEM INTERFACE
      "${GEMINI_RAPIDJSON_INCLUDE_DIR}"
    )
  else()
    # The 1.1.0 release does not compile with current compilers: pinned to the
    # head of 2024-12-22. Its own build is not entered.
    FetchContent_Declare(gemini_rapidjson_source
      GIT_REPOSITORY https://github.com/Tencent/rapidjson.git
      GIT_TAG 24b5e7a8b27f42fa16b96fc70aade9106cf7102f
      SOURCE_SUBDIR none
    )
    FetchContent_MakeAvailable(gemini_rapidjson_source)
    target_include_directories(gemini_rapidjson SYSTEM INTERFACE
      "${gemini_rapidjson_source_SOURCE_DIR}/include"
    )
  endif()
endif()

# Without Highway base64 takes a portable path that is several times slower
# (docs/adr/0004-base64-simd.md).
set(GEMINI_HIGHWAY_FOUND OFF)
if(GEMINI_SIMD STREQUAL "ON")
  find_package(hwy 1.0.3 REQUIRED)
elseif(NOT GEMINI_SIMD STREQUAL "OFF")
  find_package(hwy 1.0.3 QUIET)
endif()
if(NOT GEMINI_SIMD STREQUAL "OFF" AND TARGET hwy::hwy)
  set(GEMINI_HIGHWAY_FOUND ON)
endif()

# Without SQLite there is no ledger, and ClientOptions::ledger is refused.
set(GEMINI_SQLITE_FOUND OFF)
if(GEMINI_SQLITE STREQUAL "ON")
  find_package(SQLite3 3.35 REQUIRED)
elseif(NOT GEMINI_SQLITE STREQUAL "OFF")
  find_package(SQLite3 3.35 QUIET)
endif()
if(NOT GEMINI_SQLITE STREQUAL "OFF" AND TARGET SQLite::SQLite3)
  set(GEMINI_SQLITE_FOUND ON)
endif()

if(GEMINI_BUILD_TESTS)
  find_package(GTest 1.12 REQUIRED)
endif()
