// Layers that stay float because they are faster so on this CPU: the one choice of the quantizer that a clock enters,
// made where it is asked for.
#pragma once

#include "quantize/hooks.h"
#include "quantize/report.h"
#include "quantize/stopwatch.h"

namespace octet {

struct FloatLayers {
  std::vector<std::string> skip;     // what assign_types has to skip besides
  std::vector<KeptFloat> layers;     // all that stay float by that, in the order of execution
  double int8_ms = 0, mixed_ms = 0;  // of a run of the network without them, and with them
  std::string warning;  // that even the float network is faster than the int8 one, which is not what was asked for
};

// Compares the layers of a float network with their int8 forms and keeps in float those that make a run of the whole
// network faster, the steps that change types at their borders included. No sample is needed: kernels take the same
// time whatever the scales. `skip` as in assign_types. Errors: those of assign_types and rewrite_int8; Code::cancelled.
Result<FloatLayers> find_float_layers(const Stopwatch::Network& graph, const std::vector<std::string>& skip,
                                      Stopwatch& stopwatch, const Hooks& hooks);

}  // namespace octet
