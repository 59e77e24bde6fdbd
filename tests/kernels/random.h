// Numbers from a seed, the same on every machine.
#pragma once

#include <cstdint>
#include <vector>

namespace octet::test {

class Random {
 public:
  explicit Random(std::uint32_t seed) : state_(seed * 2654435761U + 97U) {}

  std::uint32_t next() {
    state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<std::uint32_t>(state_ >> 33);
  }
  std::int32_t between(std::int32_t low, std::int32_t high) {  // both included
    return low + static_cast<std::int32_t>(next() % static_cast<std::uint32_t>(high - low + 1));
  }
  float real(float low, float high) { return low + (high - low) * static_cast<float>(next() & 0xFFFFFF) / 16777216.0F; }
  bool chance(int of) { return next() % static_cast<std::uint32_t>(of) == 0; }

  std::vector<std::int8_t> bytes(std::size_t count, int low = -128, int high = 127) {
    std::vector<std::int8_t> values(count);
    for (auto& value : values) value = static_cast<std::int8_t>(between(low, high));
    return values;
  }
  std::vector<float> reals(std::size_t count, float low = -2, float high = 2) {
    std::vector<float> values(count);
    for (auto& value : values) value = real(low, high);
    return values;
  }

 private:
  std::uint64_t state_;
};

}  // namespace octet::test
