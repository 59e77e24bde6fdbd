// Makes image files in memory for the tests, with the encoders of the two libraries.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

// jpeglib.h needs <cstddef> and <cstdio> before it.
#include <jpeglib.h>
#include <png.h>

#include "support/keep_file.h"

namespace octet::test {

using FileBytes = std::vector<std::uint8_t>;

inline std::span<const std::byte> as_span(const FileBytes& bytes) { return std::as_bytes(std::span(bytes)); }
inline std::string as_text(const FileBytes& bytes) { return {bytes.begin(), bytes.end()}; }

// Pixels that change slowly, so that JPEG keeps them nearly as they are, and differently in each channel.
inline std::vector<std::uint8_t> smooth_pixels(int width, int height, int channels) {
  std::vector<std::uint8_t> pixels;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const int values[4] = {40 + 150 * x / width, 220 - 180 * y / height, 30 + 90 * x / width + 90 * y / height, 200};
      for (int c = 0; c < channels; ++c) pixels.push_back(static_cast<std::uint8_t>(values[c]));
    }
  }
  return pixels;
}

// "Exif\0\0" and a TIFF block with the orientation alone.
inline FileBytes exif_block(int orientation, bool big_endian) {
  const auto o = static_cast<std::uint8_t>(orientation);
  if (big_endian) {
    return {'E', 'x',  'i', 'f', 0, 0, 'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1,
            1,   0x12, 0,   3,   0, 0, 0,   1,   0, o,  0, 0, 0, 0, 0, 0};
  }
  return {'E',  'x', 'i', 'f', 0, 0, 'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0,
          0x12, 1,   3,   0,   1, 0, 0,   0,   o,  0, 0, 0, 0, 0, 0, 0};
}

struct JpegOptions {
  J_COLOR_SPACE pixels = JCS_RGB;  // of the pixels given
  J_COLOR_SPACE stored = JCS_YCbCr;
  int quality = 95;
  int h_samp = 2;  // of the first component
  int v_samp = 2;
  bool progressive = false;
  bool arithmetic = false;
  bool scan_per_component = false;
  bool adobe_marker = true;  // for CMYK and YCCK
  unsigned restart_interval = 0;
  FileBytes exif;
};

inline FileBytes encode_jpeg(const std::vector<std::uint8_t>& pixels, int width, int height,
                             const JpegOptions& options = {}) {
  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* memory = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &memory, &size);
  info.image_width = static_cast<JDIMENSION>(width);
  info.image_height = static_cast<JDIMENSION>(height);
  info.in_color_space = options.pixels;
  info.input_components = options.pixels == JCS_GRAYSCALE ? 1 : options.pixels == JCS_CMYK ? 4 : 3;
  jpeg_set_defaults(&info);
  jpeg_set_colorspace(&info, options.stored);
  jpeg_set_quality(&info, options.quality, TRUE);
  info.comp_info[0].h_samp_factor = options.h_samp;
  info.comp_info[0].v_samp_factor = options.v_samp;
  info.restart_interval = options.restart_interval;
  info.arith_code = options.arithmetic ? TRUE : FALSE;
  if (!options.adobe_marker) info.write_Adobe_marker = FALSE;
  if (options.progressive) jpeg_simple_progression(&info);
  jpeg_scan_info scans[4] = {};
  for (int i = 0; i < info.num_components; ++i) scans[i] = {1, {i, 0, 0, 0}, 0, 63, 0, 0};
  if (options.scan_per_component) {
    info.scan_info = scans;
    info.num_scans = info.num_components;
  }
  jpeg_start_compress(&info, TRUE);
  if (!options.exif.empty()) {
    jpeg_write_marker(&info, JPEG_APP0 + 1, options.exif.data(), static_cast<unsigned>(options.exif.size()));
  }
  const std::size_t row_bytes = static_cast<std::size_t>(width) * static_cast<std::size_t>(info.input_components);
  while (info.next_scanline < info.image_height) {
    JSAMPROW row = const_cast<JSAMPROW>(pixels.data() + info.next_scanline * row_bytes);
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  FileBytes bytes(memory, memory + size);
  std::free(memory);
  keep_file("image", as_text(bytes));
  return bytes;
}

struct PngOptions {
  int color_type = PNG_COLOR_TYPE_RGB;
  int bit_depth = 8;
  bool interlaced = false;
  std::vector<png_color> palette;
  std::vector<std::uint8_t> palette_alpha;
  bool transparent_color = false;
  png_color_16 transparent{};
  double gamma = 0;             // 0: no gAMA
  FileBytes exif;               // with its "Exif\0\0", which PNG leaves out
  std::string compressed_text;  // zTXt
};

// `rows` as PNG stores them: packed below 8 bits, big-endian at 16.
inline FileBytes encode_png(const std::vector<std::uint8_t>& rows, int width, int height,
                            const PngOptions& options = {}) {
  FileBytes bytes;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  const auto write = [](png_structp p, png_bytep data, std::size_t size) {
    auto* out = static_cast<FileBytes*>(png_get_io_ptr(p));
    out->insert(out->end(), data, data + size);
  };
  png_set_write_fn(png, &bytes, write, [](png_structp) {});
  png_set_IHDR(png, info, static_cast<png_uint_32>(width), static_cast<png_uint_32>(height), options.bit_depth,
               options.color_type, options.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  if (!options.palette.empty()) {
    png_set_PLTE(png, info, options.palette.data(), static_cast<int>(options.palette.size()));
  }
  if (!options.palette_alpha.empty()) {
    png_set_tRNS(png, info, options.palette_alpha.data(), static_cast<int>(options.palette_alpha.size()), nullptr);
  }
  if (options.transparent_color) png_set_tRNS(png, info, nullptr, 0, &options.transparent);
  if (options.gamma != 0) png_set_gAMA(png, info, options.gamma);
  FileBytes tiff;
  if (!options.exif.empty()) {
    tiff.assign(options.exif.begin() + 6, options.exif.end());
    png_set_eXIf_1(png, info, static_cast<png_uint_32>(tiff.size()), tiff.data());
  }
  if (!options.compressed_text.empty()) {
    png_text text{};
    char key[] = "Comment";
    text.compression = PNG_TEXT_COMPRESSION_zTXt;
    text.key = key;
    text.text = const_cast<char*>(options.compressed_text.c_str());
    png_set_text(png, info, &text, 1);
  }
  png_write_info(png, info);
  const std::size_t row_bytes = png_get_rowbytes(png, info);
  std::vector<png_bytep> pointers;
  for (int y = 0; y < height; ++y) {
    pointers.push_back(const_cast<png_bytep>(rows.data() + static_cast<std::size_t>(y) * row_bytes));
  }
  png_write_image(png, pointers.data());
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  keep_file("image", as_text(bytes));
  return bytes;
}

}  // namespace octet::test
