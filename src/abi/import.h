// Models of other tools.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/status.h"
#include "graph/graph.h"
#include "octet/octet.h"

namespace octet::abi {

struct Imported {
  Graph graph;  // prepared: ready to run and to quantize
  std::string format;
};

// `path` empty: the bytes are all there is, and nothing beside the file is read. `options` give the shapes of inputs.
Result<Imported> import_model(const Bytes& bytes, const std::string& name, const std::string& path,
                              const q_load_options& options);

}  // namespace octet::abi
