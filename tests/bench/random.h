// Reproducible data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace octet::bench {

// Between -1 and 1.
inline std::vector<float> random_reals(std::size_t count, float scale = 1) {
  std::minstd_rand random(1);
  std::vector<float> values(count);
  for (float& value : values) value = scale * (static_cast<float>(random() % 20001U) / 10000.0F - 1.0F);
  return values;
}

inline std::vector<std::int8_t> random_bytes(std::size_t count) {
  std::minstd_rand random(1);
  std::vector<std::int8_t> values(count);
  for (std::int8_t& value : values) value = static_cast<std::int8_t>(static_cast<int>(random() % 255U) - 127);
  return values;
}

}  // namespace octet::bench
