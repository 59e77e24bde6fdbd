// Resize, channels-last: vectors of channels; what the reference computes, in its order. Fewer channels than a vector
// has are the reference's, but for nearest.
#include <immintrin.h>
#include <string.h>

#include "kernels/reduce.h"
#include "kernels/x86/vector_ymm.h"

namespace octet {

extern const ResizeRow resize_f32_ref, resize_i8_ref;

namespace {

constexpr int kWide = 16;  // channels at a time
constexpr int32_t kMostTaps = 8;

// One output pixel: its first input column in each input row, and what they weigh.
template <class Value, class Weight>
struct ResizePixel {
  const Value* const* lines;
  const int32_t* columns;
  const Weight* row_weights;
  const Weight* column_weights;
  int32_t taps, channels;
  Value* output;
};

// Calls function(first channel) until `channels` are covered by runs of `width`; the last run may overlap the one
// before it.
template <class Function>
void for_runs(int32_t channels, int32_t width, Function function) {
  for (int32_t c = 0; c < channels; c += width) function(c + width <= channels ? c : channels - width);
}

void mix_f32(const ResizePixel<float, float>& p) {
  for_runs(p.channels, 8, [&](int32_t c) {
    __m256 sum = _mm256_setzero_ps();
    for (int32_t i = 0; i < p.taps; ++i) {
      __m256 part = _mm256_setzero_ps();
      for (int32_t j = 0; j < p.taps; ++j) {
        const __m256 x = _mm256_loadu_ps(p.lines[i] + (int64_t)p.columns[j] * p.channels + c);
        part = _mm256_add_ps(part, _mm256_mul_ps(x, _mm256_set1_ps(p.column_weights[j])));
      }
      sum = _mm256_add_ps(sum, _mm256_mul_ps(part, _mm256_set1_ps(p.row_weights[i])));
    }
    _mm256_storeu_ps(p.output + c, sum);
  });
}

// Two columns of a row at once: sums of pairs of 16-bit products. A weight has 11 bits and a value 9.
[[gnu::always_inline]] inline void add_columns(const ResizePixel<int8_t, int32_t>& p, int32_t i, int32_t j, int32_t c,
                                               __m256i zero, __m256i* parts) {
  const bool pair = j + 1 < p.taps;
  const int8_t* line = p.lines[i] + c;
  const auto values = [&](int32_t column) __attribute__((always_inline)) {
    const int8_t* from = line + (int64_t)column * p.channels;
    return _mm256_sub_epi16(_mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i*)from)), zero);
  };
  const __m256i a = values(p.columns[j]), b = pair ? values(p.columns[j + 1]) : _mm256_setzero_si256();
  const int32_t low = p.column_weights[j], high = pair ? p.column_weights[j + 1] : 0;
  const __m256i weights = _mm256_set1_epi32((int32_t)((uint32_t)low & 0xFFFF) | (int32_t)((uint32_t)high << 16));
  parts[0] = _mm256_add_epi32(parts[0], _mm256_madd_epi16(_mm256_unpacklo_epi16(a, b), weights));
  parts[1] = _mm256_add_epi32(parts[1], _mm256_madd_epi16(_mm256_unpackhi_epi16(a, b), weights));
}

