// One row of a family on one shape: what the microbenchmarks are made of.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "cpu/cpu.h"
#include "random.h"

namespace octet::bench {

struct Job {
  std::string operation;  // "conv", "add", ...: the same for the float32 and the int8 kind of a job
  std::string shape;
  bool int8;
  std::string family, row;
  Isa isa;
  double macs;                                     // of one run; 0 where the work is moving data
  double bytes;                                    // read and written by one run
  std::function<std::function<void()>()> prepare;  // makes data and packs weights; the result runs once and owns them
};

// Every row of every family that this CPU can run, on all shapes of its operation that it takes; the rows of a family
// in the order of families.inc. What is left out, and why, goes to `skipped`.
std::vector<Job> all_jobs(std::vector<std::string>& skipped);

// Aligned memory as in a session.
template <class T>
class Array {
 public:
  explicit Array(std::size_t count) : memory_(allocate_aligned(count * sizeof(T))), count_(count) {}

  T* data() const { return reinterpret_cast<T*>(memory_.get()); }
  std::size_t size() const { return count_; }

 private:
  std::shared_ptr<std::byte[]> memory_;
  std::size_t count_;
};

// Random values: float32 between -scale and scale; of int8 all but -128.
template <class T>
Array<T> random_array(std::size_t count, [[maybe_unused]] float scale = 1) {
  Array<T> array(count);
  const auto values = [&] {
    if constexpr (sizeof(T) == 1) {
      return random_bytes(count);
    } else {
      return random_reals(count, scale);
    }
  }();
  for (std::size_t i = 0; i < count; ++i) array.data()[i] = static_cast<T>(values[i]);
  return array;
}

}  // namespace octet::bench
