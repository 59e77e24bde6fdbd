// Copies that exchange two dimensions, in square blocks that are transposed in registers. Everything else is the
// reference's.
#include <immintrin.h>

#include "kernels/reduce.h"
#include "kernels/x86/unrolled.h"

namespace octet {

extern const CopyRow copy_ref;

namespace {

struct Bytes {
  using Element = int8_t;
  static __m128i low(__m128i a, __m128i b) { return _mm_unpacklo_epi8(a, b); }
  static __m128i high(__m128i a, __m128i b) { return _mm_unpackhi_epi8(a, b); }
};

struct Words {
  using Element = int32_t;
  static __m128i low(__m128i a, __m128i b) { return _mm_unpacklo_epi32(a, b); }
  static __m128i high(__m128i a, __m128i b) { return _mm_unpackhi_epi32(a, b); }
};

// A matrix whose rows are runs of elements, and where its columns go: element [r][c] to output[c * out_step + r].
template <class Element>
struct Matrix {
  const Element* input;
  Element* output;
  int64_t in_step, out_step;
  int64_t rows, columns;
};

// Interleaving the first half of the rows with the second brings each element log2(side) times nearer to its place.
template <class T>
void transpose_block(const typename T::Element* input, int64_t in_step, typename T::Element* output, int64_t out_step) {
  constexpr int kSide = 16 / sizeof(typename T::Element);
  __m128i block[kSide];
  unrolled<kSide>([&](auto r) __attribute__((always_inline)) {
    block[r] = _mm_loadu_si128((const __m128i*)(input + r * in_step));
  });
  for (int stage = 1; stage < kSide; stage *= 2) {
    __m128i next[kSide];
    unrolled<kSide / 2>([&](auto r) __attribute__((always_inline)) {
      next[2 * r] = T::low(block[r], block[r + kSide / 2]);
      next[2 * r + 1] = T::high(block[r], block[r + kSide / 2]);
    });
    unrolled<kSide>([&](auto r) __attribute__((always_inline)) { block[r] = next[r]; });
  }
  unrolled<kSide>([&](auto r) __attribute__((always_inline)) {
    _mm_storeu_si128((__m128i*)(output + r * out_step), block[r]);
  });
}

// The last blocks of either direction may overlap those before them.
template <class T>
void transpose(const Matrix<typename T::Element>& m) {
  constexpr int64_t kSide = 16 / sizeof(typename T::Element);
  for (int64_t r = 0; r < m.rows; r += kSide) {
    const int64_t row = r + kSide <= m.rows ? r : m.rows - kSide;
    for (int64_t c = 0; c < m.columns; c += kSide) {
      const int64_t column = c + kSide <= m.columns ? c : m.columns - kSide;
      transpose_block<T>(m.input + row * m.in_step + column, m.in_step, m.output + column * m.out_step + row,
                         m.out_step);
    }
  }
}

// The two innermost loops exchange places, and are long enough for blocks.
bool is_exchange(const CopyArgs& args, int64_t side) {
  const int32_t last = args.in.rank - 1;
  if (last < 1 || args.in.dims[last] < side || args.in.dims[last - 1] < side) return false;
  const int64_t *in = args.in.strides, *out = args.out.strides;
  return (in[last] == 1 && out[last - 1] == 1) || (in[last - 1] == 1 && out[last] == 1);
}

template <class T>
void copy_exchanged(const CopyArgs& args, int64_t begin, int64_t end) {
  using Element = typename T::Element;
  constexpr int64_t kSide = 16 / sizeof(Element);
  if (!is_exchange(args, kSide)) return copy_ref.run(args, begin, end);
  const int32_t last = args.in.rank - 1;
  Loops in = args.in, out = args.out;
  in.rank = out.rank = last;
  const int64_t rows = in.dims[last - 1], columns = args.in.dims[last];
  const int64_t *in_steps = args.in.strides, *out_steps = args.out.strides;
  for (int64_t row = begin; row < end;) {
    const int64_t left = rows - row % rows;
    const int64_t run = left < end - row ? left : end - row;
    const auto* from = (const Element*)args.input + offset_of(in, row);
    auto* to = (Element*)args.output + offset_of(out, row);
    if (run < kSide) {
      copy_ref.run(args, row, row + run);
    } else if (in_steps[last] == 1) {
      transpose<T>({from, to, in_steps[last - 1], out_steps[last], run, columns});
    } else {
      transpose<T>({from, to, in_steps[last], out_steps[last - 1], columns, run});
    }
    row += run;
  }
}

void copy(const CopyArgs& args, int64_t begin, int64_t end) {
  if (args.element_bytes == 1) return copy_exchanged<Bytes>(args, begin, end);
  if (args.element_bytes == 4) return copy_exchanged<Words>(args, begin, end);
  copy_ref.run(args, begin, end);
}

}  // namespace

extern const CopyRow copy_avx2 = {"copy_avx2", Isa::avx2, copy};

}  // namespace octet
