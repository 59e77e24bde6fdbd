// pad: the padded tensor is cut into boxes, three along each padded dimension (before, inside, after), and each box is
// one move: from the input, reversed for `reflect`, with stride 0 for `edge`, or from a constant.
#include "kernels/families.h"
#include "ops/move.h"

namespace octet {
namespace {

struct Segment {
  std::int64_t out_begin, size, in_begin, step;
  bool outside;
};

std::vector<Segment> segments(PadKind kind, std::int64_t before, std::int64_t size, std::int64_t after) {
  std::vector<Segment> list;
  const bool reflect = kind == PadKind::reflect;
  if (before > 0) list.push_back({0, before, reflect ? before : 0, reflect ? -1 : 0, true});
  list.push_back({before, size, 0, 1, false});
  if (after > 0) list.push_back({before + size, after, reflect ? size - 2 : size - 1, reflect ? -1 : 0, true});
  return list;
}

// The constant that fills the border, one element in the step's packed bytes.
Bytes border(const TensorView& in, float value) {
  if (in.dtype == DType::f32) return Bytes::copy_of(&value, sizeof value);
  std::int8_t q = 0;
  quantize_rows().rows[0]->run(&value, 1, &q, 1, 1, 1.0f / in.quant.scale, output_range(in.quant));
  return Bytes::copy_of(&q, sizeof q);
}

}  // namespace

Status prepare_pad(Prepare& p) {
  const TensorView& in = p.in(0);
  const TensorView& out = p.out(0);
  const std::size_t rank = in.dims.size();
  const PadKind kind = p.attrs().pad;
  const auto in_strides = strides_of(in.dims, in.layout);
  const auto out_strides = strides_of(out.dims, out.layout);
  std::vector<std::vector<Segment>> axes(rank);
  for (std::size_t d = 0; d < rank; ++d) {
    axes[d] = segments(kind, p.attrs().sizes[d], in.dims[d], p.attrs().sizes[rank + d]);
    if (kind == PadKind::reflect && (p.attrs().sizes[d] >= in.dims[d] || p.attrs().sizes[rank + d] >= in.dims[d])) {
      return p.unsupported("a reflecting pad must be smaller than the dimension that it pads");
    }
  }
  if (kind == PadKind::constant) p.step.packed = border(in, p.attrs().alpha);
  std::vector<Move> moves;
  std::vector<std::size_t> choice(rank, 0);
  for (;;) {
    Dims dims;
    std::vector<std::int64_t> from;
    std::int64_t in_offset = 0;
    std::int64_t out_offset = 0;
    bool outside = false;
    for (std::size_t d = 0; d < rank; ++d) {
      const Segment& s = axes[d][choice[d]];
      dims.push_back(s.size);
      from.push_back(in_strides[d] * s.step);
      in_offset += in_strides[d] * s.in_begin;
      out_offset += out_strides[d] * s.out_begin;
      outside = outside || s.outside;
    }
    const bool constant = outside && kind == PadKind::constant;
    if (constant) from.assign(rank, 0);
    Move move = make_move(in.dtype, dims, out.layout, from, out_strides, p.isa());
    move.input = constant ? Move::kConstant : 0;
    move.in_offset = constant ? 0 : in_offset;
    move.out_offset = out_offset;
    moves.push_back(move);
    std::size_t d = rank;
    while (d > 0 && ++choice[d - 1] == axes[d - 1].size()) choice[--d] = 0;
    if (d == 0) break;
  }
  set_moves(p.step, std::move(moves));
  return {};
}

}  // namespace octet
