# What every folder uses: the compiler's flags, the libraries, and four functions.
#   sandboxlet_add_folders(DIR...)                             add_subdirectory for the folders that have a CMakeLists.txt
#   sandboxlet_library(NAME SOURCES ... LINKS ...)             one folder, one static library
#   sandboxlet_test(NAME SOURCES ... LINKS ... [LABELS ...] [LOCK ...])   a GoogleTest binary, each TEST a ctest case
#   sandboxlet_program(NAME SOURCES ... LINKS ...)             a binary in bin/
#   sandboxlet_proto(NAME PROTO ... [GRPC])                    a library of generated code, headers as "proto/.../x.pb.h"

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(Protobuf REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(spdlog REQUIRED)
find_package(tl-expected REQUIRED)
find_package(CLI11 REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(CURL 7.88 REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(prometheus-cpp REQUIRED)
find_package(GTest REQUIRED)
pkg_check_modules(grpc REQUIRED IMPORTED_TARGET grpc++)
pkg_check_modules(yaml REQUIRED IMPORTED_TARGET yaml-cpp)
find_program(GRPC_CPP_PLUGIN grpc_cpp_plugin REQUIRED)
find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

set(SANDBOXLET_SANITIZE "" CACHE STRING "sanitizers to build with, as in -fsanitize=")
# An interface of its own, so that generated code is built without our warnings.
add_library(sandboxlet_flags INTERFACE)
target_include_directories(sandboxlet_flags INTERFACE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
target_compile_definitions(sandboxlet_flags INTERFACE BOOST_ASIO_NO_DEPRECATED
                           SANDBOXLET_VERSION="${PROJECT_VERSION}")
target_link_libraries(sandboxlet_flags INTERFACE Threads::Threads)
if(SANDBOXLET_SANITIZE)
  target_compile_options(sandboxlet_flags INTERFACE -fsanitize=${SANDBOXLET_SANITIZE}
                                                    -fno-omit-frame-pointer)
  if(SANDBOXLET_SANITIZE STREQUAL thread)
    # TSan does not see Asio's fences, which stand beside locks that it sees.
    target_compile_options(sandboxlet_flags INTERFACE -Wno-tsan)
  endif()
  target_link_options(sandboxlet_flags INTERFACE -fsanitize=${SANDBOXLET_SANITIZE})
endif()
set(SANDBOXLET_WARNINGS -Wall -Wextra -Wpedantic -Werror -Wno-missing-field-initializers
    # g++ 12 sees Asio's coroutine frames freed by another function than made them; they are not.
    -Wno-mismatched-new-delete)

function(sandboxlet_add_folders)
  foreach(folder ${ARGN})
    if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/CMakeLists.txt)
      add_subdirectory(${folder})
    endif()
  endforeach()
endfunction()

function(sandboxlet_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  target_compile_options(${name} PRIVATE ${SANDBOXLET_WARNINGS})
  target_link_libraries(${name} PUBLIC sandboxlet_flags ${arg_LINKS})
endfunction()

function(sandboxlet_test name)
  cmake_parse_arguments(arg "" "LOCK" "SOURCES;LINKS;LABELS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_compile_options(${name} PRIVATE ${SANDBOXLET_WARNINGS})
  target_link_libraries(${name} PRIVATE sandboxlet_flags ${arg_LINKS} GTest::gmock GTest::gtest_main)
  if(NOT arg_LABELS)
    set(arg_LABELS unit)
  endif()
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST PROPERTIES LABELS "${arg_LABELS}" TIMEOUT 600
    RESOURCE_LOCK "${arg_LOCK}")
endfunction()

function(sandboxlet_program name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_compile_options(${name} PRIVATE ${SANDBOXLET_WARNINGS})
  target_link_libraries(${name} PRIVATE sandboxlet_flags ${arg_LINKS})
endfunction()

function(sandboxlet_proto name)
  cmake_parse_arguments(arg "GRPC" "PROTO" "" ${ARGN})
  set(base ${CMAKE_BINARY_DIR}/${arg_PROTO})
  string(REGEX REPLACE "\\.proto$" "" base ${base})
  set(outputs ${base}.pb.cc ${base}.pb.h)
  set(flags --cpp_out=${CMAKE_BINARY_DIR})
  if(arg_GRPC)
    list(APPEND outputs ${base}.grpc.pb.cc ${base}.grpc.pb.h)
    list(APPEND flags --grpc_out=${CMAKE_BINARY_DIR} --plugin=protoc-gen-grpc=${GRPC_CPP_PLUGIN})
  endif()
  add_custom_command(
    OUTPUT ${outputs}
    COMMAND protobuf::protoc -I ${CMAKE_SOURCE_DIR} ${flags} ${arg_PROTO}
    DEPENDS ${CMAKE_SOURCE_DIR}/${arg_PROTO})
  add_library(${name} STATIC ${outputs})
  target_link_libraries(${name} PUBLIC sandboxlet_flags protobuf::libprotobuf PkgConfig::grpc)
endfunction()
