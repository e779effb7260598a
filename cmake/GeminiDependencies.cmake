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

# gemini_prefer_static(target...): the programs of this project take the static
# library of an installed package where it brings one, for each shared one adds
# to the time that a program takes to start. Abseil's are some 40, which double
# it.
function(gemini_prefer_static)
  if(NOT PROJECT_IS_TOP_LEVEL OR BUILD_SHARED_LIBS)
    return()
  endif()
  foreach(target IN LISTS ARGN)
    get_target_property(aliased ${target} ALIASED_TARGET)
    if(aliased)
      set(target ${aliased})
    endif()
    get_target_property(configurations ${target} IMPORTED_CONFIGURATIONS)
    set(properties IMPORTED_LOCATION)
    if(configurations)
      list(TRANSFORM configurations PREPEND "IMPORTED_LOCATION_"
        OUTPUT_VARIABLE properties)
    endif()
    foreach(property IN LISTS properties)
      get_target_property(shared ${target} ${property})
      string(REGEX REPLACE "[.]so[.0-9]*$" ".a" static "${shared}")
      if(static MATCHES "[.]a$" AND EXISTS "${static}")
        set_target_properties(${target} PROPERTIES ${property} "${static}")
      endif()
    endforeach()
  endforeach()
endfunction()

get_property(imported DIRECTORY PROPERTY IMPORTED_TARGETS)
list(FILTER imported INCLUDE REGEX "^absl::")
gemini_prefer_static(${imported})

# gemini_start_fast(target): a program without the shared standard library of
# C++, whose loading takes a twentieth of what a short program costs, and
# without what it does not use. For programs with no other shared library of
# C++.
include(CheckLinkerFlag)
check_linker_flag(CXX "-static-libstdc++" GEMINI_HAS_STATIC_LIBSTDCXX)
check_linker_flag(CXX "-Wl,--gc-sections" GEMINI_HAS_GC_SECTIONS)
function(gemini_start_fast target)
  if(BUILD_SHARED_LIBS OR CMAKE_CXX_FLAGS MATCHES "-fsanitize")
    return()
  endif()
  if(GEMINI_HAS_STATIC_LIBSTDCXX)
    target_link_options(${target} PRIVATE -static-libstdc++ -static-libgcc)
  endif()
  if(GEMINI_HAS_GC_SECTIONS)
    target_link_options(${target} PRIVATE -Wl,--gc-sections)
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
  gemini_prefer_static(SQLite::SQLite3)
endif()

if(GEMINI_BUILD_TESTS)
  find_package(GTest 1.12 REQUIRED)
endif()
