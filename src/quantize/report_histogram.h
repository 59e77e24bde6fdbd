// How the values of a layer lie, and the range that int8 has for them.
#pragma once

#include <string>

#include "quantize/report.h"

namespace octet::html {

// A picture with numbers, for one layer. Heights are logarithms of the counts, so that rare values are seen; what lies
// outside the range has a colour of its own. "" where no values are known.
std::string histogram_chart(const LayerError& layer);
// The same as small as a line of text, without numbers.
std::string histogram_line(const LayerError& layer);

}  // namespace octet::html
