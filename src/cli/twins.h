// Which float model an int8 model was made from, guessed from names and shapes.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace octet::cli {

struct TwinCandidate {
  std::string path;
  bool is_int8 = false;
  std::string shapes;  // of all inputs and outputs; twins have the same
};

// For each int8 model the index of its float twin: the model of the same name but for the ending and marks such as
// "-int8", "_quant" or "_float" with what follows them, one in the same folder first; else, where there are exactly one
// float and one int8 model, the other one.
std::vector<std::optional<std::size_t>> find_float_twins(std::span<const TwinCandidate> models);

// "rfb-320" of "models/RFB-320-quant-KL.mnn".
std::string twin_name(std::string_view path);

}  // namespace octet::cli
