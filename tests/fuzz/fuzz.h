// What the fuzz targets share: the promises that the library keeps whatever the bytes are, and what a program does with
// a network that it was given. A promise that is broken ends the program, so that libFuzzer keeps the input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "base/status.h"
#include "graph/graph.h"

namespace octet::fuzz {

// Ends the program, saying so, where the promise is not kept.
void require(bool kept, const char* promise, const std::string& detail = "");

// A failure that the caller of the library is shown: not its own defect, and a message of printable text.
void require_message(const Status& status);

// What a program does with a finished graph: looks through it, gives its inputs other sizes, plans and runs it. What is
// not small is neither planned nor run, so that an input takes milliseconds: people do run networks that take seconds.
// Requires that validate() holds.
void use(const Graph& graph);

// The same for a graph as an importer leaves it: prepared as q_model_load does it. Open sizes of inputs become small.
void prepare_and_use(Graph graph);

}  // namespace octet::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
