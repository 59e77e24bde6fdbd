// The convolutions of a network run by oneDNN, one after the other, in the layouts of its own choice. Nothing is
// converted between layers: it is what a network of convolutions alone would take.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "peers/layers.h"

namespace octet::bench {

struct ConvTime {
  double min_ms;
  std::string kernel;  // oneDNN's name of its implementation
};

class OneDnnConvolutions {
 public:
  // int8: unsigned or signed sources, whichever is faster for a layer.
  OneDnnConvolutions(const std::vector<ConvLayer>& layers, bool int8);
  ~OneDnnConvolutions();
  OneDnnConvolutions(const OneDnnConvolutions&) = delete;
  OneDnnConvolutions& operator=(const OneDnnConvolutions&) = delete;

  void run();
  // The shortest time of each layer over all runs.
  std::vector<ConvTime> times() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace octet::bench
