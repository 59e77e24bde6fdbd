#include "abi/export.h"

#include <vector>

#include "export/export.h"

namespace octet::abi {

std::span<const char* const> export_formats() {
  static const std::vector<const char*> names = [] {
    std::vector<const char*> list;
    for (const Exporter& exporter : exporters()) list.push_back(exporter.name);
    return list;
  }();
  return names;
}

Result<std::string> export_model(const Graph& graph, const std::string& format) {
  for (const Exporter& exporter : exporters()) {
    if (format == exporter.name) return exporter.write(graph);
  }
  return fail(Code::unsupported, "no model is written as \"" + format + "\"");
}

}  // namespace octet::abi
