# What the guard on the ABI takes (tests/abi/README.md); included by tests/CMakeLists.txt.

# abidw reads the types of the interface from debug information. Not in what is installed: OCTET_TESTS is off there.
target_compile_options(octet PRIVATE -g)

# Programs of earlier headers, as they were compiled then: their <octet.h> is that of the baseline.
file(GLOB baselines CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/golden/abi/*/octet.h)
foreach(header ${baselines})
  get_filename_component(folder ${header} DIRECTORY)
  get_filename_component(version ${folder} NAME)
  string(REPLACE "." "_" name ${version})
  target_include_directories(abi_test_baseline_${name} BEFORE PRIVATE ${folder})
endforeach()

# Sizes and places in structs: compiled, not run. tests/checks/abi.sh compiles it for other machines.
add_library(abi_layout OBJECT abi/layout.c)
target_include_directories(abi_layout PRIVATE ${CMAKE_SOURCE_DIR}/include)
