// Runs float graphs of simple operators naively in double precision: what a rewrite made is compared with what it began
// with. Written without looking at the code under test, from the definitions in types.h.
#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace octet::test {

struct Array {
  Dims dims;
  std::vector<double> values;

  explicit Array(Dims shape = {}, double value = 0)
      : dims(std::move(shape)), values(static_cast<std::size_t>(element_count(dims)), value) {}

  // The element at a position; dimensions of 1 broadcast, missing ones in front too.
  double at(const Dims& position) const {
    std::int64_t index = 0;
    const std::size_t skipped = position.size() - dims.size();
    for (std::size_t i = 0; i < dims.size(); ++i) {
      index = index * dims[i] + (dims[i] == 1 ? 0 : position[i + skipped]);
    }
    return values[static_cast<std::size_t>(index)];
  }
};

// Calls f(position, index) for each element.
template <class F>
void for_each(const Dims& dims, F f) {
  Dims position(dims.size(), 0);
  for (std::int64_t index = 0; index < element_count(dims); ++index) {
    f(position, static_cast<std::size_t>(index));
    for (std::size_t i = dims.size(); i-- > 0;) {
      if (++position[i] < dims[i]) break;
      position[i] = 0;
    }
  }
}

class Interpreter {
 public:
  explicit Interpreter(const Graph& graph) : graph_(graph), arrays_(graph.tensors.size()) {}

  // Inputs are filled with values that depend on their position and `seed` alone. Returns the outputs by name.
  std::map<std::string, Array> run(unsigned seed = 1) {
    for (std::size_t i = 0; i < graph_.tensors.size(); ++i) load_constant(graph_.tensors[i], arrays_[i]);
    for (const TensorId id : graph_.inputs) fill(at(id) = Array(graph_.at(id).dims), seed);
    for (const Node& node : graph_.nodes) at(node.outputs[0]) = compute(node);
    std::map<std::string, Array> outputs;
    for (const TensorId id : graph_.outputs) outputs[graph_.at(id).name] = at(id);
    return outputs;
  }

 private:
  Array& at(TensorId id) { return arrays_[static_cast<std::size_t>(id)]; }
  const Array& in(const Node& node, std::size_t index) { return at(node.inputs[index]); }

  static void load_constant(const Tensor& tensor, Array& array) {
    if (!tensor.constant || tensor.dtype != DType::f32) return;
    array = Array(tensor.dims);
    const auto values = tensor.data.as<float>();
    std::copy(values.begin(), values.end(), array.values.begin());
  }

  static void fill(Array& array, unsigned seed) {
    std::uint32_t state = seed * 2654435761U + 12345U;
    for (double& value : array.values) {
      state = state * 1664525U + 1013904223U;
      value = static_cast<double>(state >> 8) / (1 << 22) - 2.0;  // -2..2
    }
  }

  static double function(const Attributes& attrs, double x) {
    const double a = attrs.alpha;
    const double b = attrs.beta;
    switch (attrs.unary) {
      case UnaryKind::relu:
        return x > 0 ? x : 0;
      case UnaryKind::clip:
        return std::min(std::max(x, a), b);
      case UnaryKind::leaky_relu:
        return x > 0 ? x : a * x;
      case UnaryKind::sigmoid:
        return 1 / (1 + std::exp(-x));
      case UnaryKind::tanh:
        return std::tanh(x);
      case UnaryKind::hard_sigmoid:
        return std::max(0.0, std::min(1.0, a * x + b));
      case UnaryKind::hard_swish:
        return x * std::max(0.0, std::min(1.0, x / 6 + 0.5));
      case UnaryKind::silu:
        return x / (1 + std::exp(-x));
      case UnaryKind::gelu:
        return x * 0.5 * (1 + std::erf(x / std::sqrt(2.0)));
      case UnaryKind::gelu_tanh:
        return x * 0.5 * (1 + std::tanh(std::sqrt(2 / 3.14159265358979323846) * (x + 0.044715 * x * x * x)));
      case UnaryKind::exp:
        return std::exp(x);
      case UnaryKind::log:
        return std::log(x);
      case UnaryKind::neg:
        return -x;
      case UnaryKind::abs:
        return std::abs(x);
      case UnaryKind::sqrt:
        return std::sqrt(x);
      case UnaryKind::reciprocal:
        return 1 / x;
      case UnaryKind::erf:
        return std::erf(x);
      case UnaryKind::softplus:
        return std::log(1 + std::exp(x));
      case UnaryKind::softsign:
        return x / (1 + std::abs(x));
      case UnaryKind::mish:
        return x * std::tanh(std::log(1 + std::exp(x)));
      case UnaryKind::square:
        return x * x;
      default:
        throw std::logic_error("the interpreter does not know this function");
    }
  }

  static double function(BinaryKind kind, double a, double b) {
    switch (kind) {
      case BinaryKind::add:
        return a + b;
      case BinaryKind::sub:
        return a - b;
      case BinaryKind::mul:
        return a * b;
      case BinaryKind::div:
        return a / b;
      case BinaryKind::min:
        return std::min(a, b);
      case BinaryKind::max:
        return std::max(a, b);
      default:
        return std::pow(a, b);
    }
  }

