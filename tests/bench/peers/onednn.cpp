#include "peers/onednn.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <dnnl.hpp>
#include <limits>
#include <unordered_map>

#include "measure.h"
#include "peers/fail.h"
#include "random.h"

namespace octet::bench {
namespace {

using dnnl::memory;
using Type = memory::data_type;

constexpr int kTrialRuns = 30;  // of each source type, to choose one

struct Types {
  Type source, weights, bias, output;
};

struct Layer {
  dnnl::convolution_forward primitive;
  dnnl::convolution_forward::primitive_desc description;
  std::unordered_map<int, memory> arguments;
  double min_ms = std::numeric_limits<double>::max();
};

memory::desc any_layout(const memory::dims& dims, Type type) { return {dims, type, memory::format_tag::any}; }

dnnl::primitive_attr attributes_of(const ConvLayer& layer, bool int8) {
  dnnl::primitive_attr attributes;
  if (int8) {
    const auto fan_in = static_cast<float>(layer.in_c / layer.groups * layer.kernel_h * layer.kernel_w);
    constexpr int kPerOutputChannel = 1 << 1;
    attributes.set_output_scales(kPerOutputChannel,
                                 std::vector<float>(static_cast<std::size_t>(layer.out_c), 0.02F / std::sqrt(fan_in)));
  }
  dnnl::post_ops after;
  // The end of uint8 is as good a bound as 6.
  if (layer.activation == Activation::relu6 && !int8) {
    after.append_eltwise(1, dnnl::algorithm::eltwise_clip, 0, 6);
  } else if (layer.activation != Activation::none) {
    after.append_eltwise(1, dnnl::algorithm::eltwise_relu, 0, 0);
  }
  attributes.set_post_ops(after);
  return attributes;
}

dnnl::convolution_forward::primitive_desc describe(const ConvLayer& l, const Types& types, bool int8,
                                                   const dnnl::engine& engine) {
  const memory::dims weight_dims =
      l.groups == 1 ? memory::dims{l.out_c, l.in_c, l.kernel_h, l.kernel_w}
                    : memory::dims{l.groups, l.out_c / l.groups, l.in_c / l.groups, l.kernel_h, l.kernel_w};
  const dnnl::convolution_forward::desc desc(dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_auto,
                                             any_layout({1, l.in_c, l.in_h, l.in_w}, types.source),
                                             any_layout(weight_dims, types.weights), any_layout({l.out_c}, types.bias),
                                             any_layout({1, l.out_c, l.out_h, l.out_w}, types.output),
                                             {l.stride_h, l.stride_w}, {l.dilation_h - 1, l.dilation_w - 1},
                                             {l.pad_top, l.pad_left}, {l.pad_bottom, l.pad_right});
  return {desc, attributes_of(l, int8), engine};
}

memory::format_tag plain_weights(const ConvLayer& layer) {
  return layer.groups == 1 ? memory::format_tag::oihw : memory::format_tag::goihw;
}

// Random weights in the layout that the primitive chose.
memory weights_for(const ConvLayer& layer, const dnnl::convolution_forward::primitive_desc& description, bool int8,
                   const dnnl::engine& engine, dnnl::stream& stream) {
  const memory::desc chosen = description.weights_desc();
  const memory::desc plain(chosen.dims(), int8 ? Type::s8 : Type::f32, plain_weights(layer));
  memory from(plain, engine);
  const auto count =
      static_cast<std::size_t>(layer.out_c * (layer.in_c / layer.groups) * layer.kernel_h * layer.kernel_w);
  if (int8) {
    const auto values = random_bytes(count);
    std::memcpy(from.get_data_handle(), values.data(), count);
  } else {
    // The magnitude of the activations stays the same from layer to layer.
    const auto fan_in = static_cast<float>(count / static_cast<std::size_t>(layer.out_c));
    const auto values = random_reals(count, std::sqrt((layer.activation == Activation::none ? 3.0F : 6.0F) / fan_in));
    std::memcpy(from.get_data_handle(), values.data(), count * sizeof(float));
  }
  memory to(chosen, engine);
  dnnl::reorder(from, to).execute(stream, from, to);
  stream.wait();
  return to;
}

// Two buffers of activations: a layer reads the one that the layer before it wrote, as in a network.
class Buffers {
 public:
  Buffers(std::size_t bytes, bool int8) {
    constexpr std::size_t kAlignment = 4096;
    bytes = (bytes + kAlignment - 1) / kAlignment * kAlignment;
    for (auto& buffer : buffers_) {
      buffer.reset(std::aligned_alloc(kAlignment, bytes));
      if (!buffer) fail("oneDNN: out of memory");
      if (int8) {
        const auto values = random_bytes(bytes);
        std::memcpy(buffer.get(), values.data(), bytes);
      } else {
        const auto values = random_reals(bytes / sizeof(float));
        std::memcpy(buffer.get(), values.data(), bytes);
      }
    }
  }
  void* read_by(std::size_t layer) const { return buffers_[layer % 2].get(); }
  void* written_by(std::size_t layer) const { return buffers_[(layer + 1) % 2].get(); }