void mix_i8(const ResizePixel<int8_t, int32_t>& p, const Ymm::Output<2>& out, __m256i zero) {
  for_runs(p.channels, kWide, [&](int32_t c) {
    __m256i sums[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
    for (int32_t i = 0; i < p.taps; ++i) {
      __m256i parts[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
      for (int32_t j = 0; j < p.taps; j += 2) add_columns(p, i, j, c, zero, parts);
      const __m256i weight = _mm256_set1_epi32(p.row_weights[i]);
      sums[0] = _mm256_add_epi32(sums[0], _mm256_mullo_epi32(parts[0], weight));
      sums[1] = _mm256_add_epi32(sums[1], _mm256_mullo_epi32(parts[1], weight));
    }
    Ymm::store<2, true>(out, sums, p.output + c);
  });
}

// Copies at least 16 bytes.
void copy_pixel(char* to, const char* from, size_t bytes) {
  for (size_t i = 0; i + 16 < bytes; i += 16) {
    _mm_storeu_si128((__m128i*)(to + i), _mm_loadu_si128((const __m128i*)(from + i)));
  }
  _mm_storeu_si128((__m128i*)(to + bytes - 16), _mm_loadu_si128((const __m128i*)(from + bytes - 16)));
}

template <class Piece>
void copy_pixels(char* to, const char* line, const int32_t* columns, int32_t count) {
  for (int32_t x = 0; x < count; ++x) memcpy(to + x * sizeof(Piece), line + columns[x] * sizeof(Piece), sizeof(Piece));
}

// Nearest: one row of the output, of pixels of so many bytes.
void move_row(const ResizeArgs& args, const char* line, char* to, size_t bytes) {
  if (bytes == 1) return copy_pixels<int8_t>(to, line, args.columns, args.out_w);
  if (bytes == 4) return copy_pixels<int32_t>(to, line, args.columns, args.out_w);
  if (bytes == 8) return copy_pixels<int64_t>(to, line, args.columns, args.out_w);
  for (int32_t x = 0; x < args.out_w; ++x) {
    const char* from = line + (size_t)args.columns[x] * bytes;
    if (bytes >= 16) {
      copy_pixel(to + (size_t)x * bytes, from, bytes);
    } else {
      copy_few(to + (size_t)x * bytes, from, (int)bytes);
    }
  }
}

void move_rows(const ResizeArgs& args, int64_t begin, int64_t end, size_t value_bytes) {
  const size_t bytes = (size_t)args.channels * value_bytes;
  const size_t out_row = bytes * (size_t)args.out_w, in_row = bytes * (size_t)args.in_w;
  int64_t before = -1;  // the line that the row before shows
  for (int64_t row = begin; row < end; ++row) {
    const int64_t line = row / args.out_h * args.in_h + args.rows[row % args.out_h];
    const char* from = (const char*)args.input + (size_t)line * in_row;
    char* to = (char*)args.output + (size_t)row * out_row;
    if (line == before) {
      memcpy(to, to - out_row, out_row);
    } else {
      move_row(args, from, to, bytes);
    }
    before = line;
  }
}

// Calls mix(pixel) for all pixels of the rows.
template <class Value, class Weight, class Mix>
void for_pixels(const ResizeArgs& args, int64_t begin, int64_t end, Mix mix) {
  const Value* lines[kMostTaps];
  const int64_t line_step = (int64_t)args.in_w * args.channels;
  ResizePixel<Value, Weight> p{};
  p.lines = lines;
  p.taps = args.taps;
  p.channels = args.channels;
  for (int64_t row = begin; row < end; ++row) {
    const int64_t y = row % args.out_h;
    const Value* image = (const Value*)args.input + row / args.out_h * args.in_h * line_step;
    for (int32_t i = 0; i < p.taps; ++i) lines[i] = image + args.rows[y * p.taps + i] * line_step;
    p.row_weights = (const Weight*)args.row_weights + y * p.taps;
    p.output = (Value*)args.output + row * args.out_w * args.channels;
    for (int64_t x = 0; x < args.out_w; ++x, p.output += args.channels) {
      p.columns = args.columns + x * p.taps;
      p.column_weights = (const Weight*)args.column_weights + x * p.taps;
      mix(p);
    }
  }
}

void resize_f32(const ResizeArgs& args, int64_t begin, int64_t end) {
  if (args.taps == 1) return move_rows(args, begin, end, sizeof(float));
  if (args.channels < 8 || args.taps > kMostTaps) return resize_f32_ref.run(args, begin, end);
  for_pixels<float, float>(args, begin, end, mix_f32);
}

void resize_i8(const ResizeArgs& args, int64_t begin, int64_t end) {
  if (args.taps == 1) return move_rows(args, begin, end, 1);
  if (args.channels < kWide || args.taps > kMostTaps) return resize_i8_ref.run(args, begin, end);
  float factors[kWide];
  for (float& factor : factors) factor = args.factor;
  const auto out = Ymm::output_of<2>(factors, args.range, kWide);
  const __m256i zero = _mm256_set1_epi16((short)args.in_zero_point);
  for_pixels<int8_t, int32_t>(args, begin, end, [&](const auto& p) { mix_i8(p, out, zero); });
}

}  // namespace

extern const ResizeRow resize_f32_avx2 = {"resize_f32_avx2", Isa::avx2, resize_f32};
extern const ResizeRow resize_i8_avx2 = {"resize_i8_avx2", Isa::avx2, resize_i8};

}  // namespace octet
