// NumPy's .npy files (format versions 1 to 3): https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
#pragma once

#include <octet/octet.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace octet::cli {

// Reads a C-ordered array of float32, float64, uint8, int8 or int32 (little-endian) into `values`, converted to
// float32. Its shape must be the tensor's; leading dimensions of 1 may be missing or added, and a flat array of as many
// elements is fine. Failure names the file and what was found.
void read_npy(const std::string& path, const q_tensor_info& tensor, std::span<float> values);

// Writes a float32 array, beside the target first.
void write_npy(const std::string& path, std::span<const std::int64_t> dims, std::span<const float> values);

}  // namespace octet::cli
