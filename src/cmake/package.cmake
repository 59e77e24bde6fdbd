# Debian packages by `cpack -G DEB`, in a build folder that was configured with -DCMAKE_INSTALL_PREFIX=/usr (preset "deb"):
# liboctet1 (the shared library), liboctet-dev (what building with it takes) and octet (the command). What they depend on
# dpkg-shlibdeps finds; it is in the package dpkg-dev.
if(NOT CMAKE_INSTALL_PREFIX STREQUAL "/usr")
  return()
endif()
set(OCTET_MAINTAINER "The Octet developers <octet@localhost>" CACHE STRING "Maintainer of the Debian packages")
set(package_revision 1)
set(package_version ${PROJECT_VERSION}-${package_revision})

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME octet)
set(CPACK_PACKAGE_CONTACT "${OCTET_MAINTAINER}")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_BINARY_DIR}/packages)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE ${package_revision})
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${CMAKE_BINARY_DIR}/src)

# Every package holds its copyright and changes, as Debian wants it.
set(folder ${CMAKE_BINARY_DIR}/debian)
configure_file(${CMAKE_SOURCE_DIR}/src/cmake/debian_copyright.in ${folder}/copyright @ONLY)
configure_file(${CMAKE_SOURCE_DIR}/src/cmake/debian_changelog.in ${folder}/changelog.Debian @ONLY)
add_custom_command(OUTPUT ${folder}/changelog.Debian.gz
  COMMAND ${OCTET_GZIP} -9 -n -k -f ${folder}/changelog.Debian DEPENDS ${folder}/changelog.Debian VERBATIM)
add_custom_target(octet_changelog ALL DEPENDS ${folder}/changelog.Debian.gz)

# octet_package(<component> <package> <section> <what it holds>)
function(octet_package component package section content)
  string(TOUPPER ${component} name)
  set(CPACK_COMPONENTS_ALL ${CPACK_COMPONENTS_ALL} ${component} PARENT_SCOPE)
  set(CPACK_DEBIAN_${name}_PACKAGE_NAME ${package} PARENT_SCOPE)
  set(CPACK_DEBIAN_${name}_PACKAGE_SECTION ${section} PARENT_SCOPE)
  set(CPACK_DEBIAN_${name}_PACKAGE_SHLIBDEPS ON PARENT_SCOPE)
  set(CPACK_COMPONENT_${name}_DESCRIPTION "Octet makes a trained float convolutional network into an int8 one of about a
quarter of the size, with about a hundred sample images, and runs either on
the CPU.

This package holds ${content}." PARENT_SCOPE)
  install(FILES ${folder}/copyright ${folder}/changelog.Debian.gz DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${package}
          COMPONENT ${component})
endfunction()

set(library liboctet${OCTET_ABI_MAJOR})
octet_package(library ${library} libs "the shared library")
# What packages of programs that use the library depend on; and the loader looks again.
file(WRITE ${folder}/shlibs "liboctet ${OCTET_ABI_MAJOR} ${library} (>= ${PROJECT_VERSION})\n")
file(WRITE ${folder}/triggers "activate-noawait ldconfig\n")
set(CPACK_DEBIAN_LIBRARY_PACKAGE_CONTROL_EXTRA ${folder}/shlibs ${folder}/triggers)

octet_package(development liboctet-dev libdevel
  "the header, the static library, and the files for
pkg-config and CMake. To link the static library install what it suggests")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "${library} (= ${package_version})")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SUGGESTS "libjpeg62-turbo-dev, libpng-dev, libstdc++-12-dev, pkg-config")

if(NOT OCTET_RUNTIME_ONLY)
  octet_package(command octet science "the command, its manual and its completions")
  # One release: the command checks the library's version when it starts.
  set(CPACK_DEBIAN_COMMAND_PACKAGE_DEPENDS "${library} (= ${package_version})")
endif()
include(CPack)
