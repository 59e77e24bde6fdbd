// Files of tensors from anywhere: .npy, and the same bytes as numbers in text.
#include <cmath>

#include "fuzz.h"
#include "image/tensor_file.h"
#include "support/temporary.h"

namespace octet::fuzz {
namespace {

void require_whole(const FloatArray& array) {
  std::size_t count = 1;
  for (const std::int64_t dim : array.dims) count *= static_cast<std::size_t>(dim);
  require(array.values.size() == count, "an array has as many values as its shape says");
}

}  // namespace
}  // namespace octet::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace octet;
  const auto array = read_npy(std::as_bytes(std::span(data, size)));
  array.ok() ? fuzz::require_whole(*array) : fuzz::require_message(array.status());
  if (size > 0 && data[0] == 0x93) return 0;  // no text begins so
  static const test::TemporaryFolder folder;
  const auto numbers = read_tensor_file(folder.write("numbers.txt", {reinterpret_cast<const char*>(data), size}));
  if (!numbers.ok()) {
    fuzz::require_message(numbers.status());
    return 0;
  }
  fuzz::require_whole(*numbers);
  for (const float value : numbers->values) fuzz::require(std::isfinite(value), "values of samples are finite");
  return 0;
}
