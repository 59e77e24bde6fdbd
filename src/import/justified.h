// What an importer makes of a file is no larger than the file justifies. The tables of a FlatBuffers file may all point
// to one list, text or block of weights, and one operator of any format may have thousands of operands: few bytes can
// stand for many.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/status.h"
#include "graph/graph.h"

namespace octet {

// The begin of a name, for what one operator becomes: nodes and tensors that the file has no names for.
std::string_view brief_name(std::string_view name);
// The name of the `number`th of them.
std::string derived_name(std::string_view base, std::size_t number);

// Counts what the nodes and tensors of a growing graph take.
class JustifiedSize {
 public:
  explicit JustifiedSize(std::size_t file_bytes) { grant(file_bytes); }

  // More bytes of the file, or of another one beside it.
  void grant(std::size_t file_bytes);
  // Counts what has been added since the last call. Code::format where it is too much.
  Status count(const Graph& graph);

 private:
  std::size_t left_ = std::size_t{64} << 20;  // bytes
  std::size_t tensors_ = 0;
  std::size_t nodes_ = 0;
};

}  // namespace octet