  static void limit(const Node& node, Array& array) {
    for (double& value : array.values) {
      value = std::min<double>(std::max<double>(value, node.attrs.clamp.low), node.attrs.clamp.high);
    }
  }

  double padded(const Array& x, const Dims& at, double outside) {
    const bool inside = at[2] >= 0 && at[3] >= 0 && at[2] < x.dims[2] && at[3] < x.dims[3];
    return inside ? x.at(at) : outside;
  }

  Array conv(const Node& node) {
    const Array& x = in(node, 0);
    const Array& weight = in(node, 1);
    const Window& w = node.attrs.window;
    Array out(graph_.at(node.outputs[0]).dims);
    const std::int64_t per_group = out.dims[1] / node.attrs.groups;
    for_each(out.dims, [&](const Dims& o, std::size_t index) {
      double sum = node.input(2) == kNoTensor ? 0 : in(node, 2).at({o[1]});
      for_each({weight.dims[1], weight.dims[2], weight.dims[3]}, [&](const Dims& k, std::size_t) {
        const Dims at = {o[0], o[1] / per_group * weight.dims[1] + k[0],
                         o[2] * w.stride[0] - w.pads[0] + k[1] * w.dilation[0],
                         o[3] * w.stride[1] - w.pads[1] + k[2] * w.dilation[1]};
        sum += padded(x, at, 0) * weight.at({o[1], k[0], k[1], k[2]});
      });
      out.values[index] = sum;
    });
    limit(node, out);
    return out;
  }

  Array conv_transpose(const Node& node) {
    const Array& x = in(node, 0);
    const Array& weight = in(node, 1);
    const Window& w = node.attrs.window;
    Array out(graph_.at(node.outputs[0]).dims);
    const std::int64_t inputs = weight.dims[0] / node.attrs.groups;
    for_each(out.dims, [&](const Dims& o, std::size_t index) {
      if (node.input(2) != kNoTensor) out.values[index] = in(node, 2).at({o[1]});
    });
    for_each(x.dims, [&](const Dims& i, std::size_t from) {
      for_each({weight.dims[1], weight.dims[2], weight.dims[3]}, [&](const Dims& k, std::size_t) {
        const Dims o = {i[0], i[1] / inputs * weight.dims[1] + k[0],
                        i[2] * w.stride[0] - w.pads[0] + k[1] * w.dilation[0],
                        i[3] * w.stride[1] - w.pads[1] + k[2] * w.dilation[1]};
        if (o[2] < 0 || o[3] < 0 || o[2] >= out.dims[2] || o[3] >= out.dims[3]) return;
        const std::int64_t to = ((o[0] * out.dims[1] + o[1]) * out.dims[2] + o[2]) * out.dims[3] + o[3];
        out.values[static_cast<std::size_t>(to)] += x.values[from] * weight.at({i[1], k[0], k[1], k[2]});
      });
    });
    limit(node, out);
    return out;
  }

  Array pool(const Node& node) {
    const Array& x = in(node, 0);
    const Window& w = node.attrs.window;
    Array out(graph_.at(node.outputs[0]).dims);
    for_each(out.dims, [&](const Dims& o, std::size_t index) {
      double sum = 0;
      double largest = -INFINITY;
      double count = 0;
      for_each({w.kernel[0], w.kernel[1]}, [&](const Dims& k, std::size_t) {
        const Dims at = {o[0], o[1], o[2] * w.stride[0] - w.pads[0] + k[0] * w.dilation[0],
                         o[3] * w.stride[1] - w.pads[1] + k[1] * w.dilation[1]};
        sum += padded(x, at, 0);
        largest = std::max(largest, padded(x, at, -INFINITY));
        count += node.attrs.count_include_pad || padded(x, at, NAN) == padded(x, at, NAN) ? 1 : 0;
      });
      out.values[index] = node.op == Op::max_pool ? largest : sum / count;
    });
    return out;
  }

  Array gemm(const Node& node) {
    const Array& x = in(node, 0);
    const bool by_rows = node.op == Op::gemm;  // weights [N, K]; else b [..., K, N]
    Array out(graph_.at(node.outputs[0]).dims);
    for_each(out.dims, [&](const Dims& o, std::size_t index) {
      double sum = by_rows && node.input(2) != kNoTensor ? in(node, 2).at({o.back()}) : 0;
      for (std::int64_t k = 0; k < x.dims.back(); ++k) {
        Dims at_x = o;
        Dims at_b = o;
        at_x.back() = k;
        if (!by_rows) at_b[at_b.size() - 2] = k;
        sum += x.at(at_x) * (by_rows ? in(node, 1).at({o.back(), k}) : in(node, 1).at(at_b));
      }
      out.values[index] = sum;
    });
    limit(node, out);
    return out;
  }

  Array batch_norm(const Node& node) {
    Array out = in(node, 0);
    for_each(out.dims, [&](const Dims& o, std::size_t index) {
      const Dims c = {o[1]};
      out.values[index] = (out.values[index] - in(node, 3).at(c)) / std::sqrt(in(node, 4).at(c) + node.attrs.alpha) *
                              in(node, 1).at(c) +
                          in(node, 2).at(c);
    });
    return out;
  }

