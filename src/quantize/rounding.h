// Rounding to nearest even without a call: the quantizer rounds millions of values on baseline x86-64, where
// std::nearbyint is a function of the C library.
#pragma once

namespace octet {

// Precondition: |x| < 2^51, rounding mode to nearest (its default). NaN stays NaN.
inline double round_to_even(double x) {
  // Added, this leaves no bit for the fraction, so the addition itself rounds.
  constexpr double kShift = 0x1.8p52;
  return (x + kShift) - kShift;
}

}  // namespace octet
