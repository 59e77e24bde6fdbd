// Runs networks many times and says how long that took.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/library.h"

namespace octet::cli {

struct Statistics {
  double min_ms = 0;
  double median_ms = 0;
  double p95_ms = 0;
  double max_ms = 0;
  // Why the times tell little ("p95 is 1.8 times the median"); empty where they are steady.
  std::string noise;
};
double median_of(std::vector<double> values);
// Of the times of runs in the order of the runs; at least one.
Statistics statistics_of(const std::vector<double>& times_ms);

// A network with its session and its memory. The inputs hold numbers between 0 and 1, the same ones in every run.
class TimedNetwork {
 public:
  // `shapes` as load_network takes them.
  TimedNetwork(const std::string& path, const std::vector<std::string>& shapes, int threads, const std::string& isa,
               Console& console);

  // Runs once and returns the milliseconds.
  double run();
  const Network& network() const { return network_; }
  const q_session_info& session() const { return session_info_; }
  const TensorBuffers& inputs() const { return inputs_; }
  const TensorBuffers& outputs() const { return outputs_; }
  int threads() const { return threads_; }
  const std::string& isa() const { return isa_; }
  // Of loading the file and creating the session.
  double load_ms() const { return load_ms_; }

 private:
  int threads_;
  std::string isa_;
  Network network_;
  Session session_;
  q_session_info session_info_;
  TensorBuffers inputs_;
  TensorBuffers outputs_;
  double load_ms_ = 0;
};

}  // namespace octet::cli
