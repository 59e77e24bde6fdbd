# What `cmake --install` puts where. The installed tree names no folder of the build and may be moved: octet.pc, the CMake
# package and the command find their neighbours from where they lie.
#
# Components, which are also the packages of package.cmake: library (liboctet.so.1), development (header, static library,
# octet.pc, CMake package), command (octet, its manual and its completions).
set(cmake_folder ${CMAKE_INSTALL_LIBDIR}/cmake/octet)

# What a program that links liboctet.a adds: the C++ runtime, of which the shared library holds its own copy, and the
# decoders of images.
set(static_libraries stdc++ m)
if(NOT OCTET_RUNTIME_ONLY)
  list(PREPEND static_libraries jpeg png z)
endif()

install(FILES ${CMAKE_SOURCE_DIR}/include/octet/octet.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/octet COMPONENT development)
install(TARGETS octet EXPORT octetTargets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library
        NAMELINK_COMPONENT development)
install(EXPORT octetTargets NAMESPACE octet:: DESTINATION ${cmake_folder} COMPONENT development)
if(TARGET octet_static)
  target_link_libraries(octet_static INTERFACE ${static_libraries} Threads::Threads)
  install(TARGETS octet_static EXPORT octetStaticTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)
  install(EXPORT octetStaticTargets NAMESPACE octet:: DESTINATION ${cmake_folder} COMPONENT development)
endif()

include(CMakePackageConfigHelpers)
configure_package_config_file(${CMAKE_SOURCE_DIR}/src/cmake/octetConfig.cmake.in ${CMAKE_BINARY_DIR}/octetConfig.cmake
                              INSTALL_DESTINATION ${cmake_folder} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/octetConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/octetConfig.cmake ${CMAKE_BINARY_DIR}/octetConfigVersion.cmake
        DESTINATION ${cmake_folder} COMPONENT development)

file(RELATIVE_PATH OCTET_PC_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" OCTET_PC_PREFIX "${OCTET_PC_PREFIX}")
list(TRANSFORM static_libraries PREPEND -l OUTPUT_VARIABLE OCTET_PC_LIBS_PRIVATE)
list(JOIN OCTET_PC_LIBS_PRIVATE " " OCTET_PC_LIBS_PRIVATE)
configure_file(${CMAKE_SOURCE_DIR}/pkgconfig/octet.pc.in ${CMAKE_BINARY_DIR}/octet.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/octet.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)

find_program(OCTET_GZIP gzip REQUIRED)
if(OCTET_RUNTIME_ONLY)
  return()
endif()

install(TARGETS octet-command RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT command)
if(NOT CMAKE_INSTALL_PREFIX STREQUAL "/usr")
  # The command finds the library of its own prefix, wherever that was put; under /usr the loader does.
  file(RELATIVE_PATH to_library /${CMAKE_INSTALL_BINDIR} /${CMAKE_INSTALL_LIBDIR})
  set_target_properties(octet-command PROPERTIES INSTALL_RPATH "$ORIGIN/${to_library}")
endif()

# The manual, with the instruction sets as src/cpu/isa.inc lists them.
file(STRINGS ${CMAKE_SOURCE_DIR}/src/cpu/isa.inc OCTET_ISA_NAMES REGEX "^OCTET_ISA_PACKAGE\\(")
list(TRANSFORM OCTET_ISA_NAMES REPLACE "^[^\"]*\"([a-z0-9]+)\".*" "\\1")
list(JOIN OCTET_ISA_NAMES ", " OCTET_ISA_NAMES)
configure_file(${CMAKE_SOURCE_DIR}/src/cli/octet.1.in ${CMAKE_BINARY_DIR}/octet.1 @ONLY)
add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/octet.1.gz
  COMMAND ${OCTET_GZIP} -9 -n -k -f ${CMAKE_BINARY_DIR}/octet.1 DEPENDS ${CMAKE_BINARY_DIR}/octet.1 VERBATIM)
add_custom_target(octet_manual ALL DEPENDS ${CMAKE_BINARY_DIR}/octet.1.gz)
install(FILES ${CMAKE_BINARY_DIR}/octet.1.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT command)

# Completions, where the shells look; Debian's zsh does not look into site-functions under /usr.
set(zsh_folder zsh/site-functions)
if(CMAKE_INSTALL_PREFIX STREQUAL "/usr")
  set(zsh_folder zsh/vendor-completions)
endif()
install(FILES src/cli/completion.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME octet
        COMPONENT command)
install(FILES src/cli/completion.zsh DESTINATION ${CMAKE_INSTALL_DATADIR}/${zsh_folder} RENAME _octet COMPONENT command)
install(FILES src/cli/completion.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d RENAME octet.fish
        COMPONENT command)
