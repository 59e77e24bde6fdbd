#include <array>

#include "export/export.h"

namespace octet {

std::span<const Exporter> exporters() {
  static const std::array<Exporter, 2> list{kMnnExporter, kOnnxExporter};
  return list;
}

}  // namespace octet
