// A Graph becomes a .mnn file.
#include "base/text.h"
#include "export/export.h"

namespace octet {
namespace {

Result<std::string> write(const Graph& graph) {
  std::vector<std::string> nodes;
  for (const Node& node : graph.nodes) nodes.push_back(describe(node));
  return fail(Code::unsupported, ".mnn cannot carry: " + whole_list_text(nodes));
}

}  // namespace

const Exporter kMnnExporter{"mnn", ".mnn", write};

}  // namespace octet
