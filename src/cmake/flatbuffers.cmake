# octet_flatbuffers(<target> <schema.fbs>): generates <schema>_generated.h into the build folder before <target> builds.
find_program(OCTET_FLATC flatc REQUIRED)

function(octet_flatbuffers target schema)
  get_filename_component(name ${schema} NAME_WE)
  set(folder ${CMAKE_BINARY_DIR}/generated/${target})
  add_custom_command(
    OUTPUT ${folder}/${name}_generated.h
    COMMAND ${OCTET_FLATC} --cpp --scoped-enums -o ${folder} ${CMAKE_CURRENT_SOURCE_DIR}/${schema}
    DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${schema}
    COMMENT "flatc ${schema}")
  target_sources(${target} PRIVATE ${folder}/${name}_generated.h)
  target_include_directories(${target} SYSTEM PRIVATE ${folder})
  target_compile_options(${target} PRIVATE -ffile-prefix-map=${folder}/=)  # the library names no folder of its build
endfunction()
