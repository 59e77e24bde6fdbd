#include "cli/drawing.h"

#include <png.h>

#include <algorithm>
#include <cmath>

#include "cli/failure.h"
#include "cli/files.h"
#include "cli/text.h"

namespace octet::cli {
namespace {

constexpr int kGlyphWidth = 3;
constexpr int kGlyphHeight = 5;
constexpr Colour kFrameColour{0, 230, 60};
constexpr Colour kTextColour{0, 0, 0};

struct Glyph {
  char character;
  const char* rows;  // three dots a row, from the top
};
constexpr Glyph kGlyphs[] = {
    {'0', "### #.# #.# #.# ###"}, {'1', ".#. ##. .#. .#. ###"}, {'2', "### ..# ### #.. ###"},
    {'3', "### ..# .## ..# ###"}, {'4', "#.# #.# ### ..# ..#"}, {'5', "### #.. ### ..# ###"},
    {'6', "### #.. ### #.# ###"}, {'7', "### ..# .#. .#. .#."}, {'8', "### #.# ### #.# ###"},
    {'9', "### #.# ### ..# ###"}, {'.', "... ... ... ... .#."}, {'-', "... ... ### ... ..."},
    {'%', "#.# ..# .#. #.. #.#"},
};

const char* glyph_of(char character) {
  for (const Glyph& glyph : kGlyphs) {
    if (glyph.character == character) return glyph.rows;
  }
  return "... ... ... ... ...";
}

}  // namespace

Colour Canvas::at(int x, int y) const {
  const std::size_t i =
      (static_cast<std::size_t>(y) * static_cast<std::size_t>(width_) + static_cast<std::size_t>(x)) * 3;
  return {pixels_[i], pixels_[i + 1], pixels_[i + 2]};
}

void Canvas::fill(int left, int top, int right, int bottom, Colour colour) {
  left = std::max(left, 0);
  right = std::min(right, width_);
  for (int y = std::max(top, 0); y < std::min(bottom, height_); ++y) {
    for (int x = left; x < right; ++x) {
      const std::size_t i =
          (static_cast<std::size_t>(y) * static_cast<std::size_t>(width_) + static_cast<std::size_t>(x)) * 3;
      pixels_[i] = colour.red;
      pixels_[i + 1] = colour.green;
      pixels_[i + 2] = colour.blue;
    }
  }
}

void Canvas::frame(int left, int top, int right, int bottom, int thickness, Colour colour) {
  fill(left, top, right, top + thickness, colour);
  fill(left, bottom - thickness, right, bottom, colour);
  fill(left, top, left + thickness, bottom, colour);
  fill(right - thickness, top, right, bottom, colour);
}

void Canvas::text(int left, int top, std::string_view text, int scale, Colour colour) {
  for (const char character : text) {
    const char* rows = glyph_of(character);
    for (int y = 0; y < kGlyphHeight; ++y) {
      for (int x = 0; x < kGlyphWidth; ++x) {
        if (rows[y * (kGlyphWidth + 1) + x] != '#') continue;
        fill(left + x * scale, top + y * scale, left + (x + 1) * scale, top + (y + 1) * scale, colour);
      }
    }
    left += (kGlyphWidth + 1) * scale;
  }
}

void draw_detections(Canvas& canvas, std::span<const Detection> detections) {
  const int side = std::max(canvas.width(), canvas.height());
  const int thickness = side < 600 ? 2 : std::max(3, side / 600);
  const int scale = std::max(2, side / 400);
  // Weak ones first, so that the frame and the score of the best one lie on top.
  for (auto detection = detections.rbegin(); detection != detections.rend(); ++detection) {
    const auto rounded = [](float value) { return static_cast<int>(std::lround(value)); };
    const Box& box = detection->box;
    const int left = rounded(box.x1), top = rounded(box.y1), right = rounded(box.x2), bottom = rounded(box.y2);
    canvas.frame(left, top, right, bottom, thickness, kFrameColour);
    const std::string score = fixed(detection->score, 2);
    const int label_width = (static_cast<int>(score.size()) * (kGlyphWidth + 1) + 1) * scale;
    const int label_height = (kGlyphHeight + 2) * scale;
    const int label_top = top >= label_height ? top - label_height : top;
    const int label_left = std::clamp(left, 0, std::max(0, canvas.width() - label_width));
    canvas.fill(label_left, label_top, label_left + label_width, label_top + label_height, kFrameColour);
    canvas.text(label_left + scale, label_top + scale, score, scale, kTextColour);
  }
}

void write_png(const std::string& path, const Canvas& canvas) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(canvas.width());
  image.height = static_cast<png_uint_32>(canvas.height());
  image.format = PNG_FORMAT_RGB;
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
  std::string content(size, '\0');
  if (!png_image_write_to_memory(&image, content.data(), &size, 0, canvas.pixels().data(), 0, nullptr)) {
    throw Failure(Q_E_IO, path + ": the picture cannot be encoded: " + image.message, path);
  }
  content.resize(size);
  write_file(path, content);
}

}  // namespace octet::cli
