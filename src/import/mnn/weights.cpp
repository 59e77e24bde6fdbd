#include "import/mnn/weights.h"

#include <cstring>
#include <utility>

#include "import/import.h"
#include "import/mnn/packed_weights.h"

namespace octet::mnn {
namespace {

std::vector<float> copy_of(const flatbuffers::Vector<float>* values) {
  const std::span<const float> view = span_of(values);
  return {view.begin(), view.end()};
}

std::vector<float> widen_halves(std::span<const std::byte> raw) {
  std::vector<float> values(raw.size() / 2);
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::uint16_t half = 0;
    std::memcpy(&half, raw.data() + 2 * i, 2);
    values[i] = half_to_float(half);
  }
  return values;
}

Result<PackedView> view_of(const fb::PackedWeights& packed) {
  if (packed.has_scale_int()) {
    return fail(Code::unsupported,
                "its weights are made for activations that are rounded as the operator runs, a form of 2019; "
                "give the float network");
  }
  PackedView view;
  view.type = packed.type();
  view.factor = packed.quant_scale();
  view.minimum = packed.min();
  view.asymmetric = packed.read_type() != 0;
  view.wide_shape = packed.shape_int32();
  view.dense_size = packed.weight_size();
  return view;
}

void take(Unpacked unpacked, Weights* result) {
  result->weight = std::move(unpacked.values);
  result->integers = std::move(unpacked.integers);
  result->scales = std::move(unpacked.scales);
}

Status unpack_stored(const fb::PackedWeights& packed, Weights* result) {
  OCTET_ASSIGN(PackedView view, view_of(packed));
  view.buffer = std::as_bytes(span_of(packed.buffer()));
  view.index = span_of(packed.index());
  if (packed.scale_storage() == fb::ScaleStorage::FP16) {
    view.alpha = widen_halves(std::as_bytes(span_of(packed.alpha_fp16())));
  } else {
    view.alpha = copy_of(packed.alpha());
  }
  OCTET_ASSIGN(Unpacked unpacked, unpack_weights(view));
  take(std::move(unpacked), result);
  return {};
}

// Order of the pieces: buffer, scales, bias, places of sparse weights.
Result<Weights> unpack_external(ExternalPieces pieces, const fb::Convolution2D& convolution) {
  const fb::PackedWeights& packed = *convolution.packed();
  OCTET_ASSIGN(PackedView view, view_of(packed));
  OCTET_ASSIGN(view.buffer, pieces.take());
  if (packed.scale_storage() == fb::ScaleStorage::FP16) {
    OCTET_ASSIGN(std::span<const std::byte> halves, pieces.take());
    view.alpha = widen_halves(halves);
  } else {
    OCTET_ASSIGN(view.alpha, pieces.take_floats());
  }
  Weights result;
  result.bias = copy_of(convolution.bias());
  OCTET_ASSIGN(std::vector<float> bias, pieces.take_floats());
  if (result.bias.empty()) result.bias = std::move(bias);
  OCTET_ASSIGN(std::span<const std::byte> places, pieces.take());
  std::vector<std::uint32_t> index(places.size() / sizeof(std::uint32_t));
  if (!index.empty()) std::memcpy(index.data(), places.data(), index.size() * sizeof(std::uint32_t));
  view.index = packed.index() != nullptr ? span_of(packed.index()) : std::span<const std::uint32_t>(index);
  OCTET_ASSIGN(Unpacked unpacked, unpack_weights(view));
  take(std::move(unpacked), &result);
  return result;
}

}  // namespace

Result<Weights> read_weights(Emitter& e, const fb::Convolution2D& convolution) {
  if (convolution.symmetric() != nullptr && convolution.symmetric()->weight() != nullptr) {
    return fail(Code::format, "it carries the int8 weights of another kind of operator (ConvInt8)");
  }
  const std::span<const std::int64_t> external = span_of(convolution.external());
  const fb::PackedWeights* packed = convolution.packed();
  Weights result;
  if (!external.empty() && packed != nullptr && packed->buffer() == nullptr) {
    return unpack_external(ExternalPieces(e.external(), external), convolution);
  }
  if (!external.empty() && packed == nullptr && convolution.weight() == nullptr) {
    ExternalPieces pieces(e.external(), external);
    OCTET_ASSIGN(result.weight, pieces.take_floats());
    OCTET_ASSIGN(result.bias, pieces.take_floats());
    if (result.bias.empty()) result.bias = copy_of(convolution.bias());
    return result;
  }
  if (packed != nullptr && (packed->buffer() != nullptr || packed->index() != nullptr)) {
    OCTET_TRY(unpack_stored(*packed, &result));
  } else {
    result.weight = copy_of(convolution.weight());
  }
  result.bias = copy_of(convolution.bias());
  return result;
}

Result<Weights> read_weights(const fb::InnerProduct& product) {
  Weights result;
  const fb::PackedWeights* packed = product.packed();
  if (packed != nullptr && packed->buffer() != nullptr) {
    OCTET_TRY(unpack_stored(*packed, &result));
  } else {
    result.weight = copy_of(product.weight());
  }
  result.bias = copy_of(product.bias());
  return result;
}

}  // namespace octet::mnn
