#include "quantize/layer_pairs.h"

#include <cmath>
#include <map>
#include <string_view>

#include "quantize/channel_factors.h"
#include "quantize/equalize.h"

namespace octet {
namespace {

// Finds the tensors that a graph makes.
class Names {
 public:
  explicit Names(const Graph& graph) {
    for (const Node& node : graph.nodes) {
      for (const TensorId id : node.outputs) {
        by_name_.emplace(graph.at(id).name, id);
        by_source_.emplace(source_name(graph.at(id).name).name, id);
      }
    }
  }

  TensorId find(const Tensor& tensor) const {
    if (const auto found = by_name_.find(tensor.name); found != by_name_.end()) return found->second;
    const auto found = by_source_.find(source_name(tensor.name).name);
    return found == by_source_.end() ? kNoTensor : found->second;
  }

 private:
  std::map<std::string_view, TensorId> by_name_, by_source_;
};

std::vector<LayerPair> pairs_by_name(const Graph& reference, const Graph& model) {
  const Names names(model);
  std::vector<LayerPair> pairs;
  for (std::size_t n = 0; n < reference.nodes.size(); ++n) {
    const TensorId id = reference.nodes[n].outputs[0];
    const Tensor& of_reference = reference.at(id);
    LayerPair pair{static_cast<int>(n), id, names.find(of_reference), -INFINITY, INFINITY, {}};
    if (pair.model == kNoTensor) continue;
    const Tensor& of_model = model.at(pair.model);
    if (of_model.dims != of_reference.dims) continue;
    // Of two quantizations each has factors of its own.
    if (source_name(of_reference.name).is_equalized || source_name(of_model.name).is_equalized) {
      if (of_model.dims.size() < 2) continue;
      pair.factors.resize(static_cast<std::size_t>(of_model.dims[1]));
    }
    if (of_model.dtype == DType::i8) {
      pair.low = of_model.quant.scale * static_cast<float>(-128 - of_model.quant.zero_point);
      pair.high = of_model.quant.scale * static_cast<float>(127 - of_model.quant.zero_point);
    }
    pairs.push_back(std::move(pair));
  }
  return pairs;
}

// Evenly spread.
std::vector<std::size_t> some_of(const std::vector<std::size_t>& samples, std::size_t most) {
  const std::size_t count = std::min(most, samples.size());
  std::vector<std::size_t> some;
  for (std::size_t i = 0; i < count; ++i) some.push_back(samples[i * samples.size() / count]);
  return some;
}

}  // namespace

SourceName source_name(std::string_view name) {
  const auto remove = [&](std::string_view ending) {
    const bool has = name.ends_with(ending);
    if (has) name.remove_suffix(ending.size());
    return has;
  };
  remove("/requantized");
  remove("/int8") || remove("/integers");
  const bool is_equalized = remove(kEqualizedSuffix);
  return {name, is_equalized};
}

Result<std::vector<LayerPair>> pair_layers(const std::shared_ptr<const Plan>& reference,
                                           const std::shared_ptr<const Plan>& model, const SampleSource& source,
                                           const std::vector<std::size_t>& samples, int threads, const Hooks& hooks) {
  constexpr std::size_t kEnough = 32;
  std::vector<LayerPair> pairs = pairs_by_name(*reference->graph, *model->graph);
  std::vector<TensorPair> scaled;
  for (const LayerPair& pair : pairs) {
    if (!pair.factors.empty()) scaled.push_back({pair.reference, pair.model});
  }
  if (scaled.empty()) return pairs;
  OCTET_ASSIGN(auto factors,
               fit_channel_factors(reference, model, scaled, source, some_of(samples, kEnough), threads, hooks));
  auto next = factors.begin();
  for (LayerPair& pair : pairs) {
    if (!pair.factors.empty()) pair.factors = std::move(*next++);
  }
  return pairs;
}

void scale_channels(const LayerPair& pair, const Dims& dims, std::span<float> reference, std::span<float> model) {
  const auto channels = static_cast<std::size_t>(dims[1]);
  const std::size_t area = reference.size() / channels / static_cast<std::size_t>(dims[0]);
  for (std::size_t i = 0; i < reference.size(); ++i) {
    const float factor = pair.factors[i / area % channels];
    if (factor == 0 && reference[i] != 0) model[i] = 0;
    reference[i] *= factor;
  }
}

}  // namespace octet
