// The .octet model file: a Graph as it is ready to run, float or int8, in one FlatBuffers file (octet.fbs) whose
// weights are used where they lie in the mapped file. README.md of this folder explains layout, limits and versions.
#pragma once

#include <span>
#include <string>

#include "base/bytes.h"
#include "base/status.h"
#include "graph/graph.h"

namespace octet {

// Whether the bytes begin as a .octet file does, of any version.
bool is_octet(std::span<const std::byte> bytes);

// The graph of a file. Its constants are slices of `bytes` where that memory is aligned to kAlignment, as mapped files
// are, else of one aligned copy. Constants of 1 KiB and more are aligned to kAlignment, smaller ones to 16 bytes.
// Nothing in the bytes is trusted: the graph that comes out is valid (graph.h, `validate`), whatever went in. `path`,
// "" for bytes in memory, is for messages. Errors: Code::format (truncated, damaged, another kind of file),
// Code::version (made for a newer library), else what `validate` says.
Result<Graph> read_octet(const Bytes& bytes, const std::string& path);

// Writes the graph: whole or not at all. It must be valid and executable, as passes and quantizer leave it. Everything
// in it comes back, to the last bit, but for the names of the constants that int8 nodes read: these come back as
// "<node>/weight", "<node>/bias" and so on. The same graph gives the same bytes.
// Errors: what `validate` says, Code::unsupported where a limit of the format is passed, Code::io.
Status write_octet(const Graph& graph, const std::string& path);

// The content of that file, aligned to kAlignment.
Result<Bytes> octet_bytes(const Graph& graph);

}  // namespace octet
