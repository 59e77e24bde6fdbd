# OCTET_LTO: everything but the kernels, whose files differ in their instruction sets, is optimized as one program. The
# library is an eighth smaller so.
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU" OR OCTET_SANITIZE)
  message(FATAL_ERROR "OCTET_LTO takes gcc and no sanitizer")
endif()
foreach(layer ${octet_layers} octet)
  if(NOT layer MATCHES "^octet_(kernels|cpu)$")
    set_target_properties(${layer} PROPERTIES INTERPROCEDURAL_OPTIMIZATION ON)
  endif()
endforeach()
# One partition: with more, gcc 12 cannot make one object of groups that several files share.
set(octet_relocatable_flags -flto=auto -flto-partition=none -flinker-output=nolto-rel -fno-gnu-unique)
