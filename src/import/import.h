// Importers: a file of a public format becomes a Graph. `probe` looks at the first bytes and the name; `import`
// reads everything from the bytes (external data beside `path`). What is read is bounds-checked: nothing in a file
// makes the importer crash, hang or allocate more than the file justifies. Errors name file, node, operator, opset
// and what to do; unsupported operators are gathered, all of them in one message.
#pragma once

#include <span>
#include <string>

#include "base/bytes.h"
#include "base/status.h"
#include "graph/graph.h"

namespace octet {

struct Importer {
  const char* name;                                                          // "onnx"
  bool (*probe)(std::span<const std::byte> bytes, const std::string& path);  // path "" for bytes in memory
  Result<Graph> (*import)(const Bytes& bytes, const std::string& path);
};

// Every importer that is built in, in the order of probing.
std::span<const Importer> importers();

extern const Importer kOnnxImporter;
extern const Importer kMnnImporter;
extern const Importer kTfliteImporter;

// IEEE binary16 to float32.
float half_to_float(std::uint16_t half);

}  // namespace octet
