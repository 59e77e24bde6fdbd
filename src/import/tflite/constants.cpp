#include "import/tflite/constants.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <numeric>

#include "base/text.h"
#include "import/import.h"
#include "import/quantized_constant.h"

namespace octet::tflite {

namespace {

std::string quoted(const File& file, std::int32_t index) {
  return "tensor '" + printable(file.tensor_name(index)) + "'";
}

// Copied as bytes: in a damaged file the vector of 8 byte numbers may lie at any multiple of 4.
std::vector<std::int64_t> zero_points_of(const fb::Quantization& quantization) {
  const auto* given = quantization.zero_point();
  std::vector<std::int64_t> values(given == nullptr ? 0 : given->size());
  if (!values.empty()) std::memcpy(values.data(), given->Data(), values.size() * sizeof(std::int64_t));
  return values;
}

template <class T>
std::vector<T> elements_of(const Bytes& bytes) {
  std::vector<T> values(bytes.size() / sizeof(T));
  if (!values.empty()) std::memcpy(values.data(), bytes.data(), values.size() * sizeof(T));
  return values;
}

template <class To, class From, class Convert>
std::vector<To> converted(const std::vector<From>& values, Convert convert) {
  std::vector<To> result(values.size());
  std::transform(values.begin(), values.end(), result.begin(), convert);
  return result;
}

// Two elements a byte, the lower half first; of an odd number the last half byte means nothing.
std::vector<std::int32_t> unpacked_int4(const Bytes& bytes, std::size_t count) {
  std::vector<std::int32_t> values(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto byte = std::to_integer<std::uint8_t>(bytes.data()[i / 2]);
    const std::int32_t half = i % 2 == 0 ? byte & 15 : byte >> 4;
    values[i] = half < 8 ? half : half - 16;
  }
  return values;
}

template <class T>
std::vector<T> permuted(const std::vector<T>& values, const Dims& dims, const std::vector<std::int64_t>& permutation) {
  const std::size_t rank = dims.size();
  std::vector<std::size_t> sizes(rank), steps(rank), position(rank, 0);
  for (std::size_t i = 0; i < rank; ++i) {
    const auto from = static_cast<std::size_t>(permutation[i]);
    sizes[i] = static_cast<std::size_t>(dims[from]);
    steps[i] = 1;
    for (std::size_t d = from + 1; d < rank; ++d) steps[i] *= static_cast<std::size_t>(dims[d]);
  }
  std::vector<T> result(values.size());
  std::size_t at = 0;
  for (T& value : result) {
    value = values[at];
    for (std::size_t i = rank; i-- > 0;) {
      at += steps[i];
      if (++position[i] < sizes[i]) break;
      at -= steps[i] * sizes[i];
      position[i] = 0;
    }
  }
  return result;
}

bool is_sorted(const std::vector<std::int64_t>& permutation) {
  return std::is_sorted(permutation.begin(), permutation.end());
}

Dims reordered(const Dims& dims, const std::vector<std::int64_t>& permutation) {
  Dims result;
  for (const std::int64_t axis : permutation) result.push_back(dims[static_cast<std::size_t>(axis)]);
  return result;
}

// A channel of scale 0 holds zeros, as converters write one whose weights are all zero.
struct Scales {
  std::vector<float> values;
  std::vector<bool> zero;
};

Result<Scales> read_scales(const File& file, std::int32_t index) {
  Scales scales;
  for (const float scale : span_of(file.tensor(index).quantization()->scale())) {
    if (!std::isfinite(scale) || scale < 0) {
      return fail(Code::format,
                  quoted(file, index) + " has the scale " + std::to_string(scale) + "; scales are positive and finite");
    }
    scales.zero.push_back(scale == 0);
    scales.values.push_back(scale == 0 ? 1.0F : scale);
  }
  return scales;
}

// Subtracts the zero points and makes channels of scale 0 zero. `inner`: elements behind each other of one channel.
Status centre(const File& file, std::int32_t index, const Scales& scales, std::size_t inner,
              std::vector<std::int32_t>* values) {
  const std::vector<std::int64_t> zero_points = zero_points_of(*file.tensor(index).quantization());
  const std::size_t count = scales.values.size();
  if (zero_points.size() > 1 && zero_points.size() != count) {
    return fail(Code::format, quoted(file, index) + " has " + std::to_string(count) + " scales, but " +
                                  std::to_string(zero_points.size()) + " zero points");
  }
  for (const std::int64_t zero_point : zero_points) {
    const bool wide = file.tensor(index).type() == fb::TensorType::INT32;  // has none, so that nothing can overflow
    if (zero_point < (wide ? 0 : -128) || zero_point > (wide ? 0 : 255)) {
      return fail(Code::format, quoted(file, index) + " has the zero point " + std::to_string(zero_point));
    }
  }
  for (std::size_t i = 0; i < values->size(); ++i) {
    const std::size_t channel = count == 1 ? 0 : i / inner % count;
    const std::int64_t zero_point = zero_points.empty() ? 0 : zero_points[zero_points.size() == 1 ? 0 : channel];
    std::int32_t& value = (*values)[i];
    value = scales.zero[channel] ? 0 : value - static_cast<std::int32_t>(zero_point);
  }
  return {};
}

std::vector<std::int32_t> scaled_integers(fb::TensorType type, const Bytes& data, std::size_t count) {
  const auto widen = [](auto value) { return static_cast<std::int32_t>(value); };
  if (type == fb::TensorType::INT4) return unpacked_int4(data, count);
  if (type == fb::TensorType::INT32) return elements_of<std::int32_t>(data);
  if (type == fb::TensorType::INT8) return converted<std::int32_t>(elements_of<std::int8_t>(data), widen);
  return converted<std::int32_t>(elements_of<std::uint8_t>(data), widen);
}

}  // namespace

bool is_quantized(const fb::Tensor& tensor) {
  const fb::Quantization* quantization = tensor.quantization();
  return quantization != nullptr && quantization->scale() != nullptr && quantization->scale()->size() > 0;
}

Result<Quant> activation_quant(const File& file, std::int32_t index) {
  const fb::Tensor& tensor = file.tensor(index);
  const fb::Quantization& quantization = *tensor.quantization();
  if (quantization.details_type() != 0) {
    return fail(Code::unsupported, quoted(file, index) + " has a custom quantization");
  }
  const std::span<const float> scales = span_of(quantization.scale());
  const std::vector<std::int64_t> zero_points = zero_points_of(quantization);
  if (scales.size() != 1 || zero_points.size() > 1) {
    return fail(Code::unsupported, quoted(file, index) + " has " + std::to_string(scales.size()) +
                                       " scales; what an operator makes or the network takes has one");
  }
  const std::int64_t offset = tensor.type() == fb::TensorType::UINT8 ? 128 : 0;
  const std::int64_t zero_point = zero_points.empty() ? 0 : zero_points[0];
  const bool scale_fits = scales[0] >= std::ldexp(1.0F, -64) && scales[0] <= std::ldexp(1.0F, 64);
  if (!scale_fits || zero_point < offset - 128 || zero_point > offset + 127) {
    return fail(Code::format, quoted(file, index) + " has the scale " + std::to_string(scales[0]) +
                                  " and the zero point " + std::to_string(zero_point) +
                                  "; scales lie within 2^-64..2^64, zero points within the values of " +
                                  type_text(tensor.type()));
  }
  return Quant{scales[0], static_cast<std::int32_t>(zero_point - offset)};
}

// Two elements of INT4 lie in a byte, and a tensor may be wanted in two orders.
Constants::Constants(const File& file) : file_(file), left_(4 * file.bytes().size() + (std::size_t{1} << 16)) {}

Status Constants::take(std::int32_t index, std::size_t elements) {
  if (elements > left_) {
    return fail(Code::format, quoted(file_, index) +
                                  " and others share their data so often that they are larger than "
                                  "the file justifies");
  }
  left_ -= elements;
  return {};
}

Result<std::vector<std::int64_t>> Constants::integers(std::int32_t index) const {
  OCTET_ASSIGN(const Bytes data, file_.data(index));
  const fb::TensorType type = file_.tensor(index).type();
  if (type == fb::TensorType::INT64) return elements_of<std::int64_t>(data);
  if (type == fb::TensorType::INT32) {
    return converted<std::int64_t>(elements_of<std::int32_t>(data), [](std::int32_t v) { return std::int64_t{v}; });
  }
  return fail(Code::format, quoted(file_, index) + " is " + type_text(type) + "; it must be INT32 or INT64");
}

Result<TensorId> Constants::add(Graph& graph, std::int32_t index, const std::vector<std::int64_t>& permutation,
                                std::size_t leading) {
  OCTET_ASSIGN(const Bytes data, file_.data(index));
  const fb::Tensor& tensor = file_.tensor(index);
  const std::string name = file_.tensor_name(index);
  Dims dims = file_.dims(index);
  dims.insert(dims.begin(), leading, 1);
  if (dims.size() != permutation.size() || dims.size() > kMaxRank) {
    return fail(Code::shape, quoted(file_, index) + " of shape " + shape_text(file_.dims(index)) + " has " +
                                 std::to_string(dims.size()) + " dimensions; " + std::to_string(permutation.size()) +
                                 " are expected");
  }
  const Dims result_dims = reordered(dims, permutation);
  const auto count = static_cast<std::size_t>(element_count(dims));
  const fb::TensorType type = tensor.type();
  const bool in_place = is_sorted(permutation);
  // Float32 in the file's own order stays where it is, if it lies well there.
  const bool aligned = reinterpret_cast<std::uintptr_t>(data.data()) % kAlignment == 0;
  if (type == fb::TensorType::FLOAT32 && in_place && aligned && count > 0) {
    return graph.add_constant(name, DType::f32, result_dims, data);
  }
  OCTET_TRY(take(index, count));
  const auto add_values = [&](DType dtype, auto values) -> Result<TensorId> {
    return graph.add_constant(name, dtype, result_dims, in_place ? values : permuted(values, dims, permutation));
  };
  switch (type) {
    case fb::TensorType::FLOAT32:
      return add_values(DType::f32, elements_of<float>(data));
    case fb::TensorType::FLOAT16:
      return add_values(DType::f32, converted<float>(elements_of<std::uint16_t>(data), half_to_float));
    case fb::TensorType::BFLOAT16:
      return add_values(DType::f32, converted<float>(elements_of<std::uint16_t>(data), [](std::uint16_t bits) {
                          return std::bit_cast<float>(std::uint32_t{bits} << 16);
                        }));
    case fb::TensorType::BOOL:
      return add_values(DType::boolean, converted<std::uint8_t>(elements_of<std::uint8_t>(data), [](std::uint8_t v) {
                          return static_cast<std::uint8_t>(v != 0);
                        }));
    case fb::TensorType::INT32:
    case fb::TensorType::INT64: {
      if (type == fb::TensorType::INT32 && is_quantized(tensor)) break;
      OCTET_ASSIGN(const std::vector<std::int64_t> values, integers(index));
      return add_values(DType::i64, values);
    }
    default:
      break;
  }
  std::vector<std::int32_t> values = scaled_integers(type, data, count);
  if (!is_quantized(tensor)) {
    return add_values(DType::f32, converted<float>(values, [](std::int32_t v) { return static_cast<float>(v); }));
  }
  if (tensor.quantization()->details_type() != 0) {
    return fail(Code::unsupported, quoted(file_, index) + " has a custom quantization");
  }
  OCTET_ASSIGN(const Scales scales, read_scales(file_, index));
  // Behind the permutation the dimension of the scales is in another place.
  const std::int64_t axis =
      std::int64_t{tensor.quantization()->quantized_dimension()} + static_cast<std::int64_t>(leading);
  std::size_t inner = 1;
  std::size_t place = 0;
  if (scales.values.size() > 1) {
    const auto found = std::find(permutation.begin(), permutation.end(), axis);
    if (axis < 0 || found == permutation.end() ||
        dims[static_cast<std::size_t>(axis)] != static_cast<std::int64_t>(scales.values.size())) {
      return fail(Code::format, quoted(file_, index) + " of shape " + shape_text(file_.dims(index)) + " has " +
                                    std::to_string(scales.values.size()) + " scales for dimension " +
                                    std::to_string(tensor.quantization()->quantized_dimension()));
    }
    place = static_cast<std::size_t>(found - permutation.begin());
    for (auto d = static_cast<std::size_t>(axis) + 1; d < dims.size(); ++d) inner *= static_cast<std::size_t>(dims[d]);
  }
  if (inner > 0) OCTET_TRY(centre(file_, index, scales, inner, &values));
  if (!in_place) values = permuted(values, dims, permutation);
  return add_quantized_constant(graph, name, result_dims, values, scales.values, place);
}

Result<TensorId> Constants::add_bias(Graph& graph, std::int32_t index, float input_scale, std::int32_t weights) {
  OCTET_ASSIGN(const Bytes data, file_.data(index));
  const Dims dims = file_.dims(index);
  std::vector<std::int32_t> values = elements_of<std::int32_t>(data);
  OCTET_TRY(take(index, values.size()));
  OCTET_ASSIGN(Scales scales, read_scales(file_, weights));
  if (dims.size() != 1 || (scales.values.size() != 1 && scales.values.size() != values.size())) {
    return fail(Code::format, quoted(file_, index) + " of shape " + shape_text(dims) + " is the bias of weights with " +
                                  std::to_string(scales.values.size()) + " scales");
  }
  for (std::size_t i = 0; i < scales.values.size(); ++i) {
    const double scale = static_cast<double>(input_scale) * static_cast<double>(scales.values[i]);
    scales.values[i] = static_cast<float>(scale);
    if (scales.zero[i] || scales.values[i] == 0) {
      scales.values[i] = 1;
      scales.zero[i] = true;
    }
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (scales.zero[scales.zero.size() == 1 ? 0 : i]) values[i] = 0;
  }
  return add_quantized_constant(graph, file_.tensor_name(index), dims, values, scales.values, 0);
}

}  // namespace octet::tflite
