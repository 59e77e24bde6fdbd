// A network run by ONNX Runtime, through the C interface of its shared library, which is opened when first needed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace octet::bench {

struct OutputRange {
  std::string name;
  float low, high;
};

class OnnxRuntimeNetwork {
 public:
  // library: path of libonnxruntime.so. All graph optimizations; inputs are random and the same for the same network.
  OnnxRuntimeNetwork(const std::string& library, const std::string& path, int threads);
  ~OnnxRuntimeNetwork();
  OnnxRuntimeNetwork(const OnnxRuntimeNetwork&) = delete;
  OnnxRuntimeNetwork& operator=(const OnnxRuntimeNetwork&) = delete;

  void run();
  double load_ms() const { return load_ms_; }

  // Runs once with each input: least and largest value of every output over all of them.
  std::vector<OutputRange> ranges(const std::vector<std::vector<float>>& inputs);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
  double load_ms_ = 0;
};

}  // namespace octet::bench
