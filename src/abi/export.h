// Models for other tools.
#pragma once

#include <span>
#include <string>

#include "base/status.h"
#include "graph/graph.h"

namespace octet::abi {

// The names of the formats that export_model writes, which are also the endings of their files: "onnx", "mnn", ...
std::span<const char* const> export_formats();

// The bytes of a file. `format` is one of export_formats().
Result<std::string> export_model(const Graph& graph, const std::string& format);

}  // namespace octet::abi
