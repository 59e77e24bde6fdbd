// The commands: each reads its own words of the command line and returns what goes to stdout.
#pragma once

#include <string>
#include <vector>

#include "cli/console.h"

namespace octet::cli {

// How a command was called.
struct Call {
  std::vector<std::string> words;  // behind the command's name
  bool json = false;
};

struct Outcome {
  std::string out;  // for stdout
  int exit_status = 0;
};

Outcome quantize_command(const Call& call, Console& console);
Outcome observe_command(const Call& call, Console& console);
Outcome bench_command(const Call& call, Console& console);
Outcome run_command(const Call& call, Console& console);
Outcome compare_command(const Call& call, Console& console);
Outcome inspect_command(const Call& call, Console& console);
Outcome convert_command(const Call& call, Console& console);

}  // namespace octet::cli
