#include "model/format.h"

#include <algorithm>
#include <cmath>

namespace octet::format {

namespace {

bool holds_least_int8(const Tensor& tensor) {
  return tensor.dtype == DType::i8 &&
         std::ranges::find(tensor.data.as<std::int8_t>(), -128) != tensor.data.as<std::int8_t>().end();
}

}  // namespace

std::uint32_t minimum_version(const Graph& graph) {
  for (const Node& node : graph.nodes) {
    if (node.op != Op::conv && node.op != Op::conv_transpose && node.op != Op::gemm) continue;
    if (node.input(4) != kNoTensor || holds_least_int8(graph.at(node.inputs[1]))) return 2;
  }
  return 1;
}

std::string derived_name(const Node& node, std::size_t index) {
  static constexpr const char* kConvolution[] = {"input", "weight", "bias", "multiplier", "weight_zero_point"};
  const char* role = nullptr;
  switch (node.op) {
    case Op::conv:
    case Op::conv_transpose:
    case Op::gemm:
      if (index < std::size(kConvolution)) role = kConvolution[index];
      break;
    case Op::unary:
    case Op::prelu:
    case Op::softmax:
      if (index == 1) role = "table";
      break;
    default:
      break;
  }
  return node.name + "/" + (role != nullptr ? role : "input" + std::to_string(index));
}

std::vector<Reading> first_readings(const Graph& graph) {
  std::vector<Reading> readings(graph.tensors.size());
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const std::vector<TensorId>& inputs = graph.nodes[n].inputs;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (inputs[i] == kNoTensor) continue;
      Reading& reading = readings[static_cast<std::size_t>(inputs[i])];
      if (reading.node < 0) reading = {static_cast<std::int32_t>(n), static_cast<std::uint32_t>(i)};
    }
  }
  return readings;
}

Status check_recipe(const ImageRecipe& recipe) {
  if (!recipe.present) return {};
  const auto share = [](float value) { return value > 0 && value <= 1; };
  bool good = recipe.format <= PixelFormat::gray && recipe.fit <= FitMode::letterbox && recipe.width >= 0 &&
              recipe.height >= 0 && recipe.shorter_side >= 0 && share(recipe.center_crop_h) &&
              share(recipe.center_crop_w);
  for (std::size_t i = 0; i < recipe.mean.size(); ++i) {
    good = good && std::isfinite(recipe.mean[i]) && std::isfinite(recipe.normal[i]);
  }
  return good ? Status() : fail(Code::format, "its recipe for images has a value out of range");
}

std::uint64_t checksum(std::span<const std::byte> structure, std::size_t checksum_offset) {
  std::uint64_t hash = 0xcbf29ce484222325;
  const auto add = [&hash](std::span<const std::byte> bytes) {
    for (const std::byte b : bytes) hash = (hash ^ static_cast<std::uint64_t>(b)) * 0x100000001b3;
  };
  add(structure.first(checksum_offset));
  add(structure.subspan(checksum_offset + sizeof(std::uint64_t)));
  return hash;
}

void ByteSink::number(std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) bytes_.push_back(static_cast<std::uint8_t>(value | 0x80));
  bytes_.push_back(static_cast<std::uint8_t>(value));
}

void ByteSink::name(std::string_view text) {
  number(text.size() + 1);
  bytes_.insert(bytes_.end(), text.begin(), text.end());
}

bool ByteSource::number(std::uint64_t* value) {
  *value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (rest_.empty()) return false;
    const std::uint64_t byte = rest_.front();
    rest_ = rest_.subspan(1);
    if (shift == 63 && byte > 1) return false;  // beyond 64 bits
    *value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

bool ByteSource::signed_number(std::int64_t* value) {
  std::uint64_t zigzag = 0;
  if (!number(&zigzag)) return false;
  *value = static_cast<std::int64_t>((zigzag >> 1) ^ (0 - (zigzag & 1)));
  return true;
}

bool ByteSource::name(std::string_view* text, bool* present) {
  std::uint64_t length = 0;
  if (!number(&length)) return false;
  *present = length != 0;
  *text = {};
  if (!*present) return true;
  if (--length > rest_.size()) return false;
  *text = {reinterpret_cast<const char*>(rest_.data()), static_cast<std::size_t>(length)};
  rest_ = rest_.subspan(static_cast<std::size_t>(length));
  return true;
}

}  // namespace octet::format
