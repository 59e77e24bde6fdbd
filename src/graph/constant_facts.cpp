#include "graph/constant_facts.h"

#include <bit>

namespace octet {

namespace {

// Plain loops, which a compiler turns into vectors: every weight of a model is looked at when it is loaded.

template <class T>
ConstantFact range_of(std::span<const T> values) {
  T least = values[0];
  T most = values[0];
  for (const T value : values) {
    least = value < least ? value : least;
    most = value > most ? value : most;
  }
  ConstantFact fact;
  fact.least = static_cast<std::int64_t>(least);
  fact.most = static_cast<std::int64_t>(most);
  return fact;
}

ConstantFact facts_of(std::span<const float> values) {
  constexpr std::uint32_t kExponent = 0x7f800000;  // all ones: infinite or no number
  std::uint32_t infinite = 0;
  std::uint32_t negative = 0;
  for (const float value : values) {
    infinite |= (std::bit_cast<std::uint32_t>(value) & kExponent) == kExponent ? 1U : 0U;
    negative |= value < 0 ? 1U : 0U;
  }
  ConstantFact fact;
  fact.finite = infinite == 0;
  fact.negative = negative != 0;
  return fact;
}

ConstantFact read(const Tensor& tensor) {
  switch (tensor.dtype) {
    case DType::f32:
      return facts_of(tensor.data.as<float>());
    case DType::i8:
      return range_of(tensor.data.as<std::int8_t>());
    case DType::i32:
      return range_of(tensor.data.as<std::int32_t>());
    case DType::u32:
      return range_of(tensor.data.as<std::uint32_t>());
    case DType::i64:
      return range_of(tensor.data.as<std::int64_t>());
    default:
      return range_of(tensor.data.as<std::uint8_t>());
  }
}

}  // namespace

const ConstantFact& ConstantFacts::of(TensorId id) {
  Entry& entry = facts_[static_cast<std::size_t>(id)];
  if (!entry.read) {
    entry.fact = read(graph_.at(id));
    entry.read = true;
  }
  return entry.fact;
}

}  // namespace octet
