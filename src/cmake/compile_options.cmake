# Flags of every target; src/CMakeLists.txt asks for more speed where loops are long, for smallness where they are not.
set(CMAKE_C_FLAGS_RELEASE "-O2 -DNDEBUG")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
# -ffp-contract=off: the integer contract forbids fused multiply-adds where they are not written.
add_compile_options(-ffunction-sections -fdata-sections -Wall -Wextra -Wshadow -Wno-missing-field-initializers -ffp-contract=off -fno-math-errno)
add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Symbols that are unique in a process cannot be kept inside a library.
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-fno-gnu-unique>)
  # gcc 12 raises these wrongly on the standard library's strings and vectors, the last three where -O3 inlines them.
  add_compile_options(-Wno-restrict)
  add_compile_options($<$<CONFIG:Release>:-Wno-free-nonheap-object>)
  add_compile_options($<$<CONFIG:Release>:-Wno-array-bounds>)
  add_compile_options($<$<CONFIG:Release>:-Wno-stringop-overflow>)
endif()
add_compile_options(-ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)
if(OCTET_WERROR)
  add_compile_options(-Werror)
endif()
if(OCTET_SANITIZE)
  add_compile_options(-fsanitize=${OCTET_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all -g1)
  add_link_options(-fsanitize=${OCTET_SANITIZE})
endif()
if(OCTET_FUZZ)
  # What libFuzzer steers by. Not in the kernels: their loops would take twice the time, and no byte of a file decides there.
  set(OCTET_FUZZ_OPTIONS -fsanitize=fuzzer-no-link)
endif()
