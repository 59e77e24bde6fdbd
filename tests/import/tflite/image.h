// Arrays in TensorFlow's order of dimensions, for what operators shall answer: naive, from the definitions.
#pragma once

#include <algorithm>
#include <functional>

#include "import/tflite/network.h"

namespace octet::test {

struct Image {  // N, H, W, C
  Ints dims;
  Floats values;

  explicit Image(Ints shape, unsigned seed = 1) : dims(std::move(shape)), values(some_values(count_of(dims), seed)) {}
  Image(Ints shape, Floats content) : dims(std::move(shape)), values(std::move(content)) {}

  std::size_t index(int n, int h, int w, int c) const {
    return static_cast<std::size_t>(((n * dims[1] + h) * dims[2] + w) * dims[3] + c);
  }
  float at(int n, int h, int w, int c) const { return values[index(n, h, w, c)]; }
  bool inside(int h, int w) const { return h >= 0 && h < dims[1] && w >= 0 && w < dims[2]; }
};

// Each element by its place.
inline Image made(const Ints& dims, const std::function<float(int n, int h, int w, int c)>& value) {
  Image image(dims, Floats(count_of(dims)));
  for (int n = 0; n < dims[0]; ++n) {
    for (int h = 0; h < dims[1]; ++h) {
      for (int w = 0; w < dims[2]; ++w) {
        for (int c = 0; c < dims[3]; ++c) image.values[image.index(n, h, w, c)] = value(n, h, w, c);
      }
    }
  }
  return image;
}

struct Slide {  // along one axis
  int size, kernel, stride, dilation = 1;
  bool same = true;
  int extent() const { return (kernel - 1) * dilation + 1; }
  int count() const { return same ? (size + stride - 1) / stride : (size - extent() + stride) / stride; }
  int before() const { return same ? std::max(0, (count() - 1) * stride + extent() - size) / 2 : 0; }
};

// Sums over the window at one place: f(pixel row, pixel column, kernel row, kernel column) where the pixel lies inside.
inline void visit_window(const Image& x, const Slide& rows, const Slide& columns, int h, int w,
                         const std::function<void(int, int, int, int)>& visit) {
  for (int i = 0; i < rows.kernel; ++i) {
    for (int j = 0; j < columns.kernel; ++j) {
      const int row = h * rows.stride - rows.before() + i * rows.dilation;
      const int column = w * columns.stride - columns.before() + j * columns.dilation;
      if (x.inside(row, column)) visit(row, column, i, j);
    }
  }
}

// The operator on x, from input to output; `more` are constant operands behind it.
inline void check_operator(Kind kind, const Image& x, const Image& expected, const char* what,
                           const std::function<Network::Options(Network&)>& options = {},
                           const std::function<Indices(Network&)>& more = {}, float relative = 1e-5F) {
  Network n;
  Indices in{n.input("x", x.dims)};
  if (more) {
    for (const std::int32_t index : more(n)) in.push_back(index);
  }
  n.op(kind, in, {n.output("y", expected.dims)}, options ? options(n) : Network::Options{});
  expect_values(answer(n.bytes(), {x.values}), expected.values, what, relative);
}

}  // namespace octet::test
