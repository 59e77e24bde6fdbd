// The made-up tensors of make_data.py and make_network_data.py, to the bit.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

namespace octet::test {

// Numbers in [-1, 1), multiples of 2^-23.
class Generator {
 public:
  explicit Generator(std::uint32_t seed) : state_(seed) {}
  double next() {
    state_ = state_ * 1664525u + 1013904223u;
    return (state_ >> 8) * 0x1p-23 - 1.0;
  }

 private:
  std::uint32_t state_;
};

// noise() of make_network_data.py: times a power of two it is as exact there as here.
inline std::vector<float> generate_noise(std::uint32_t seed, std::size_t count, double factor = 1) {
  Generator g(seed);
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(g.next() * factor);
  return values;
}

// The inputs of the made-up networks, sample by sample.
inline std::vector<std::vector<float>> generate_samples(std::size_t values) {
  std::vector<std::vector<float>> samples;
  for (std::uint32_t i = 0; i < 4; ++i) samples.push_back(generate_noise(100 + i, values));
  return samples;
}

inline std::vector<float> generate(const std::string& name, std::size_t count) {
  const std::vector<std::string> names{"relu", "bell", "outliers", "steps", "leaky", "negative"};
  const auto seed = 1 + (std::find(names.begin(), names.end(), name) - names.begin());
  Generator g(static_cast<std::uint32_t>(seed));
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) {
    if (name == "relu") {
      const double a = g.next();
      const double b = g.next();
      values[i] = static_cast<float>(std::max(0.0, a * b * g.next() * 16));
      continue;
    }
    double bell = g.next();
    for (int part = 0; part < 3; ++part) bell += g.next();
    double value = bell;
    if (name == "outliers") value = bell * (i % 10007 == 0 ? 40 : 1);
    if (name == "steps") value = std::abs(std::floor(bell * 5)) / 4;
    if (name == "leaky") value = bell > 0 ? bell : bell * 0.125;
    if (name == "negative") value = -std::abs(bell) - 1;
    values[i] = static_cast<float>(value);
  }
  return values;
}

}  // namespace octet::test
