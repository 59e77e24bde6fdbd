// Functions of runs of elements, reference.
#include "base/scalar_functions.h"
#include "kernels/elementwise.h"

namespace octet {
namespace {

void unary_f32(UnaryKind kind, float alpha, float beta, const float* input, float* output, int64_t count) {
  if (kind == UnaryKind::relu) {  // the two that a compiler vectorises
    for (int64_t i = 0; i < count; ++i) output[i] = input[i] < 0.0f ? 0.0f : input[i];
  } else if (kind == UnaryKind::clip) {
    for (int64_t i = 0; i < count; ++i) output[i] = clamp_value(input[i], alpha, beta);
  } else {
    for (int64_t i = 0; i < count; ++i) output[i] = unary_value(kind, alpha, beta, input[i]);
  }
}

template <BinaryKind kind>
void binary_loop(const BinaryF32Args& args) {
  for (int64_t i = 0; i < args.count; ++i) {
    const float y = binary_value(kind, args.a[i * args.a_step], args.b[i * args.b_step]);
    args.output[i] = clamp_value(y, args.low, args.high);
  }
}

void binary_f32(const BinaryF32Args& args) {
  switch (args.kind) {
    case BinaryKind::add:
      return binary_loop<BinaryKind::add>(args);
    case BinaryKind::sub:
      return binary_loop<BinaryKind::sub>(args);
    case BinaryKind::mul:
      return binary_loop<BinaryKind::mul>(args);
    case BinaryKind::div:
      return binary_loop<BinaryKind::div>(args);
    case BinaryKind::min:
      return binary_loop<BinaryKind::min>(args);
    case BinaryKind::max:
      return binary_loop<BinaryKind::max>(args);
    case BinaryKind::pow:
      return binary_loop<BinaryKind::pow>(args);
  }
}

void prelu_f32(const BinaryF32Args& args) {
  for (int64_t i = 0; i < args.count; ++i) {
    const float x = args.a[i * args.a_step];
    args.output[i] = x < 0.0f ? x * args.b[i * args.b_step] : x;
  }
}

void add_i8(const BinaryI8Args& args) {
  for (int64_t i = 0; i < args.count; ++i) {
    const float a = (float)(args.a[i * args.a_step] - args.a_zero_point) * args.a_factor;
    const float b = (float)(args.b[i * args.b_step] - args.b_zero_point) * args.b_factor;
    args.output[i] = round_to_int8(a + b, args.range);
  }
}

void mul_i8(const BinaryI8Args& args) {
  for (int64_t i = 0; i < args.count; ++i) {
    const int32_t product =
        (args.a[i * args.a_step] - args.a_zero_point) * (args.b[i * args.b_step] - args.b_zero_point);
    args.output[i] = requantize(product, args.a_factor, args.range);
  }
}

void table_i8(const int8_t* table, const int8_t* input, int8_t* output, int64_t count) {
  for (int64_t i = 0; i < count; ++i) output[i] = table[input[i] + 128];
}

void quantize(const float* input, int64_t input_step, int8_t* output, int64_t output_step, int64_t count,
              float inverse_scale, OutputRange range) {
  for (int64_t i = 0; i < count; ++i) {
    const float y = input[i * input_step] * inverse_scale;
    output[i * output_step] = round_to_int8(y == y ? y : 0.0f, range);
  }
}

void quantize_planes(const float* input, int64_t plane_step, int32_t channels, int8_t* output, int64_t count,
                     float inverse_scale, OutputRange range) {
  for (int32_t c = 0; c < channels; ++c) {
    quantize(input + c * plane_step, 1, output + c, channels, count, inverse_scale, range);
  }
}

void pixels_f32(const float* input, int64_t plane_step, int32_t channels, float* output, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    for (int32_t c = 0; c < channels; ++c) output[i * channels + c] = input[c * plane_step + i];
  }
}

void dequantize(const int8_t* input, int64_t input_step, float* output, int64_t output_step, int64_t count, float scale,
                int32_t zero_point) {
  for (int64_t i = 0; i < count; ++i) {
    output[i * output_step] = scale * (float)(input[i * input_step] - zero_point);
  }
}

}  // namespace

extern const UnaryF32Row unary_f32_ref = {"unary_f32_ref", Isa::ref, [](UnaryKind) { return true; }, unary_f32};
extern const BinaryF32Row binary_f32_ref = {"binary_f32_ref", Isa::ref, binary_f32};
extern const BinaryF32Row prelu_f32_ref = {"prelu_f32_ref", Isa::ref, prelu_f32};
extern const BinaryI8Row add_i8_ref = {"add_i8_ref", Isa::ref, add_i8};
extern const BinaryI8Row mul_i8_ref = {"mul_i8_ref", Isa::ref, mul_i8};
extern const TableI8Row table_i8_ref = {"table_i8_ref", Isa::ref, table_i8};
extern const QuantizeRow quantize_ref = {"quantize_ref", Isa::ref, quantize};
extern const QuantizePlanesRow quantize_planes_ref = {"quantize_planes_ref", Isa::ref, quantize_planes};
extern const PixelsF32Row pixels_f32_ref = {"pixels_f32_ref", Isa::ref, pixels_f32};
extern const DequantizeRow dequantize_ref = {"dequantize_ref", Isa::ref, dequantize};

}  // namespace octet
