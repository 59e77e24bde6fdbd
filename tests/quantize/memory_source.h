// Samples in memory for tests: smooth values that depend on sample and position alone.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "image/samples.h"

namespace octet::test {

class MemorySource : public SampleSource {
 public:
  explicit MemorySource(std::size_t count) : count_(count) {}
  std::size_t count() const override { return count_; }
  std::string name(std::size_t index) const override { return "memory " + std::to_string(index); }
  const std::vector<std::string>& warnings() const override { return none_; }
  Status load(std::size_t index, std::span<const SampleInput> inputs) const override {
    for (const SampleInput& input : inputs) {
      for (std::size_t i = 0; i < input.values.size(); ++i) {
        input.values[i] = std::sin(0.37F * static_cast<float>(i) + 1.7F * static_cast<float>(index)) + 0.3F;
      }
    }
    return {};
  }

 private:
  std::size_t count_;
  std::vector<std::string> none_;
};

}  // namespace octet::test