 private:
  struct Free {
    void operator()(void* data) const { std::free(data); }
  };
  std::array<std::unique_ptr<void, Free>, 2> buffers_;
};

std::vector<Layer> make_layers(const std::vector<ConvLayer>& shapes, bool int8, Type source, const Buffers& buffers,
                               const dnnl::engine& engine, dnnl::stream& stream) {
  std::vector<Layer> layers;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    const ConvLayer& shape = shapes[i];
    const Type output = shape.activation == Activation::none ? Type::s8 : Type::u8;
    const Types types =
        int8 ? Types{source, Type::s8, Type::s32, output} : Types{Type::f32, Type::f32, Type::f32, Type::f32};
    Layer layer;
    layer.description = describe(shape, types, int8, engine);
    layer.primitive = dnnl::convolution_forward(layer.description);
    memory bias(layer.description.bias_desc(), engine);
    std::memset(bias.get_data_handle(), 0, layer.description.bias_desc().get_size());
    layer.arguments = {{DNNL_ARG_SRC, memory(layer.description.src_desc(), engine, buffers.read_by(i))},
                       {DNNL_ARG_WEIGHTS, weights_for(shape, layer.description, int8, engine, stream)},
                       {DNNL_ARG_BIAS, bias},
                       {DNNL_ARG_DST, memory(layer.description.dst_desc(), engine, buffers.written_by(i))}};
    layers.push_back(std::move(layer));
  }
  return layers;
}

void run_layers(std::vector<Layer>& layers, dnnl::stream& stream) {
  for (Layer& layer : layers) {
    const double start = now_ms();
    layer.primitive.execute(stream, layer.arguments);
    stream.wait();
    layer.min_ms = std::min(layer.min_ms, now_ms() - start);
  }
}

// Room for channels that a layout pads to a multiple of 64.
std::size_t largest_activation(const std::vector<ConvLayer>& layers, bool int8) {
  std::int64_t largest = 0;
  for (const ConvLayer& l : layers) {
    largest =
        std::max({largest, (l.in_c + 63) / 64 * 64 * l.in_h * l.in_w, (l.out_c + 63) / 64 * 64 * l.out_h * l.out_w});
  }
  return static_cast<std::size_t>(largest) * (int8 ? 1 : sizeof(float));
}

}  // namespace

struct OneDnnConvolutions::Parts {
  Buffers buffers;
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
  std::vector<Layer> layers;
};

OneDnnConvolutions::OneDnnConvolutions(const std::vector<ConvLayer>& layers, bool int8)
    : parts_(new Parts{Buffers(largest_activation(layers, int8), int8)}) {
  Parts& parts = *parts_;
  const auto make = [&](Type source) {
    return make_layers(layers, int8, source, parts.buffers, parts.engine, parts.stream);
  };
  try {
    parts.layers = make(Type::u8);
    if (int8) {
      std::vector<Layer> with_signed = make(Type::s8);
      for (int i = 0; i < kTrialRuns; ++i) {
        run_layers(parts.layers, parts.stream);
        run_layers(with_signed, parts.stream);
      }
      for (std::size_t i = 0; i < layers.size(); ++i) {
        if (with_signed[i].min_ms < parts.layers[i].min_ms) parts.layers[i] = std::move(with_signed[i]);
      }
    }
  } catch (const dnnl::error& error) {
    fail(std::string("oneDNN: ") + error.what());
  }
}

OneDnnConvolutions::~OneDnnConvolutions() = default;

void OneDnnConvolutions::run() { run_layers(parts_->layers, parts_->stream); }

std::vector<ConvTime> OneDnnConvolutions::times() const {
  std::vector<ConvTime> times;
  for (const Layer& layer : parts_->layers) {
    std::string kernel = layer.description.impl_info_str();
    if (layer.description.src_desc().data.data_type == dnnl_s8) kernel += " s8";
    times.push_back({layer.min_ms, std::move(kernel)});
  }
  return times;
}

}  // namespace octet::bench
