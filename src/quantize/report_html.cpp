#include "quantize/report.h"

namespace octet {
std::string report_html(const Report& report) { return report_json(report); }
}  // namespace octet
