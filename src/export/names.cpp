#include "export/names.h"

#include <limits>

#include "base/text.h"

namespace octet {

std::string UniqueNames::take(std::string_view wanted) {
  std::string name = printable(wanted, std::numeric_limits<std::size_t>::max());
  if (name.empty()) name = "unnamed";
  if (taken_.insert(name).second) return name;
  int& next = next_.try_emplace(name, 2).first->second;
  for (;; ++next) {
    std::string numbered = name + "_" + std::to_string(next);
    if (taken_.insert(numbered).second) return numbered;
  }
}

}  // namespace octet
