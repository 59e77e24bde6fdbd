// Boxes with their scores, drawn into a picture.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/detections.h"

namespace octet::cli {

struct Colour {
  std::uint8_t red = 0, green = 0, blue = 0;
};

// An RGB picture, rows from the top.
class Canvas {
 public:
  // `pixels`: width * height * 3.
  Canvas(int width, int height, std::span<const std::uint8_t> pixels)
      : width_(width), height_(height), pixels_(pixels.begin(), pixels.end()) {}

  int width() const { return width_; }
  int height() const { return height_; }
  std::span<const std::uint8_t> pixels() const { return pixels_; }
  Colour at(int x, int y) const;

  // Everything is cut at the borders.
  void fill(int left, int top, int right, int bottom, Colour colour);
  void frame(int left, int top, int right, int bottom, int thickness, Colour colour);
  // Digits, '.', '-' and '%', `scale` pixels a dot; other characters are blank. (left, top) is the first one's corner.
  void text(int left, int top, std::string_view text, int scale, Colour colour);

 private:
  int width_;
  int height_;
  std::vector<std::uint8_t> pixels_;
};

// Frames of 2 or 3 pixels (more on a very large picture) with the score above each, or inside where there is no room.
void draw_detections(Canvas& canvas, std::span<const Detection> detections);

// The picture as a PNG file, written beside its target first.
void write_png(const std::string& path, const Canvas& canvas);

}  // namespace octet::cli
