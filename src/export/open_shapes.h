// Shapes that a file gives to operators, where some sizes of the network are open: what they are for any such size.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "graph/graph.h"

namespace octet {

// The shape `out` of a reshape of `in`, as a list that means the same at other sizes; `out_other` and `in_other` are
// the shapes at some. A size that differs is 0 where `zero_copies` (0 takes the input's size of the same place) and it
// is that one, else -1, of which there is one at most; nothing where that does not do.
std::optional<Dims> open_reshape(const Dims& in, const Dims& in_other, const Dims& out, const Dims& out_other,
                                 bool zero_copies);

// The lists of a slice, of which those that reach to the ends of an open dimension say so: ends of INT64_MAX, and of
// steps backwards starts of INT64_MAX and ends of -INT64_MAX.
struct SliceLists {
  std::vector<std::int64_t> starts, ends;
};
SliceLists open_slice(const Attributes& attrs, const Dims& in, const Dims& in_other);

// Fails with what keeps a format (".onnx") from carrying the network's open sizes.
Status cannot_stay_open(const Graph& graph, const std::string& format, const std::string& why);

}  // namespace octet
