# Every option of the project begins with GEMINI_. Tests, tools, examples and
# install rules exist only when the project is built for itself, so that a
# project that vendors the library gets the library and nothing else.
option(GEMINI_BUILD_TESTS "Build the tests" ${PROJECT_IS_TOP_LEVEL})
option(GEMINI_BUILD_TOOLS "Build gemini-image and gemini-emulator"
       ${PROJECT_IS_TOP_LEVEL}
)
option(GEMINI_BUILD_EXAMPLES "Build the examples" ${PROJECT_IS_TOP_LEVEL})
option(GEMINI_BUILD_BENCHMARKS "Build the benchmarks" OFF)
option(GEMINI_INSTALL "Generate install rules" ${PROJECT_IS_TOP_LEVEL})
set(GEMINI_SIMD AUTO CACHE STRING
    "Vector instructions, through Highway: AUTO (where it is installed), ON, OFF"
)
set_property(CACHE GEMINI_SIMD PROPERTY STRINGS AUTO ON OFF)
set(GEMINI_SQLITE AUTO CACHE STRING
    "The quota ledger on SQLite: AUTO (where it is installed), ON, OFF"
)
set_property(CACHE GEMINI_SQLITE PROPERTY STRINGS AUTO ON OFF)
option(GEMINI_WERROR "Treat warnings as errors (set by the presets)" OFF)

# Programs of the top-level build lie together, where the README says.
if(PROJECT_IS_TOP_LEVEL AND NOT CMAKE_RUNTIME_OUTPUT_DIRECTORY)
  set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
endif()

# Warnings are ours alone: private, and only when built for itself.
function(gemini_set_warnings target)
  if(NOT PROJECT_IS_TOP_LEVEL)
    return()
  endif()
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Wpedantic -Wconversion -Wshadow
    $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>
    $<$<BOOL:${GEMINI_WERROR}>:-Werror>
  )
endfunction()
