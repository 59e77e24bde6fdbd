// int8 beside float32, kernel by kernel.
#pragma once

#include <string>
#include <vector>

#include "micro/job.h"

namespace octet::bench {

struct NeverSlowerOptions {
  std::vector<Isa> caps;
  std::string filter;  // only operations and shapes that hold it
  int rounds = 7;
};

// For each shape that has both types: the row that a session with this cap on the instruction set takes for each, timed
// in turns, as a Markdown table on stdout; at the end the shapes at which int8 takes longer.
void print_never_slower(const std::vector<Job>& jobs, const NeverSlowerOptions& options);

}  // namespace octet::bench
