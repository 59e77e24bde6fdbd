// Pieces of SVG that the pictures of the report share.
#pragma once

#include <string>

namespace octet::html {

// ` name="12.5"`: one digit behind the point, and a hyphen for minus.
std::string attribute(const char* name, double value);
// `text` is escaped already.
std::string text_at(double x, double y, const char* css, const std::string& text);
std::string line(double x1, double y1, double x2, double y2, const char* css);
// A path through points, as "M1 2L3 4"; begun empty.
void add_point(std::string& path, double x, double y);

}  // namespace octet::html
