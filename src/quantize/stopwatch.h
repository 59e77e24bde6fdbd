// How long networks take on this CPU, on one thread and with numbers of their own as inputs.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cpu/cpu.h"
#include "graph/graph.h"

namespace octet {

// Milliseconds of each layer, by the name of its first output.
using LayerTimes = std::map<std::string, double>;

// Two networks that took turns.
struct Duel {
  double first_ms = 0, second_ms = 0;              // medians
  double second_wins = 0;                          // share of the rounds in which the second was the faster one
  double first_least_ms = 0, second_least_ms = 0;  // of the fastest round: what other programs disturb least
};

class Stopwatch {
 public:
  using Network = std::shared_ptr<const Graph>;

  virtual ~Stopwatch() = default;
  // The median times of the layers of several networks, which take turns.
  virtual Result<std::vector<LayerTimes>> time_layers(const std::vector<Network>& networks) = 0;
  virtual Result<Duel> duel(const Network& first, const Network& second) = 0;
};

// The clock of the system. Each measurement takes from 8 to 60 rounds and, between these, half a second.
std::unique_ptr<Stopwatch> system_stopwatch(Isa isa);

}  // namespace octet
