// How fast this machine's multipliers are when nothing else is in their way: what kernels are measured by.
#pragma once

#include "cpu/cpu.h"

namespace octet {

enum class Multiplier : std::uint8_t { float32, int8 };

// Billions of multiply-accumulates a second: the instruction that the kernels of `isa` multiply with, over registers
// alone, on `threads` threads at the same time. Takes about a twentieth of a second. 0 where the package has no such
// instruction (the reference). Errors: Code::memory when the system gives no more threads.
Result<double> measure_peak(Isa isa, Multiplier multiplier, int threads);

}  // namespace octet
