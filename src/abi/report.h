#pragma once

#include <string>

#include "quantize/report.h"

struct q_report {
  octet::Report report;
  std::string json;
};
