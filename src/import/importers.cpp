#include <array>

#include "import/import.h"

namespace octet {

std::span<const Importer> importers() {
  static const std::array<Importer, 3> list{kOnnxImporter, kMnnImporter, kTfliteImporter};
  return list;
}

}  // namespace octet
