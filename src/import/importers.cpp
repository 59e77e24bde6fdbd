#include <array>

#include "import/import.h"

namespace octet {

std::span<const Importer> importers() {
  static const std::array<Importer, 2> list{kOnnxImporter, kMnnImporter};
  return list;
}

}  // namespace octet
