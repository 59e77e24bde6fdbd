// A measurement that cannot be made ends the program with a line that says why.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>

namespace octet::bench {

[[noreturn]] inline void fail(const std::string& what) {
  std::fprintf(stderr, "error: %s\n", what.c_str());
  std::exit(1);
}

}  // namespace octet::bench
