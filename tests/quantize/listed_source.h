// Samples written out in a test: values, names, and what goes wrong with some of them.
#pragma once

#include <algorithm>
#include <atomic>
#include <map>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "image/samples.h"

namespace octet::test {

class ListedSource : public SampleSource {
 public:
  // One input; its values sample by sample. A shorter list repeats.
  explicit ListedSource(std::vector<std::vector<float>> samples) : samples_(std::move(samples)) {}

  std::map<std::size_t, Status> failures;  // of load, by sample
  std::vector<std::string> paths;          // empty: the names
  bool caller_thread_only = false;
  std::size_t out_of_memory_at = static_cast<std::size_t>(-1);
  mutable std::atomic<int> loads_elsewhere{0};  // on another thread than the one that made the source
  mutable std::atomic<int> loads{0};

  std::size_t count() const override { return samples_.size(); }
  std::string name(std::size_t index) const override { return "sample-" + std::to_string(index); }
  std::string path(std::size_t index) const override { return paths.empty() ? name(index) : paths[index]; }
  const std::vector<std::string>& warnings() const override { return warnings_; }
  bool on_caller_thread() const override { return caller_thread_only; }

  Status load(std::size_t index, std::span<const SampleInput> inputs) const override {
    ++loads;
    if (std::this_thread::get_id() != owner_) ++loads_elsewhere;
    if (index == out_of_memory_at) throw std::bad_alloc();
    if (const auto failure = failures.find(index); failure != failures.end()) return failure->second;
    for (const SampleInput& input : inputs) {
      for (std::size_t i = 0; i < input.values.size(); ++i)
        input.values[i] = samples_[index][i % samples_[index].size()];
    }
    return {};
  }

 private:
  std::vector<std::vector<float>> samples_;
  std::vector<std::string> warnings_;
  std::thread::id owner_ = std::this_thread::get_id();
};

// 0, 1, ..., count - 1.
inline std::vector<std::size_t> first(std::size_t count) {
  std::vector<std::size_t> indices(count);
  for (std::size_t i = 0; i < count; ++i) indices[i] = i;
  return indices;
}

}  // namespace octet::test
