// Names of values in a file: none empty, none twice, all of them UTF-8.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace octet {

class UniqueNames {
 public:
  // `wanted` itself where nobody has it yet, else with "_2", "_3", ... behind it. Bytes that are no UTF-8 and control
  // characters, which a graph from a damaged file may have in its names, become '?'.
  std::string take(std::string_view wanted);

 private:
  std::unordered_set<std::string> taken_;
  std::unordered_map<std::string, int> next_;  // number to try for a name that is taken
};

}  // namespace octet
