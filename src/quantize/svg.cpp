#include "quantize/svg.h"

#include <cmath>

#include "quantize/html_text.h"

namespace octet::html {
namespace {

// In coordinates the minus has to be the hyphen.
std::string coordinate(double value) { return (value < 0 ? "-" : "") + fixed(std::fabs(value), 1); }

}  // namespace

std::string attribute(const char* name, double value) {
  return std::string(" ") + name + "=\"" + coordinate(value) + "\"";
}

std::string text_at(double x, double y, const char* css, const std::string& text) {
  return "<text" + attribute("x", x) + attribute("y", y) + " class=\"" + css + "\">" + text + "</text>\n";
}

std::string line(double x1, double y1, double x2, double y2, const char* css) {
  return std::string("<line class=\"") + css + "\"" + attribute("x1", x1) + attribute("y1", y1) + attribute("x2", x2) +
         attribute("y2", y2) + "/>\n";
}

void add_point(std::string& path, double x, double y) {
  path += (path.empty() ? "M" : "L") + coordinate(x) + " " + coordinate(y);
}

}  // namespace octet::html
