# zlens_library(NAME SOURCES … LINKS …): one static library of the tree, with the project's warnings and hardening.
# zlens_test(NAME SOURCES … LINKS … [LABELS …]): one GoogleTest executable, run by ctest as one test.
find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()

add_library(zlens_flags INTERFACE)
set(_flags
  # GCC 12 warns of impossible lengths inside its own std::string.
  -Wno-restrict -Wno-stringop-overflow
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wno-missing-field-initializers
  # For libraries and executables alike: they share a precompiled header.
  -fPIC
  -fstack-protector-strong -fstack-clash-protection
  $<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=2> -D_GLIBCXX_ASSERTIONS)
target_compile_options(zlens_flags INTERFACE "$<$<COMPILE_LANGUAGE:CXX>:${_flags}>")
target_link_options(zlens_flags INTERFACE LINKER:-z,relro LINKER:-z,now)
if(ZLENS_SANITIZE)
  target_compile_options(zlens_flags INTERFACE -fsanitize=${ZLENS_SANITIZE} -fno-sanitize-recover=all -g)
  target_link_options(zlens_flags INTERFACE -fsanitize=${ZLENS_SANITIZE})
endif()

function(zlens_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS;PRIVATE_LINKS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_include_directories(${name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/zlens>)
  target_link_libraries(${name} PUBLIC ${ARG_LINKS} PRIVATE ${ARG_PRIVATE_LINKS} $<BUILD_INTERFACE:zlens_flags>)
  target_compile_features(${name} PUBLIC cxx_std_20)
  install(TARGETS ${name} EXPORT zlens ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
endfunction()

function(zlens_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS;LABELS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(${name} PRIVATE ${ARG_LINKS} GTest::gtest_main zlens_flags)
  target_compile_definitions(${name} PRIVATE ZLENS_FIXTURES="${PROJECT_SOURCE_DIR}/tests/fixtures")
  add_test(NAME ${name} COMMAND ${name})
  # The models of the tests are tiny: threads that spin for each other would cost more than the work.
  set_tests_properties(${name} PROPERTIES ENVIRONMENT OMP_WAIT_POLICY=PASSIVE)
  if(ARG_LABELS)
    set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}")
  endif()
endfunction()
