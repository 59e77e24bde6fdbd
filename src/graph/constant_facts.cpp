#include "graph/constant_facts.h"

#include <algorithm>
#include <cmath>

namespace octet {

namespace {

template <class T>
ConstantFact range_of(std::span<const T> values) {
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  ConstantFact fact;
  fact.least = static_cast<std::int64_t>(*least);
  fact.most = static_cast<std::int64_t>(*most);
  return fact;
}

ConstantFact read(const Tensor& tensor) {
  switch (tensor.dtype) {
    case DType::f32: {
      const auto values = tensor.data.as<float>();
      ConstantFact fact;
      fact.finite = std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); });
      if (fact.finite) fact.least_real = *std::min_element(values.begin(), values.end());
      return fact;
    }
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
