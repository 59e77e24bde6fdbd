# Flags of the kernels by instruction set: src/kernels/x86/<family>_<isa>.cpp is compiled for the package <isa> of
# src/cpu/isa.inc, on x86-64 alone.
set(octet_avx2_flags -mavx2 -mfma)
set(octet_avxvnni_flags ${octet_avx2_flags} -mavxvnni)
set(octet_avx512vnni_flags ${octet_avx2_flags} -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512vnni)
set(octet_avx512vnni256_flags ${octet_avx512vnni_flags})
set(octet_avx512vbmi_flags ${octet_avx512vnni_flags} -mavx512vbmi)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # gcc 12 takes the "undefined" operands inside its own intrinsics for uninitialised variables.
  list(APPEND octet_avx512vnni_flags -Wno-maybe-uninitialized -Wno-uninitialized)
  list(APPEND octet_avx512vnni256_flags -Wno-maybe-uninitialized -Wno-uninitialized)
endif()

file(GLOB octet_x86_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/kernels/x86/*.cpp)
foreach(source ${octet_x86_sources})
  string(REGEX MATCH "_([a-z0-9]+)\\.cpp$" matched ${source})
  set(flags ${octet_${CMAKE_MATCH_1}_flags})
  if(NOT flags)
    message(FATAL_ERROR "${source}: the name ends in no instruction set that src/cmake/kernel_flags.cmake knows")
  elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
    # Unrolled kernels take sanitizers minutes to compile; guarded buffers watch over them instead (tests/kernels).
    if(OCTET_SANITIZE)
      list(APPEND flags -fno-sanitize=all)
    endif()
    set_source_files_properties(${source} PROPERTIES COMPILE_OPTIONS "${flags}")
  else()
    set_source_files_properties(${source} PROPERTIES HEADER_FILE_ONLY ON)
  endif()
endforeach()
