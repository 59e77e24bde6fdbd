#include "import/justified.h"

namespace octet {

std::string_view brief_name(std::string_view name) {
  constexpr std::size_t kMost = 1024;
  if (name.size() <= kMost) return name;
  std::size_t size = kMost;
  while (size > 0 && (static_cast<unsigned char>(name[size]) & 0xC0) == 0x80) --size;  // within a UTF-8 character
  return name.substr(0, size);
}

std::string derived_name(std::string_view base, std::size_t number) {
  return std::string(brief_name(base)) + "/" + std::to_string(number);
}

// Weights of 1 bit become float32, and may be wanted in two orders.
void JustifiedSize::grant(std::size_t file_bytes) { left_ += 64 * file_bytes; }

Status JustifiedSize::count(const Graph& graph) {
  std::size_t added = 0;
  for (; tensors_ < graph.tensors.size(); ++tensors_) {
    const Tensor& tensor = graph.tensors[tensors_];
    added += sizeof tensor + tensor.name.size() + tensor.data.size();
  }
  for (; nodes_ < graph.nodes.size(); ++nodes_) {
    const Node& node = graph.nodes[nodes_];
    added += sizeof node + node.name.size() + (node.inputs.size() + node.outputs.size()) * sizeof(TensorId);
  }
  if (added > left_) {
    return fail(Code::format,
                "this operator and those before it share their parts so often that the network is larger "
                "than the file justifies; it is damaged or made to hurt");
  }
  left_ -= added;
  return {};
}

}  // namespace octet
