#include <array>

#include "export/export.h"

namespace octet {

std::span<const Exporter> exporters() {
  static const std::array<Exporter, 1> list{kMnnExporter};
  return list;
}

}  // namespace octet