  Array elementwise(const Node& node) {
    Array out(graph_.at(node.outputs[0]).dims);
    for_each(out.dims, [&](const Dims& o, std::size_t index) {
      const double x = in(node, 0).at(o);
      if (node.op == Op::unary) out.values[index] = function(node.attrs, x);
      if (node.op == Op::prelu) out.values[index] = x > 0 ? x : x * in(node, 1).at(o);
      if (node.op == Op::binary) out.values[index] = function(node.attrs.binary, x, in(node, 1).at(o));
    });
    if (node.op == Op::binary) limit(node, out);
    return out;
  }

  Array concat(const Node& node) {
    Array out(graph_.at(node.outputs[0]).dims);
    const auto axis = static_cast<std::size_t>(node.attrs.axis);
    for_each(out.dims, [&](Dims o, std::size_t index) {
      std::size_t part = 0;
      while (o[axis] >= in(node, part).dims[axis]) o[axis] -= in(node, part++).dims[axis];
      out.values[index] = in(node, part).at(o);
    });
    return out;
  }

  Array reduce(const Node& node) {
    const Array& x = in(node, 0);
    Dims kept = x.dims;
    for (const std::int64_t axis : node.attrs.axes) kept[static_cast<std::size_t>(axis)] = 1;
    Array out(kept);
    const double count = static_cast<double>(element_count(x.dims)) / static_cast<double>(element_count(kept));
    for_each(x.dims, [&](const Dims& position, std::size_t from) {
      std::int64_t to = 0;
      for (std::size_t i = 0; i < kept.size(); ++i) to = to * kept[i] + (kept[i] == 1 ? 0 : position[i]);
      out.values[static_cast<std::size_t>(to)] += x.values[from] / (node.attrs.reduce == ReduceKind::mean ? count : 1);
    });
    out.dims = graph_.at(node.outputs[0]).dims;
    return out;
  }

  Array move(const Node& node) {
    const Array& x = in(node, 0);
    const Attributes& attrs = node.attrs;
    Array out(graph_.at(node.outputs[0]).dims);
    for_each(out.dims, [&](const Dims& o, std::size_t index) {
      Dims from = o;
      bool inside = true;
      for (std::size_t i = 0; i < attrs.axes.size(); ++i) {
        const auto axis = static_cast<std::size_t>(attrs.axes[i]);
        if (node.op == Op::transpose) from[axis] = o[i];
        if (node.op == Op::slice) from[axis] = attrs.starts[i] + o[axis] * attrs.steps[i];
      }
      for (std::size_t i = 0; i < o.size() && node.op == Op::pad; ++i) {
        from[i] = o[i] - attrs.sizes[i];
        inside = inside && from[i] >= 0 && from[i] < x.dims[i];
      }
      out.values[index] = inside ? x.at(from) : attrs.alpha;
    });
    return out;
  }

  Array compute(const Node& node) {
    switch (node.op) {
      case Op::conv:
        return conv(node);
      case Op::conv_transpose:
        return conv_transpose(node);
      case Op::max_pool:
      case Op::average_pool:
        return pool(node);
      case Op::gemm:
      case Op::mat_mul:
        return gemm(node);
      case Op::batch_norm:
        return batch_norm(node);
      case Op::unary:
      case Op::prelu:
      case Op::binary:
        return elementwise(node);
      case Op::concat:
        return concat(node);
      case Op::reduce:
        return reduce(node);
      case Op::transpose:
      case Op::slice:
      case Op::pad:
      case Op::expand:
        return move(node);
      case Op::reshape:
      case Op::squeeze:
      case Op::unsqueeze:
      case Op::flatten:
      case Op::identity: {
        Array out = in(node, 0);
        out.dims = graph_.at(node.outputs[0]).dims;
        return out;
      }
      default:
        throw std::logic_error(std::string("the interpreter does not know ") + name_of(node.op));
    }
  }

  const Graph& graph_;
  std::vector<Array> arrays_;
};

// The largest difference of the outputs of two graphs for the same inputs, relative to the largest output value;
// infinite where names or shapes differ.
inline double largest_difference(const Graph& a, const Graph& b) {
  const auto outputs_a = Interpreter(a).run();
  const auto outputs_b = Interpreter(b).run();
  if (outputs_a.size() != outputs_b.size()) return INFINITY;
  double largest = 0;
  for (const auto& [name, expected] : outputs_a) {
    const auto found = outputs_b.find(name);
    if (found == outputs_b.end() || found->second.dims != expected.dims) return INFINITY;
    double scale = 1e-6;
    for (const double value : expected.values) scale = std::max(scale, std::abs(value));
    for (std::size_t i = 0; i < expected.values.size(); ++i) {
      const double difference = std::abs(expected.values[i] - found->second.values[i]) / scale;
      if (!(difference <= largest)) largest = difference;
    }
  }
  return largest;
}

}  // namespace octet::test
