#include "quantize/round_weights.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>

namespace octet {
namespace {

constexpr int kSweeps = 6;                                       // over the weights of a channel, at most
constexpr double kScaleFactors[] = {1.0, 0.95, 0.9, 0.85, 0.8};  // of the starting scale

// Mean and second moments of the inputs of one group.
struct Moments {
  std::vector<double> mean;
  std::vector<float> matrix;  // depth x depth

  const float* row(std::size_t k) const { return matrix.data() + k * mean.size(); }
};

Moments moments_of(const Patches& patches, std::size_t group, const RoundOptions& options) {
  const bool central = options.correct_bias;
  const std::size_t depth = patches.depth;
  const std::size_t rows = patches.rows();
  Moments m;
  m.mean.assign(depth, 0);
  auto patch = [&](std::size_t r) { return patches.values.data() + r * patches.width() + group * depth; };
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t k = 0; k < depth; ++k) m.mean[k] += patch(r)[k];
  }
  for (double& mean : m.mean) mean /= static_cast<double>(rows);
  m.matrix.assign(depth * depth, 0);
  std::vector<float> x(depth);
  for (std::size_t r = 0; r < rows && !options.stopped(); ++r) {
    for (std::size_t k = 0; k < depth; ++k) {
      x[k] = patch(r)[k] - (central ? static_cast<float>(m.mean[k]) : 0.0F);
    }
    for (std::size_t i = 0; i < depth; ++i) {
      if (x[i] == 0) continue;
      float* row = m.matrix.data() + i * depth;
      for (std::size_t j = 0; j < depth; ++j) row[j] += x[i] * x[j];
    }
  }
  // Few rows say little of how inputs move together: what lies off the diagonal is shrunk by depth / (depth + rows).
  // The small addition to the diagonal keeps weights of inputs that never move near their value.
  const auto keep = static_cast<float>(static_cast<double>(rows) / static_cast<double>(rows + depth));
  double trace = 0;
  for (std::size_t k = 0; k < depth; ++k) trace += m.matrix[k * depth + k];
  const auto ridge = static_cast<float>(1e-4 * trace / static_cast<double>(depth) + 1e-20);
  for (std::size_t i = 0; i < depth; ++i) {
    for (std::size_t j = 0; j < depth; ++j) {
      float& value = m.matrix[i * depth + j];
      value = i == j ? value + ridge : value * keep;
    }
  }
  return m;
}

// The search for one output channel.
class Channel {
 public:
  Channel(std::span<const float> weights, const Moments& moments, int clamp_value)
      : weights_(weights), moments_(moments), limit_(static_cast<float>(clamp_value)) {}

  // Quantizes with the scale; returns the error of the output.
  double fit(float scale) {
    const std::size_t depth = weights_.size();
    levels_.resize(depth);
    gradient_.assign(depth, 0);
    for (std::size_t k = 0; k < depth; ++k) {
      levels_[k] = std::clamp(std::nearbyintf(weights_[k] / scale), -limit_, limit_);
      add(k, levels_[k] * scale - weights_[k]);
    }
    for (int sweep = 0; sweep < kSweeps; ++sweep) {
      bool moved = false;
      for (std::size_t k = 0; k < depth; ++k) {
        const float wanted = levels_[k] - std::nearbyintf(gradient_[k] / (moments_.row(k)[k] * scale));
        const float level = std::clamp(wanted, -limit_, limit_);
        if (level == levels_[k]) continue;
        add(k, (level - levels_[k]) * scale);
        levels_[k] = level;
        moved = true;
      }
      if (!moved) break;
    }
    double error = 0;
    for (std::size_t k = 0; k < depth; ++k) {
      error += static_cast<double>(gradient_[k]) * (static_cast<double>(levels_[k]) * scale - weights_[k]);
    }
    return error;
  }

  const std::vector<float>& levels() const { return levels_; }

 private:
  // The error of weight k grows by `change`; gradient_ is the product of matrix and errors.
  void add(std::size_t k, float change) {
    const float* row = moments_.row(k);
    for (std::size_t j = 0; j < gradient_.size(); ++j) gradient_[j] += change * row[j];
  }

  std::span<const float> weights_;
  const Moments& moments_;
  float limit_;
  std::vector<float> levels_, gradient_;
};

void adapt_channel(std::span<const float> weights, const Moments& moments, int clamp_value, float& scale,
                   std::span<std::int8_t> out) {
  Channel channel(weights, moments, clamp_value);
  const float start = scale;
  double best = -1;
  for (const double factor : kScaleFactors) {
    const auto candidate = static_cast<float>(static_cast<double>(start) * factor);
    const double error = channel.fit(candidate);
    if (best >= 0 && error >= best) continue;
    best = error;
    scale = candidate;
    for (std::size_t k = 0; k < out.size(); ++k) out[k] = static_cast<std::int8_t>(channel.levels()[k]);
  }
}

}  // namespace

