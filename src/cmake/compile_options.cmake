# Flags of every target. -ffp-contract=off: the integer contract forbids fused multiply-adds where they are not written.
add_compile_options(-ffunction-sections -fdata-sections -Wall -Wextra -Wshadow -Wno-missing-field-initializers -ffp-contract=off -fno-math-errno)
add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options(-Wno-restrict)  # gcc 12 raises it wrongly on "text" + std::string
endif()
add_compile_options(-ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)
if(OCTET_WERROR)
  add_compile_options(-Werror)
endif()
if(OCTET_SANITIZE)
  add_compile_options(-fsanitize=${OCTET_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all -g1)
  add_link_options(-fsanitize=${OCTET_SANITIZE})
endif()
