#include "quantize/layer_probe.h"

#include <cmath>

#include "quantize/ranges.h"

namespace octet {
namespace {

void add_extremes(std::span<const float> values, std::size_t outer, std::size_t inner, std::vector<MinMax>& channels) {
  const float* value = values.data();
  for (std::size_t o = 0; o < outer; ++o) {
    for (MinMax& channel : channels) {
      for (std::size_t i = 0; i < inner; ++i, ++value) {
        channel.low = std::min(channel.low, *value);
        channel.high = std::max(channel.high, *value);
      }
    }
  }
}

}  // namespace

LayerProbe::LayerProbe(const Dims& dims, std::optional<Quant> quant) : quant_(quant) {
  std::size_t channels = 1;
  const std::size_t axis = dims.size() == 4 ? 1 : dims.empty() ? 0 : dims.size() - 1;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    const auto size = static_cast<std::size_t>(dims[i]);
    (i < axis ? outer_ : i == axis ? channels : inner_) *= size;
  }
  reference_.resize(channels);
  model_.resize(channels);
}

OwnError LayerProbe::add(std::span<const float> reference, std::span<const float> model) {
  values_.add(reference);
  add_extremes(reference, outer_, inner_, reference_);
  add_extremes(model, outer_, inner_, model_);
  return own_error(reference);
}

OwnError LayerProbe::own_error(std::span<const float> reference) const {
  OwnError error;
  if (!quant_) return error;
  const MinMax range = range_of(*quant_);
  const float scale = quant_->scale;
  const float inverse = 1 / scale;
  for (const float value : reference) {
    const float inside = std::clamp(value, range.low, range.high);
    const auto beyond = static_cast<double>(value - inside);
    const auto rounded = static_cast<double>(inside - scale * std::nearbyint(inside * inverse));
    error.clipping += beyond * beyond;
    error.rounding += rounded * rounded;
  }
  return error;
}

void LayerProbe::merge(const LayerProbe& other) {
  values_.merge(other.values_);
  for (std::size_t c = 0; c < reference_.size(); ++c) {
    reference_[c].merge(other.reference_[c]);
    model_[c].merge(other.model_[c]);
  }
}

ValueHistogram picture_of(const Histogram& values, std::size_t count) {
  ValueHistogram picture;
  if (values.empty()) return picture;
  picture.low = values.min();
  picture.high = values.max();
  picture.counts.assign(count, 0);
  const double low = static_cast<double>(picture.low);
  const double width = (static_cast<double>(picture.high) - low) / static_cast<double>(count);
  const auto put = [&](double value, std::uint64_t times) {
    const double at = width > 0 ? std::floor((value - low) / width) : 0;
    const auto last = static_cast<double>(count - 1);
    picture.counts[static_cast<std::size_t>(std::clamp(at, 0.0, last))] += static_cast<std::int64_t>(times);
  };
  if (values.zeros() > 0) put(0, values.zeros());
  for (const Bin& bin : values.bins()) put(bin.center, bin.count);
  return picture;
}

}  // namespace octet
