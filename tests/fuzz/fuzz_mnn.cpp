// MNN files from anywhere: imported, prepared and run.
#include "fuzz.h"
#include "import/import.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace octet;
  const Bytes bytes = Bytes::copy_of(data, size);
  (void)kMnnImporter.probe(bytes.span(), "");
  auto graph = kMnnImporter.import(bytes, "");
  if (graph.ok()) {
    fuzz::prepare_and_use(*std::move(graph));
  } else {
    fuzz::require_message(graph.status());
  }
  return 0;
}
