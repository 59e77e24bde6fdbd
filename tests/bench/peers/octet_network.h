// A network run by Octet, through its C interface.
#pragma once

#include <octet/octet.h>

#include <string>
#include <vector>

namespace octet::bench {

struct StepTime {
  std::string name, op, kernel;
  bool is_int8;
  long long macs;
  double min_ms;
};

class OctetNetwork {
 public:
  // isa: cap on the instruction set, or empty. Inputs are random and the same for the same network.
  OctetNetwork(const std::string& path, int threads, const std::string& isa, bool profile = false);
  ~OctetNetwork();
  OctetNetwork(const OctetNetwork&) = delete;
  OctetNetwork& operator=(const OctetNetwork&) = delete;

  void run();

  double load_ms() const { return load_ms_; }
  int threads() const;  // fewer than asked for where this process may use fewer CPUs
  // Weights as the file stores them, and activations.
  long long data_bytes() const;
  // Inputs and outputs, which are the caller's.
  long long caller_bytes() const;
  // Runs a profiled session `runs` times: the shortest time of each step.
  std::vector<StepTime> profile(int runs);

 private:
  q_session_info session_info() const;

  q_model* model_ = nullptr;
  q_session* session_ = nullptr;
  double load_ms_ = 0;
  std::vector<std::vector<float>> inputs_, outputs_;
  std::vector<q_tensor> input_views_, output_views_;
};

}  // namespace octet::bench
