// JSON configurations from anywhere.
#include "fuzz.h"
#include "quantize/config.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace octet;
  const auto config = parse_config({reinterpret_cast<const char*>(data), size}, "face.json");
  if (config.ok()) {
    (void)config->to_recipe();
  } else {
    fuzz::require_message(config.status());
  }
  return 0;
}
