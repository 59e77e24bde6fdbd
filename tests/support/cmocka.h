// cmocka for C++: its header wants these C headers first, and C linkage.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

extern "C" {
#include <cmocka.h>
}

// cmocka's macro has the name of functions here and in the standard library; fail_msg does not need it.
#undef fail
#undef fail_msg
#define fail_msg(msg, ...)                          \
  do {                                              \
    print_error("ERROR: " msg "\n", ##__VA_ARGS__); \
    _fail(__FILE__, __LINE__);                      \
  } while (0)
