#include "quantize/layer_pairs.h"

#include <cmath>
#include <map>

#include "quantize/channel_factors.h"
#include "quantize/equalize.h"

namespace octet {
namespace {

std::vector<LayerPair> pairs_by_name(const Graph& reference, const Graph& model) {
  std::map<std::string, TensorId, std::less<>> by_name;
  for (const Node& node : model.nodes) {
    for (const TensorId id : node.outputs) by_name.emplace(model.at(id).name, id);
  }
  std::vector<LayerPair> pairs;
  for (std::size_t n = 0; n < reference.nodes.size(); ++n) {
    LayerPair pair{static_cast<int>(n), reference.nodes[n].outputs[0], kNoTensor, -INFINITY, INFINITY, {}};
    const Tensor& of_reference = reference.at(pair.reference);
    auto found = by_name.find(of_reference.name);
    const bool is_equalized = found == by_name.end();
    if (is_equalized) found = by_name.find(of_reference.name + kEqualizedSuffix);
    if (found == by_name.end()) continue;
    pair.model = found->second;
    const Tensor& of_model = model.at(pair.model);
    if (of_model.dims != of_reference.dims || (is_equalized && of_model.dims.size() < 2)) continue;
    if (is_equalized) pair.factors.resize(static_cast<std::size_t>(of_model.dims[1]));
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
