#include "graph/open_sizes.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "graph/rebind.h"

namespace octet {
namespace {

// The name by which sizes belong together: equal names mean equal sizes.
std::string whole_name(const Graph& graph, std::size_t input, std::size_t dimension) {
  const std::string_view name = open_name(graph, input, dimension);
  if (name != kUnnamedSize) return std::string(name);
  return "?" + std::to_string(input) + "." + std::to_string(dimension);
}

template <class Visit>
void for_each_open(const Graph& graph, Visit visit) {
  for (std::size_t i = 0; i < graph.open_sizes.size(); ++i) {
    for (std::size_t d = 0; d < graph.open_sizes[i].size(); ++d) {
      if (!graph.open_sizes[i][d].empty()) visit(i, d);
    }
  }
}

}  // namespace

bool has_open_sizes(const Graph& graph) {
  bool found = false;
  for_each_open(graph, [&](std::size_t, std::size_t) { found = true; });
  return found;
}

void set_open(Graph& graph, std::size_t input, std::size_t dimension, std::string_view name) {
  graph.open_sizes.resize(std::max(graph.open_sizes.size(), input + 1));
  graph.open_sizes[input].resize(graph.at(graph.inputs[input]).dims.size());
  const bool usable = !name.empty() && name.size() <= kLongestSizeName;
  graph.open_sizes[input][dimension] = usable ? name : kUnnamedSize;
}

std::string_view open_name(const Graph& graph, std::size_t input, std::size_t dimension) {
  if (input >= graph.open_sizes.size() || dimension >= graph.open_sizes[input].size()) return {};
  return graph.open_sizes[input][dimension];
}

std::vector<std::string> open_names(const Graph& graph) {
  std::vector<std::string> names;
  std::unordered_set<std::string> seen;
  for_each_open(graph, [&](std::size_t i, std::size_t d) {
    std::string name = whole_name(graph, i, d);
    if (seen.insert(name).second) names.push_back(std::move(name));
  });
  return names;
}

std::vector<Dims> enlarged(const Graph& graph, std::span<const std::string> names) {
  std::vector<Dims> shapes;
  for (const TensorId id : graph.inputs) shapes.push_back(graph.at(id).dims);
  for_each_open(graph, [&](std::size_t i, std::size_t d) {
    if (std::find(names.begin(), names.end(), whole_name(graph, i, d)) != names.end()) shapes[i][d] *= 2;
  });
  return shapes;
}

void close_sizes(Graph& graph, std::span<const std::string> names) {
  std::vector<std::pair<std::size_t, std::size_t>> closed;
  for_each_open(graph, [&](std::size_t i, std::size_t d) {
    if (std::find(names.begin(), names.end(), whole_name(graph, i, d)) != names.end()) closed.emplace_back(i, d);
  });
  for (const auto& [i, d] : closed) graph.open_sizes[i][d].clear();
  if (!has_open_sizes(graph)) graph.open_sizes.clear();
}

Result<Graph> enlarged_graph(const Graph& graph) {
  Graph larger = graph;  // shares the weights
  OCTET_TRY(follow_inputs(larger, enlarged(graph, open_names(graph))));
  return larger;
}

std::vector<std::vector<std::string>> output_size_names(const Graph& graph, const Graph& larger) {
  std::vector<std::vector<std::string>> result;
  for (const TensorId id : graph.outputs) {
    const Dims &dims = graph.at(id).dims, &others = larger.at(id).dims;
    std::vector<std::string> names(dims.size());
    for (std::size_t d = 0; d < dims.size(); ++d) {
      if (dims[d] == others[d]) continue;
      names[d] = kUnnamedSize;
      // Of several sizes that are equal here the one of the same place, as a batch is.
      for_each_open(graph, [&](std::size_t i, std::size_t at) {
        const TensorId input = graph.inputs[i];
        const bool equal = graph.at(input).dims[at] == dims[d] && larger.at(input).dims[at] == others[d];
        if (equal && (names[d] == kUnnamedSize || at == d)) names[d] = graph.open_sizes[i][at];
      });
    }
    result.push_back(std::move(names));
  }
  return result;
}

}  // namespace octet
