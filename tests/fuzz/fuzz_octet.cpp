// .octet files from anywhere: as they are, and with the checksum made right so that the checks behind it are reached.
#include "fuzz.h"
#include "model/model.h"
#include "octet_file.h"

namespace octet::fuzz {
namespace {

void read(const Bytes& bytes) {
  const auto graph = read_octet(bytes, "");
  if (!graph.ok()) return require_message(graph.status());
  require(validate(*graph).ok(), "what is read is valid", validate(*graph).message());
  use(*graph);
  const auto again = octet_bytes(*graph);
  if (!again.ok()) return require_message(again.status());
  const auto second = read_octet(*again, "");
  require(second.ok(), "what is written can be read", second.status().message());
}

}  // namespace
}  // namespace octet::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace octet;
  const auto as_it_is = read_octet(Bytes::copy_of(data, size), "");
  if (!as_it_is.ok()) fuzz::require_message(as_it_is.status());
  fuzz::read(fuzz::with_checksum(data, size));
  return 0;
}
