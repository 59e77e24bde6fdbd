// Copies, resize and the product of two matrices, reference.
#include <string.h>

#include "kernels/reduce.h"

namespace octet {
namespace {

template <class T>
void copy_run(const T* from, int64_t in_step, T* to, int64_t out_step, int64_t count) {
  if (in_step == 1 && out_step == 1 && count > 16) {
    memcpy(to, from, (size_t)count * sizeof(T));
  } else {
    for (int64_t i = 0; i < count; ++i) to[i * out_step] = from[i * in_step];
  }
}

// Neighbouring rows lie apart by the strides of the loop around them: offsets are computed once for all of these.
template <class T>
void copy_rows_of(const CopyArgs& args, int64_t begin, int64_t end) {
  const int32_t last = args.in.rank - 1;
  Loops in = args.in;
  Loops out = args.out;
  in.rank = out.rank = last;
  const int64_t rows = last > 0 ? in.dims[last - 1] : 1;
  const int64_t in_row = last > 0 ? in.strides[last - 1] : 0;
  const int64_t out_row = last > 0 ? out.strides[last - 1] : 0;
  for (int64_t row = begin; row < end;) {
    const T* from = (const T*)args.input + offset_of(in, row);
    T* to = (T*)args.output + offset_of(out, row);
    const int64_t left = rows - row % rows;
    const int64_t run = left < end - row ? left : end - row;
    for (int64_t i = 0; i < run; ++i) {
      copy_run(from + i * in_row, args.in.strides[last], to + i * out_row, args.out.strides[last], args.in.dims[last]);
    }
    row += run;
  }
}

void copy(const CopyArgs& args, int64_t begin, int64_t end) {
  switch (args.element_bytes) {
    case 1:
      return copy_rows_of<int8_t>(args, begin, end);
    case 4:
      return copy_rows_of<int32_t>(args, begin, end);
    default:
      return copy_rows_of<int64_t>(args, begin, end);
  }
}

// What differs between the element types of a resize.
struct ResizeF32 {
  using Value = float;
  using Weight = float;
  using Sum = float;
  static float value(const ResizeArgs&, float x) { return x; }
  static float result(const ResizeArgs&, float sum) { return sum; }
};

struct ResizeI8 {
  using Value = int8_t;
  using Weight = int32_t;
  using Sum = int32_t;
  static int32_t value(const ResizeArgs& args, int8_t q) { return q - args.in_zero_point; }
  static int8_t result(const ResizeArgs& args, int32_t sum) { return requantize(sum, args.factor, args.range); }
};

template <class T>
void resize(const ResizeArgs& args, int64_t begin, int64_t end) {
  using Value = typename T::Value;
  const auto* row_weights = (const typename T::Weight*)args.row_weights;
  const auto* column_weights = (const typename T::Weight*)args.column_weights;
  for (int64_t row = begin; row < end; ++row) {
    const int64_t n = row / args.out_h;
    const int64_t y = row % args.out_h;
    const Value* image = (const Value*)args.input + n * args.in_h * args.in_w * args.channels;
    for (int64_t x = 0; x < args.out_w; ++x) {
      Value* out = (Value*)args.output + (row * args.out_w + x) * args.channels;
      if (args.taps == 1) {
        const int64_t pixel = (int64_t)args.rows[y] * args.in_w + args.columns[x];
        memcpy(out, image + pixel * args.channels, (size_t)args.channels * sizeof(Value));
        continue;
      }
      for (int64_t c = 0; c < args.channels; ++c) {
        typename T::Sum sum = 0;
        for (int32_t i = 0; i < args.taps; ++i) {
          const Value* line = image + (int64_t)args.rows[y * args.taps + i] * args.in_w * args.channels;
          typename T::Sum part = 0;
          for (int32_t j = 0; j < args.taps; ++j) {
            const int64_t column = args.columns[x * args.taps + j];
            part += T::value(args, line[column * args.channels + c]) * column_weights[x * args.taps + j];
          }
          sum += part * row_weights[y * args.taps + i];
        }
        out[c] = T::result(args, sum);
      }
    }
  }
}

void mat_mul_f32(const MatMulF32Args& args, int64_t begin, int64_t end) {
  for (int64_t m = begin; m < end; ++m) {
    float* c = args.c + m * args.n;
    for (int64_t n = 0; n < args.n; ++n) c[n] = 0;
    for (int64_t k = 0; k < args.k; ++k) {
      const float a = args.a[m * args.k + k];
      const float* b = args.b + k * args.n;
      for (int64_t n = 0; n < args.n; ++n) c[n] += a * b[n];
    }
  }
}

}  // namespace

extern const CopyRow copy_ref = {"copy_ref", Isa::ref, copy};
extern const ResizeRow resize_f32_ref = {"resize_f32_ref", Isa::ref, resize<ResizeF32>};
extern const ResizeRow resize_i8_ref = {"resize_i8_ref", Isa::ref, resize<ResizeI8>};
extern const MatMulF32Row mat_mul_f32_ref = {"mat_mul_f32_ref", Isa::ref, mat_mul_f32};

}  // namespace octet
