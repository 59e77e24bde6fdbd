// Sizes of inputs that the file leaves open: a batch, the height and width of an image. The graph has numbers for all
// of them, since shapes are inferred; Graph::open_sizes says which of these may be others.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.h"

namespace octet {

inline constexpr std::string_view kUnnamedSize = "?";
inline constexpr std::size_t kMostOpenSizes = 32;     // names of them in one graph
inline constexpr std::size_t kLongestSizeName = 256;  // bytes

bool has_open_sizes(const Graph& graph);
// Input `input` of the list has another open size. A name that is empty, or longer than a name is, is none.
void set_open(Graph& graph, std::size_t input, std::size_t dimension, std::string_view name);
// "" where the size is fixed.
std::string_view open_name(const Graph& graph, std::size_t input, std::size_t dimension);

// The names of all open sizes, each once, in the order of the inputs. Sizes without a name are one each: "?0.2" is
// dimension 2 of input 0.
std::vector<std::string> open_names(const Graph& graph);
// The inputs' shapes with the open sizes of these names doubled: what divides a size divides its double, too.
std::vector<Dims> enlarged(const Graph& graph, std::span<const std::string> names);
// The sizes of these names are fixed from now on.
void close_sizes(Graph& graph, std::span<const std::string> names);

// The same graph with every open size doubled. Error (Code::shape): it does not follow.
Result<Graph> enlarged_graph(const Graph& graph);

// What each output's sizes are called: the name of the input's size that it equals, "?" where it depends on open sizes
// otherwise, "" where it is fixed. `larger`: enlarged_graph of `graph`.
std::vector<std::vector<std::string>> output_size_names(const Graph& graph, const Graph& larger);

}  // namespace octet