RoundedWeights round_weights(std::span<const float> weights, std::size_t output_channels, const Patches& patches,
                             const RoundOptions& options) {
  const std::size_t depth = patches.depth;
  RoundedWeights result;
  QuantizedWeights& quantized = result.weights;
  quantized.values.resize(weights.size());
  quantized.scales.resize(output_channels);
  if (options.correct_bias) result.bias_shift.assign(output_channels, 0);
  const std::size_t per_group = output_channels / patches.groups;
  for (std::size_t group = 0; group < patches.groups; ++group) {
    const bool adapt = options.adapt && depth <= kMaxAdaptedDepth;
    const Moments moments = adapt || options.correct_bias ? moments_of(patches, group, options) : Moments{};
    for (std::size_t o = group * per_group; o < (group + 1) * per_group && !options.stopped(); ++o) {
      const auto channel = weights.subspan(o * depth, depth);
      const auto out = std::span(quantized.values).subspan(o * depth, depth);
      float& scale = quantized.scales[o];
      scale = weight_scale(channel, options.method, options.clamp_value);
      if (adapt) {
        adapt_channel(channel, moments, options.clamp_value, scale, out);
      } else {
        quantize_channel(channel, scale, options.clamp_value, out);
      }
      if (!options.correct_bias) continue;
      double shift = 0;
      for (std::size_t k = 0; k < depth; ++k) {
        shift -= (static_cast<double>(out[k]) * scale - channel[k]) * moments.mean[k];
      }
      result.bias_shift[o] = static_cast<float>(shift);
    }
  }
  return result;
}

namespace {

// A layer whose channels may not lie one after the other.
RoundedWeights round_layer(std::span<const float> weights, const WeightLayout& layout, const Patches& patches,
                           const RoundOptions& options) {
  const std::size_t outputs = layout.output_channels();
  if (layout.blocks == 1) return round_weights(weights, outputs, patches, options);
  // Calls function(where a block of weights lies, where it goes when channels lie one after the other).
  const auto for_blocks = [&](auto function) {
    for (std::size_t o = 0; o < outputs; ++o) {
      for (std::size_t block = 0; block < layout.blocks; ++block) {
        function(layout.start_of(o, block), (o * layout.blocks + block) * layout.block_size);
      }
    }
  };
  std::vector<float> joined(weights.size());
  for_blocks([&](std::size_t from, std::size_t to) {
    std::copy_n(weights.data() + from, layout.block_size, joined.data() + to);
  });
  RoundedWeights result = round_weights(joined, outputs, patches, options);
  std::vector<std::int8_t> values(weights.size());
  for_blocks([&](std::size_t to, std::size_t from) {
    std::copy_n(result.weights.values.data() + from, layout.block_size, values.data() + to);
  });
  result.weights.values = std::move(values);
  return result;
}

}  // namespace

Result<std::vector<RoundedWeights>> round_network(const Graph& graph, const std::vector<Patches>& patches,
                                                  const RoundOptions& given, int threads, const Hooks& hooks) {
  std::vector<RoundedWeights> rounded(graph.nodes.size());
  std::vector<std::size_t> layers;
  for (std::size_t n = 0; n < patches.size(); ++n) {
    if (patches[n].rows() > 0) layers.push_back(n);
  }
  std::mutex mutex;
  std::condition_variable changed;
  std::size_t next = 0, done = 0, running = 0;
  std::atomic<bool> stop = false;
  bool out_of_memory = false;
  RoundOptions options = given;
  options.stop = &stop;
  auto work = [&] {
    std::unique_lock lock(mutex);
    while (!stop && next < layers.size()) {
      const std::size_t n = layers[next++];
      lock.unlock();
      bool failed = false;
      try {
        const Node& node = graph.nodes[n];
        const Tensor& weight = graph.at(node.input(1));
        rounded[n] = round_layer(weight.data.as<float>(), weight_layout(node, weight.dims), patches[n], options);
      } catch (const std::bad_alloc&) {
        failed = true;
      }
      lock.lock();
      out_of_memory = out_of_memory || failed;
      stop = stop || failed;
      ++done;
    }
    --running;
    changed.notify_all();
  };
  std::vector<std::thread> workers;
  workers.reserve(static_cast<std::size_t>(threads));
  std::unique_lock lock(mutex);
  for (int i = 0; i < threads; ++i) {
    try {
      workers.emplace_back(work);
      ++running;
    } catch (const std::system_error&) {
      break;  // fewer do the same
    }
  }
  const bool started = !workers.empty();
  while (running > 0) {
    changed.wait_for(lock, std::chrono::milliseconds(100), [&] { return running == 0; });
    if (!hooks.progress || stop) continue;
    const auto now_done = static_cast<std::int64_t>(done);
    lock.unlock();
    const bool go_on = hooks.progress("round weights", now_done, static_cast<std::int64_t>(layers.size()));
    lock.lock();
    if (!go_on) stop = true;
  }
  lock.unlock();
  for (std::thread& worker : workers) worker.join();
  if (out_of_memory) throw std::bad_alloc();
  if (!started) return fail(Code::memory, "the system refuses to start a thread");
  if (stop) return fail(Code::cancelled, "cancelled");
  return rounded;
}

}  // namespace octet
