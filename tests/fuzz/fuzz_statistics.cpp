// Statistics from anywhere, with a checksum that is right.
#include <algorithm>
#include <vector>

#include "fuzz.h"
#include "quantize/statistics.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace octet;
  constexpr std::int64_t kBatch = 4;
  if (size == 0) return 0;
  const std::size_t groups = data[0] % 8;  // of the observed network
  std::vector<std::byte> file(size - 1);
  std::transform(data + 1, data + size, file.begin(), [](std::uint8_t byte) { return std::byte{byte}; });
  const Digest digest = sha256(file);
  file.insert(file.end(), digest.begin(), digest.end());
  const auto statistics = parse_statistics(file, groups, kBatch, [](const Statistics&) { return Status(); });
  if (!statistics.ok()) {
    fuzz::require_message(statistics.status());
    return 0;
  }
  fuzz::require(statistics->groups.size() == groups, "there is a tally for each group");
  const auto again =
      parse_statistics(statistics_bytes(*statistics), groups, kBatch, [](const Statistics&) { return Status(); });
  fuzz::require(again.ok(), "what is written can be read", again.status().message());
  return 0;
}
