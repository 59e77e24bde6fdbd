// Ranges of activations: from the histogram of a tensor to its scale and zero point.
//
// Every method is a pure function of the histogram (EMA: of the samples' extremes in their sorted order), so the
// result depends neither on threads nor on the order of the samples.
//
// Levels. A tensor that is never negative is one-sided: zero_point -128, all 255 steps for [0, high]. KL and ADMM
// give any other tensor a symmetric range: zero_point 0, |q| <= 127. MINMAX, EMA, PERCENTILE and MSE are
// asymmetric: both ends are free, 255 steps between them. A clamp value c < 127 limits the levels that a range is
// spread over: 2c steps from -c to c (one-sided: zero_point -c). Errors are then weighed as if values beyond the
// range were clipped to it; operators themselves saturate at -128 and 127 only.
#pragma once

#include <cstdint>

#include "graph/types.h"
#include "passes/int8_form.h"
#include "quantize/config.h"
#include "quantize/histogram.h"

namespace octet {

inline constexpr int kMaxClampValue = 127;

// Asymmetric quantization of [low, high], extended to contain 0, which is exactly representable; the zero point
// is rounded to a whole level, which may move both ends by up to half a step (Jacob et al., CVPR 2018). An end
// that is infinite counts as the greatest float, one that is NaN as 0. [0, 0] gives scale 1, zero point 0.
// Precondition: 1 <= clamp_value <= 127, here and below.
Quant quant_from_range(float low, float high, int clamp_value = kMaxClampValue);

// [-threshold, threshold] with zero point 0; [0, threshold] where one_sided. Threshold 0 gives scale 1.
Quant quant_from_threshold(float threshold, bool one_sided, int clamp_value = kMaxClampValue);

// Real values of q = -128 and q = 127.
MinMax range_of(const Quant& quant);

// Sum over all values of (x - dequantize(quantize(x)))^2, each bin at its center.
double squared_error(const Histogram& histogram, const Quant& quant, int clamp_value = kMaxClampValue);

// Moving average of the extremes of batches (Jacob et al., CVPR 2018, section 3.1) with momentum 0.99, begun with
// the first batch. Constant memory; samples must come in their sorted order.
class EmaRange {
 public:
  static constexpr double kMomentum = 0.99;

  explicit EmaRange(std::int64_t batch_size) : batch_size_(batch_size) {}
  // A sample without finite values counts for its batch and changes nothing.
  void add(const MinMax& sample);
  // A last batch that is not full counts as one. Empty before the first finite value.
  MinMax range() const;

  struct Average {
    double low = 0;
    double high = 0;
    bool begun = false;
    void take(const MinMax& batch);
  };
  // All that it knows of the samples so far; one that begins with it goes on as if it had seen them.
  struct State {
    std::int64_t in_batch = 0;
    MinMax batch;
    Average average;
  };
  const State& state() const { return state_; }
  EmaRange(std::int64_t batch_size, const State& state) : batch_size_(batch_size), state_(state) {}

 private:
  std::int64_t batch_size_;
  State state_;
};

// Exact least and greatest value.
Quant minmax_quant(const Histogram& histogram, int clamp_value = kMaxClampValue);

// The threshold whose quantized distribution diverges least from the observed one (Kullback-Leibler), the clipped
// tail counted into the last bin of the observed one (S. Migacz, 8-bit inference with TensorRT, GTC 2017).
// Thresholds about 1 % apart are tried, from the maximum down to one bin a level; of equals the larger wins.
Quant kl_quant(const Histogram& histogram, int clamp_value = kMaxClampValue);

// Alternates the nearest levels q for a scale and the scale <x, q> / <q, q> that fits them best, from
// max / levels until it stands still (Leng et al., Extremely Low Bit Neural Network, AAAI 2018).
Quant admm_quant(const Histogram& histogram, int clamp_value = kMaxClampValue);

// At most (100 - percentile) % of all values, zeros included, lie above the range and as many below, to a bin.
// The exact extremes where that would leave no range.
Quant percentile_quant(const Histogram& histogram, double percentile, int clamp_value = kMaxClampValue);

// The range of least squared_error among those inside the extremes: both ends shrunk together in steps of
// 2^(1/8), then each by itself in finer steps.
Quant mse_quant(const Histogram& histogram, int clamp_value = kMaxClampValue);

struct RangeOptions {
  int clamp_value = kMaxClampValue;
  double percentile = 99.99;
  MinMax ema;  // EmaRange::range(); where empty, EMA is MINMAX
};

// Rounding errors of many values average out in the sum that reads them; those of clipped values all point the same
// way, and clipped values are the large ones that decide. AUTO counts the squared error of a clipped value as four.
// Chosen on halves of the calibration images: SqueezeNet 36.7 -> 37.2 dB before the softmax, MobileNetV2 21.7 -> 21.6.
inline constexpr double kAutoClipWeight = 4;

struct RangeChoice {
  Quant quant;
  ActivationMethod method = ActivationMethod::AUTO;  // the one that made it, never AUTO
  double squared_error = 0;                          // AUTO: with clipped values weighed
};

// AUTO takes the method with the least squared_error, clipped values weighed by kAutoClipWeight, in the search of MSE
// too; equals go to the first of MINMAX, EMA, KL, ADMM, PERCENTILE, MSE. A histogram without values gives scale 1, zero
// point 0.
RangeChoice choose_range(ActivationMethod method, const Histogram& histogram, const RangeOptions& options);

}  // namespace octet
