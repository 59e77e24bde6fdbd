# liboctet.a: one object, of which q_* alone are global. Its other symbols cannot clash with those of the program or of
# another library, and C++ code in it is its own: groups of sections, which the linker would share with the program's
# inline functions of the same name, are dissolved before the symbols become local.
find_program(OCTET_OBJCOPY NAMES ${CMAKE_OBJCOPY} objcopy REQUIRED)

set(octet_object ${CMAKE_CURRENT_BINARY_DIR}/octet.o)
set(octet_objects "$<FILTER:$<TARGET_OBJECTS:octet>,EXCLUDE,/cxx_runtime>")  # the program's runtime serves
set(octet_archives ${octet_layers})
list(TRANSFORM octet_archives REPLACE "(.+)" "$<TARGET_FILE:\\1>")
add_custom_command(
  OUTPUT ${octet_object}
  COMMAND ${CMAKE_CXX_COMPILER} -r -nostdlib ${octet_relocatable_flags} -Wl,--force-group-allocation -o ${octet_object}
          ${octet_objects} -Wl,--whole-archive ${octet_archives} -Wl,--no-whole-archive
  COMMAND ${OCTET_OBJCOPY} --wildcard --keep-global-symbol=q_* ${octet_object}
  DEPENDS ${octet_layers} ${octet_objects}
  COMMAND_EXPAND_LISTS VERBATIM
  COMMENT "octet.o, with q_* alone global")

add_library(octet_static STATIC ${octet_object})
set_source_files_properties(${octet_object} PROPERTIES EXTERNAL_OBJECT ON GENERATED ON)
# C: a program in C links with its own compiler; what the archive needs of C++ is named.
set_target_properties(octet_static PROPERTIES OUTPUT_NAME octet LINKER_LANGUAGE C EXPORT_NAME octet_static)
target_include_directories(octet_static INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
