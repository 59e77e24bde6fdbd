// Operators on shapes. Those that see the order of the elements work on the file's order.
#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

#include "base/checked.h"
#include "import/tflite/convert.h"

namespace octet::tflite {
namespace {

// `kind` with operand 1, a shape: an attribute where it is constant, else an operand that folding resolves.
Status finish_with_shape(Emitter& e, octet::Op kind) {
  OCTET_TRY(e.expect_inputs(2, 2));
  OCTET_ASSIGN(const TensorId x, e.input(0));
  if (!e.is_constant(1)) {
    OCTET_ASSIGN(const TensorId shape, e.input(1));
    return e.finish(e.emit(kind, {x, shape}));
  }
  Attributes attrs;
  attrs.allow_zero = true;
  OCTET_ASSIGN(attrs.sizes, e.integers(1, "its shape"));
  return e.finish(e.emit(kind, {x}, attrs));
}

// An image-like batch cut into blocks, or put together from them: the places of both directions.
struct Blocks {
  std::vector<std::int64_t> block, edges;  // edges: before and behind each dimension of a block
  Dims dims;                               // of the input
};

Result<Blocks> read_blocks(Emitter& e, const char* edges) {
  OCTET_TRY(e.expect_inputs(3, 3));
  Blocks blocks;
  OCTET_ASSIGN(blocks.block, e.integers(1, "its block"));
  OCTET_ASSIGN(blocks.edges, e.integers(2, edges));
  blocks.dims = e.dims(0);
  const std::size_t count = blocks.block.size();
  const bool valid = count >= 1 && count < blocks.dims.size() && count <= 3 && blocks.edges.size() == 2 * count &&
                     element_count(blocks.dims) > 0 &&
                     std::all_of(blocks.block.begin(), blocks.block.end(),
                                 [](std::int64_t size) { return size >= 1 && size < (1 << 20); }) &&
                     std::all_of(blocks.edges.begin(), blocks.edges.end(),
                                 [](std::int64_t size) { return size >= 0 && size < (1 << 20); });
  if (!valid) return fail(Code::shape, "its block does not fit its input");
  return blocks;
}

}  // namespace

Status convert_reshape(Emitter& e) {
  OCTET_TRY(e.expect_inputs(1, 2));
  if (e.has_input(1)) return finish_with_shape(e, octet::Op::reshape);
  OCTET_ASSIGN(const auto* options, e.required_options<fb::ReshapeOptions>());
  OCTET_ASSIGN(const TensorId x, e.input(0));
  const std::span<const std::int32_t> shape = span_of(options->new_shape());
  return e.finish(e.reshape(x, {shape.begin(), shape.end()}));
}

Status convert_squeeze(Emitter& e) {
  OCTET_TRY(e.expect_inputs(1, 1));
  OCTET_ASSIGN(const auto* options, e.options<fb::SqueezeOptions>());
  OCTET_ASSIGN(const TensorId x, e.input(0));
  Attributes attrs;
  if (options != nullptr) {
    const std::span<const std::int32_t> axes = span_of(options->squeeze_dims());
    attrs.axes.assign(axes.begin(), axes.end());
  }
  return e.finish(e.emit(octet::Op::squeeze, {x}, attrs));
}

Status convert_expand_dims(Emitter& e) {
  OCTET_TRY(e.expect_inputs(2, 2));
  OCTET_ASSIGN(const TensorId x, e.input(0));
  Attributes attrs;
  OCTET_ASSIGN(attrs.axes, e.integers(1, "its axis"));
  return e.finish(e.emit(octet::Op::unsqueeze, {x}, attrs));
}

Status convert_transpose(Emitter& e) {
  OCTET_TRY(e.expect_inputs(2, 2));
  OCTET_ASSIGN(const std::vector<std::int64_t> permutation, e.integers(1, "its permutation"));
  if (static_cast<int>(permutation.size()) != e.rank(0)) {
    return fail(Code::shape, "its permutation has " + std::to_string(permutation.size()) + " entries for " +
                                 std::to_string(e.rank(0)) + " dimensions");
  }
  OCTET_ASSIGN(const TensorId x, e.input(0));
  return e.finish(e.transpose(x, permutation));
}

Status convert_shape(Emitter& e) {
  OCTET_TRY(e.expect_inputs(1, 1));
  OCTET_ASSIGN(const TensorId x, e.input(0));
  const TensorId y = e.emit(octet::Op::shape, {x});
  e.set_dtype(y, DType::i64);
  return e.finish(y);
}

Status convert_rank(Emitter& e) {
  OCTET_TRY(e.expect_inputs(1, 1));
  return e.finish(e.constant({std::int64_t{e.rank(0)}}, {}));
}

Status convert_fill(Emitter& e) {
  OCTET_TRY(e.expect_inputs(2, 2));
  OCTET_ASSIGN(const TensorId shape, e.input(0));
  OCTET_ASSIGN(const TensorId x, e.input(1));
  return e.finish(e.emit(octet::Op::expand, {x, shape}));
}

Status convert_zeros_like(Emitter& e) {
  OCTET_TRY(e.expect_inputs(1, 1));
  OCTET_ASSIGN(const TensorId x, e.input(0));
  const TensorId shape = e.emit(octet::Op::shape, {x});
  e.set_dtype(shape, DType::i64);
  Attributes attrs;
  attrs.to = e.input_is_integer(0) ? DType::i64 : DType::f32;
  const TensorId y = e.emit(octet::Op::constant_of_shape, {shape}, attrs);
  e.set_dtype(y, attrs.to);
  return e.finish(y);
}

Status convert_range(Emitter& e) {
  OCTET_TRY(e.expect_inputs(3, 3));
  std::vector<TensorId> inputs(3);
  for (std::size_t i = 0; i < 3; ++i) {
    OCTET_ASSIGN(inputs[i], e.input(i));
  }
  return e.finish(e.emit(octet::Op::range, inputs));
}

Status convert_broadcast_to(Emitter& e) { return finish_with_shape(e, octet::Op::expand); }
Status convert_tile(Emitter& e) { return finish_with_shape(e, octet::Op::tile); }

// [N, h * a, w * b, C] -> [a * b * N, h, w, C]
Status convert_space_to_batch_nd(Emitter& e) {
  OCTET_ASSIGN(const Blocks blocks, read_blocks(e, "its list of pads"));
  OCTET_ASSIGN(TensorId x, e.input(0));
  const std::size_t count = blocks.block.size(), rank = blocks.dims.size();
  Dims dims = blocks.dims;
  Attributes pad;
  pad.sizes.assign(2 * rank, 0);
  for (std::size_t i = 0; i < count; ++i) {
    pad.sizes[i + 1] = blocks.edges[2 * i];
    pad.sizes[i + 1 + rank] = blocks.edges[2 * i + 1];
    dims[i + 1] += blocks.edges[2 * i] + blocks.edges[2 * i + 1];
    if (dims[i + 1] % blocks.block[i] != 0) return fail(Code::shape, "its block does not divide its input");
  }
  x = e.emit(octet::Op::pad, {x}, pad);
  Dims cut{dims[0]}, result{dims[0]};
  std::vector<std::int64_t> permutation;
  for (std::size_t i = 0; i < count; ++i) {
    cut.push_back(dims[i + 1] / blocks.block[i]);
    cut.push_back(blocks.block[i]);
    permutation.push_back(static_cast<std::int64_t>(2 * i + 2));
    if (!checked_mul(result[0], blocks.block[i], &result[0])) return fail(Code::shape, "its block is too large");
    result.push_back(dims[i + 1] / blocks.block[i]);
  }
  permutation.push_back(0);
  for (std::size_t i = 0; i < count; ++i) permutation.push_back(static_cast<std::int64_t>(2 * i + 1));
  for (std::size_t d = count + 1; d < rank; ++d) {
    permutation.push_back(static_cast<std::int64_t>(d + count));
    cut.push_back(dims[d]);
    result.push_back(dims[d]);
  }
  x = e.transpose(e.reshape(x, cut), permutation);
  return e.finish(e.reshape(x, result));
}

// [a * b * N, h, w, C] -> [N, h * a, w * b, C], of which edges are cut off
Status convert_batch_to_space_nd(Emitter& e) {
  OCTET_ASSIGN(const Blocks blocks, read_blocks(e, "its list of crops"));
  OCTET_ASSIGN(TensorId x, e.input(0));
  const std::size_t count = blocks.block.size(), rank = blocks.dims.size();
  std::int64_t area = 1;
  for (const std::int64_t size : blocks.block) {
    if (!checked_mul(area, size, &area)) return fail(Code::shape, "its block is too large");
  }
  if (blocks.dims[0] % area != 0) return fail(Code::shape, "its block does not divide its input");
  Dims cut = blocks.block, result{blocks.dims[0] / area};
  cut.push_back(blocks.dims[0] / area);
  std::vector<std::int64_t> permutation{static_cast<std::int64_t>(count)};
  Attributes crop;
  for (std::size_t i = 0; i < count; ++i) {
    cut.push_back(blocks.dims[i + 1]);
    permutation.push_back(static_cast<std::int64_t>(count + 1 + i));
    permutation.push_back(static_cast<std::int64_t>(i));
    result.push_back(blocks.dims[i + 1] * blocks.block[i]);
    crop.axes.push_back(static_cast<std::int64_t>(i + 1));
    crop.starts.push_back(blocks.edges[2 * i]);
    crop.sizes.push_back(result.back() - blocks.edges[2 * i + 1]);
    if (crop.starts.back() > crop.sizes.back()) return fail(Code::shape, "it cuts more off than there is");
  }
  for (std::size_t d = count + 1; d < rank; ++d) {
    permutation.push_back(static_cast<std::int64_t>(d + count));
    cut.push_back(blocks.dims[d]);
    result.push_back(blocks.dims[d]);
  }
  x = e.reshape(e.transpose(e.reshape(x, cut), permutation), result);
  return e.finish(e.emit(octet::Op::slice, {x}, crop));
}

}  // namespace octet::tflite
