#include "ops/move.h"

#include <algorithm>

#include "kernels/families.h"
#include "ops/runners.h"

namespace octet {
namespace {

void run_move(const Io& io, const Move& move, std::int64_t first, std::int64_t last) {
  CopyArgs args = move.args;
  const auto* from = move.input == Move::kConstant ? static_cast<const std::byte*>(io.packed)
                                                   : io.in<std::byte>(static_cast<std::size_t>(move.input));
  args.input = from + move.in_offset * args.element_bytes;
  args.output = io.out<std::byte>(static_cast<std::size_t>(move.output)) + move.out_offset * args.element_bytes;
  copy_rows().rows[move.row]->run(args, first * move.rows / move.tiles, last * move.rows / move.tiles);
}

}  // namespace

void run_moves(const Io& io, std::int64_t begin, std::int64_t end) noexcept {
  const Move* move = &io.as<Move>();
  while (begin >= move->first_tile + move->tiles) ++move;
  for (; begin < end; ++move) {
    const std::int64_t last = end < move->first_tile + move->tiles ? end : move->first_tile + move->tiles;
    run_move(io, *move, begin - move->first_tile, last - move->first_tile);
    if (!move->shares) begin = last;
  }
}

namespace {

// The strides of a tensor, with the offset of the element where a box begins.
std::int64_t offset_at(const std::vector<std::int64_t>& strides, std::size_t axis, std::int64_t index) {
  return strides[axis] * index;
}

}  // namespace

Move make_move(DType dtype, const Dims& dims, Layout layout, const std::vector<std::int64_t>& in_strides,
               const std::vector<std::int64_t>& out_strides, Isa isa) {
  Walk walk = make_walk(dims, layout, {in_strides, out_strides});
  walk.prefer_long_inner();
  Move move{};
  move.args.in = walk.loops(0);
  move.args.out = walk.loops(1);
  move.args.element_bytes = static_cast<std::int32_t>(size_of(dtype));
  move.rows = element_count(dims) == 0 ? 0 : walk.outer_count();
  move.row = choose_row(copy_rows(), isa);
  return move;
}

namespace {

// Moves that write elements apart from each other, as a concat over the last dimension does, meet in the same lines of
// the cache. Cut along the elements, so that threads write different lines: each part holds a part of every move.
std::vector<Move> cut_along_elements(const std::vector<Move>& moves) {
  constexpr std::int64_t kLeastElements = 512;  // of a part
  constexpr std::int64_t kMostParts = 16;
  const auto inner = [](const Loops& loops) { return loops.rank - 1; };
  const std::int64_t length = moves[0].args.out.dims[inner(moves[0].args.out)];
  for (const Move& move : moves) {
    const Loops& out = move.args.out;
    if (out.dims[inner(out)] != length || out.strides[inner(out)] == 1 || move.output != moves[0].output) return moves;
  }
  const std::int64_t parts = std::min(length / kLeastElements, kMostParts);
  if (parts < 2) return moves;
  std::vector<Move> cut;
  for (std::int64_t part = 0; part < parts; ++part) {
    const std::int64_t begin = length * part / parts;
    for (Move move : moves) {
      Loops& in = move.args.in;
      Loops& out = move.args.out;
      move.in_offset += begin * in.strides[inner(in)];
      move.out_offset += begin * out.strides[inner(out)];
      in.dims[inner(in)] = out.dims[inner(out)] = length * (part + 1) / parts - begin;
      move.tiles = 1;
      move.shares = true;
      cut.push_back(move);
    }
    cut.back().shares = false;
  }
  return cut;
}

}  // namespace

void set_moves(Step& step, std::vector<Move> moves) {
  std::erase_if(moves, [](const Move& move) { return move.rows == 0; });
  for (Move& move : moves) move.tiles = move.rows;
  if (!moves.empty()) moves = cut_along_elements(moves);
  std::int64_t tiles = 0;
  for (Move& move : moves) {
    move.first_tile = tiles;
    if (!move.shares) tiles += move.tiles;
  }
  step.params.resize(moves.size() * sizeof(Move));
  if (!moves.empty()) std::memcpy(step.params.data(), moves.data(), step.params.size());
  step.tiles = tiles;
  step.runner = index_of(run_moves);
  step.kernel = moves.empty() ? "" : copy_rows().rows[moves[0].row]->name;
}

Step layout_step(DType dtype, const Dims& dims, Layout from, Layout to, Isa isa) {
  Step step;
  set_moves(step, {make_move(dtype, dims, to, strides_of(dims, from), strides_of(dims, to), isa)});
  return step;
}

Status prepare_concat(Prepare& p) {
  const auto axis = static_cast<std::size_t>(p.attrs().axis);
  const TensorView& out = p.out(0);
  const auto out_strides = strides_of(out.dims, out.layout);
  std::vector<Move> moves;
  std::int64_t position = 0;
  for (std::size_t i = 0; i < p.input_count(); ++i) {
    const TensorView& in = p.in(i);
    const std::int64_t offset = offset_at(out_strides, axis, position);
    position += in.dims[axis];
    if (in.in_place) continue;
    Move move = make_move(in.dtype, in.dims, out.layout, strides_of(in), out_strides, p.isa());
    move.input = static_cast<std::int32_t>(i);
    move.out_offset = offset;
    moves.push_back(move);
  }
  set_moves(p.step, std::move(moves));
  return {};
}

Status prepare_split(Prepare& p) {
  const auto axis = static_cast<std::size_t>(p.attrs().axis);
  const TensorView& in = p.in(0);
  const auto in_strides = strides_of(in.dims, in.layout);
  std::vector<Move> moves;
  std::int64_t position = 0;
  for (std::size_t i = 0; i < p.output_count(); ++i) {
    const TensorView& out = p.out(i);
    Move move = make_move(in.dtype, out.dims, out.layout, in_strides, strides_of(out.dims, out.layout), p.isa());
    move.output = static_cast<std::int32_t>(i);
    move.in_offset = offset_at(in_strides, axis, position);
    position += out.dims[axis];
    moves.push_back(move);
  }
  set_moves(p.step, std::move(moves));
  return {};
}

Status prepare_slice(Prepare& p) {
  const TensorView& in = p.in(0);
  const TensorView& out = p.out(0);
  auto in_strides = strides_of(in.dims, in.layout);
  std::int64_t offset = 0;
  for (std::size_t i = 0; i < p.attrs().axes.size(); ++i) {
    const auto axis = static_cast<std::size_t>(p.attrs().axes[i]);
    offset += in_strides[axis] * p.attrs().starts[i];
    in_strides[axis] *= p.attrs().steps.empty() ? 1 : p.attrs().steps[i];
  }
  Move move = make_move(in.dtype, out.dims, out.layout, in_strides, strides_of(out.dims, out.layout), p.isa());
  move.in_offset = offset;
  set_moves(p.step, {move});
  return {};
}

Status prepare_transpose(Prepare& p) {
  const TensorView& in = p.in(0);
  const TensorView& out = p.out(0);
  const auto strides = strides_of(in.dims, in.layout);
  std::vector<std::int64_t> in_strides;
  for (const auto axis : p.attrs().axes) in_strides.push_back(strides[static_cast<std::size_t>(axis)]);
  const auto out_strides = strides_of(out.dims, out.layout);
  // The same bytes where every dimension of more than one element has the same stride on both sides.
  p.alias = true;
  for (std::size_t d = 0; d < out.dims.size(); ++d) {
    p.alias = p.alias && (out.dims[d] == 1 || in_strides[d] == out_strides[d]);
  }
  if (!p.alias) set_moves(p.step, {make_move(in.dtype, out.dims, out.layout, in_strides, out_strides, p.isa())});
  return {};
}

Status prepare_reshape(Prepare& p) {
  p.alias = true;
  return {};
}

Status prepare_expand(Prepare& p) {
  const TensorView& in = p.in(0);
  const TensorView& out = p.out(0);
  set_moves(p.step, {make_move(in.dtype, out.dims, out.layout, broadcast_strides(in.dims, in.layout, out.dims),
                               strides_of(out.dims, out.layout), p.isa())});
  return {};
}

namespace {

// depth_to_space and space_to_depth are one move over N, C', H', W', by, bx: `deep` is the tensor with many channels,
// `wide` the one with many pixels.
void set_block_move(Prepare& p, const TensorView& deep, const TensorView& wide, bool deep_is_input) {
  const std::int64_t block = p.attrs().block;
  const std::int64_t channels = wide.dims[1];
  const Dims dims{wide.dims[0], channels, deep.dims[2], deep.dims[3], block, block};
  const auto d = strides_of(deep.dims, deep.layout);
  const auto w = strides_of(wide.dims, wide.layout);
  // Channel of the deep tensor: DCR (by, bx, c), CRD (c, by, bx).
  const std::int64_t c_step = p.attrs().crd ? block * block : 1;
  const std::int64_t by_step = p.attrs().crd ? block : block * channels;
  const std::int64_t bx_step = p.attrs().crd ? 1 : channels;
  const std::vector<std::int64_t> deep_strides{d[0], d[1] * c_step, d[2], d[3], d[1] * by_step, d[1] * bx_step};
  const std::vector<std::int64_t> wide_strides{w[0], w[1], w[2] * block, w[3] * block, w[2], w[3]};
  const auto& in = deep_is_input ? deep_strides : wide_strides;
  const auto& out = deep_is_input ? wide_strides : deep_strides;
  set_moves(p.step, {make_move(deep.dtype, dims, Layout::contiguous, in, out, p.isa())});
}

}  // namespace

Status prepare_depth_to_space(Prepare& p) {
  set_block_move(p, p.in(0), p.out(0), true);
  return {};
}

Status prepare_space_to_depth(Prepare& p) {
  set_block_move(p, p.out(0), p.in(0), false);
  return {};
}

Status prepare_gather(Prepare& p) {
  const TensorView& in = p.in(0);
  const TensorView& indices = p.in(1);
  if (indices.data == nullptr) return p.unsupported("gather with indices that are not constant");
  const auto axis = static_cast<std::size_t>(p.attrs().axis);
  const std::int64_t size = in.dims[axis];
  // Input and output are contiguous: outer x index x inner.
  std::int64_t outer = 1;
  std::int64_t inner = 1;
  for (std::size_t d = 0; d < axis; ++d) outer *= in.dims[d];
  for (std::size_t d = axis + 1; d < in.dims.size(); ++d) inner *= in.dims[d];
  const std::int64_t count = indices.count();
  const auto* values = reinterpret_cast<const std::int64_t*>(indices.data);
  std::vector<Move> moves;
  for (std::int64_t i = 0; i < count;) {
    std::int64_t run = 1;  // neighbouring indices are one move
    while (i + run < count && values[i + run] == values[i] + run) ++run;
    Move move =
        make_move(in.dtype, {outer, run * inner}, Layout::contiguous, {size * inner, 1}, {count * inner, 1}, p.isa());
    move.in_offset = (values[i] < 0 ? values[i] + size : values[i]) * inner;
    move.out_offset = i * inner;
    moves.push_back(move);
    i += run;
  }
  set_moves(p.step, std::move(moves));
  return {};
}

}  // namespace octet
