#include <array>

#include "export/export.h"

namespace octet {

std::span<const Exporter> exporters() {
  static const std::array<Exporter, 3> list{kMnnExporter, kOnnxExporter, kTfliteExporter};
  return list;
}

}  // namespace octet
