// A file that holds the values of one tensor.
#pragma once

#include <string>
#include <string_view>

#include "image/npy.h"

namespace octet {

// The endings that read_tensor_file knows, in the order in which a tensor's file is looked for.
inline constexpr std::string_view kTensorFileEndings[] = {"txt", "npy", "bin", "raw"};

// Reads by the ending: `.txt` numbers separated by white space; `.npy`; `.bin`, `.raw` float32 little-endian without a
// header. Only .npy says its dimensions; for the others there is one dimension, the number of values.
// A value that is not finite is an error (Code::data), as is a file that cannot be read (Code::io, Code::format).
// Messages name the file.
Result<FloatArray> read_tensor_file(const std::string& path);

}  // namespace octet
