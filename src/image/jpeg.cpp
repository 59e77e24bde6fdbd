#include <csetjmp>
#include <cstddef>
#include <cstdio>
#include <cstring>

// jpeglib.h needs <cstddef> and <cstdio> before it, and jerror.h comes after it.
// clang-format off
#include <jpeglib.h>
#include <jerror.h>
// clang-format on

#include "image/decode.h"
#include "image/exif.h"

namespace octet {
namespace {

constexpr long kMaxDecoderBytes = 1L << 30;  // coefficients of a progressive image of kMaxImagePixels fit
// A scan can cost a pass over the whole image and only some bytes of the file; encoders write about ten.
constexpr int kMaxScans = 100;

// libjpeg reports through callbacks; a failure jumps back to the last setjmp. Between the two there are only
// frames of libjpeg and of functions here whose locals need no destructor.
struct ErrorState {
  jpeg_error_mgr manager{};  // first: libjpeg hands out its address, from which the callbacks find this struct
  std::jmp_buf recover{};
  char message[JMSG_LENGTH_MAX] = "";
  int code = 0;
  bool input_ended = false;  // libjpeg looked for bytes behind the end of the file
};

static_assert(offsetof(ErrorState, manager) == 0);

ErrorState* state_of(j_common_ptr info) { return reinterpret_cast<ErrorState*>(info->err); }

[[noreturn]] void on_error(j_common_ptr info) {
  ErrorState* state = state_of(info);
  state->code = state->manager.msg_code;
  (*state->manager.format_message)(info, state->message);
  std::longjmp(state->recover, 1);
}

// Negative levels are damage that libjpeg works around by inventing pixels. What touches pixels is an error here.
void on_message(j_common_ptr info, int level) {
  if (level >= 0) return;
  switch (info->err->msg_code) {
    case JWRN_JPEG_EOF:
      state_of(info)->input_ended = true;
      return;
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_MUST_RESYNC:
    case JWRN_BOGUS_PROGRESSION:
      on_error(info);
    default:
      return;
  }
}

void on_output(j_common_ptr) {}

void on_progress(j_common_ptr info) {
  if (reinterpret_cast<j_decompress_ptr>(info)->input_scan_number <= kMaxScans) return;
  ErrorState* state = state_of(info);
  state->code = 0;
  std::snprintf(state->message, sizeof state->message, "more than %d scans", kMaxScans);
  std::longjmp(state->recover, 1);
}

struct Reader {
  Reader() {
    info.err = jpeg_std_error(&error.manager);
    error.manager.error_exit = on_error;
    error.manager.emit_message = on_message;
    error.manager.output_message = on_output;
    progress.progress_monitor = on_progress;
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader() { jpeg_destroy_decompress(&info); }

  jpeg_decompress_struct info{};
  jpeg_progress_mgr progress{};
  ErrorState error;
};

bool read_header(Reader& reader, const unsigned char* data, unsigned long size) {
  if (setjmp(reader.error.recover) != 0) return false;
  jpeg_create_decompress(&reader.info);
  reader.info.progress = &reader.progress;
  reader.info.mem->max_memory_to_use = kMaxDecoderBytes;
  jpeg_mem_src(&reader.info, data, size);
  jpeg_save_markers(&reader.info, JPEG_APP0 + 1, 0xFFFF);
  jpeg_read_header(&reader.info, TRUE);
  return true;
}

// A row of CMYK to RGB. Adobe's files, which are nearly all of them, store 255 for no ink.
void cmyk_to_rgb(const std::uint8_t* from, bool inverted, std::size_t width, std::uint8_t* to) {
  const std::uint8_t flip = inverted ? 0 : 255;
  for (std::size_t x = 0; x < width; ++x, from += 4, to += 3) {
    const int light = from[3] ^ flip;
    for (int c = 0; c < 3; ++c) to[c] = static_cast<std::uint8_t>(((from[c] ^ flip) * light + 127) / 255);
  }
}

// `out` takes height rows of width * (1 or 3) bytes; `row` is room for one row of CMYK, or null.
bool read_pixels(Reader& reader, std::uint8_t* out, std::uint8_t* row) {
  jpeg_decompress_struct& info = reader.info;
  if (setjmp(reader.error.recover) != 0) return false;
  jpeg_start_decompress(&info);
  const std::size_t row_bytes = std::size_t{info.output_width} * (row != nullptr ? 3u : info.output_components);
  while (info.output_scanline < info.output_height) {
    std::uint8_t* const target = out + info.output_scanline * row_bytes;
    JSAMPROW scanline = row != nullptr ? row : target;
    jpeg_read_scanlines(&info, &scanline, 1);
    if (row != nullptr) cmyk_to_rgb(row, info.saw_Adobe_marker != 0, info.output_width, target);
  }
  return true;
}

Status failure(const Reader& reader) {
  switch (reader.error.code) {
    case JERR_OUT_OF_MEMORY:
      return fail(Code::memory, "out of memory while decoding a JPEG file");
    case JERR_NO_BACKING_STORE:
      return fail(Code::format, "decoding this JPEG file needs more than " + std::to_string(kMaxDecoderBytes >> 20) +
                                    " MiB; scale the image down");
    case JERR_INPUT_EOF:
    case JWRN_HIT_MARKER:
      return truncated_image("JPEG");
    default:
      return reader.error.input_ended ? truncated_image("JPEG") : damaged_image("JPEG", reader.error.message);
  }
}

// The least size of the compressed data: every block has at least one Huffman code in its first scan.
bool size_is_plausible(const jpeg_decompress_struct& info, std::size_t file_bytes) {
  if (info.arith_code) return true;  // codes of less than a bit
  std::uint64_t blocks = 0;
  for (int i = 0; i < info.num_components; ++i) {
    blocks += std::uint64_t{info.comp_info[i].width_in_blocks} * info.comp_info[i].height_in_blocks;
  }
  return blocks / 8 <= file_bytes;
}

Status choose_output(jpeg_decompress_struct& info) {
  // Smoothing guesses what missing scans would have brought; missing scans are an error.
  info.do_block_smoothing = FALSE;
  switch (info.jpeg_color_space) {
    case JCS_GRAYSCALE:
      info.out_color_space = JCS_GRAYSCALE;
      return {};
    case JCS_RGB:
    case JCS_YCbCr:
      info.out_color_space = JCS_RGB;
      return {};
    case JCS_CMYK:
    case JCS_YCCK:
      info.out_color_space = JCS_CMYK;
      return {};
    default:
      return fail(Code::format, "the JPEG file has " + std::to_string(info.num_components) +
                                    " colour components of unknown meaning: grey, YCbCr, RGB, CMYK and YCCK are "
                                    "read; convert it to one of them");
  }
}

// A file that ends where no bits are missing has lost its end marker alone if it is in one scan of Huffman codes. Of
// several scans, later ones are missing; an arithmetic decoder needs no bytes to go on.
bool lacks_data(Reader& reader) {
  jpeg_decompress_struct& info = reader.info;
  const bool can_tell = !jpeg_has_multiple_scans(&info) && !info.arith_code;
  if (reader.error.input_ended && !can_tell) return true;
  if (info.coef_bits == nullptr) return false;
  for (int i = 0; i < info.num_components; ++i) {
    if (info.coef_bits[i][0] < 0) return true;  // a component that never got its average values
  }
  return false;
}

int orientation_of(const jpeg_decompress_struct& info) {
  static constexpr char kPrefix[6] = {'E', 'x', 'i', 'f', 0, 0};
  for (jpeg_saved_marker_ptr marker = info.marker_list; marker != nullptr; marker = marker->next) {
    if (marker->data_length < sizeof kPrefix || std::memcmp(marker->data, kPrefix, sizeof kPrefix) != 0) continue;
    return exif_orientation(std::as_bytes(std::span(marker->data, marker->data_length)).subspan(sizeof kPrefix));
  }
  return 1;
}

}  // namespace

Result<Decoded> decode_jpeg(std::span<const std::byte> bytes) {
  Reader reader;
  if (!read_header(reader, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size())) return failure(reader);
  jpeg_decompress_struct& info = reader.info;
  OCTET_TRY(check_image_size(info.image_width, info.image_height));
  if (!size_is_plausible(info, bytes.size())) {
    return impossible_image("JPEG", info.image_width, info.image_height, bytes.size());
  }
  OCTET_TRY(choose_output(info));

  Decoded decoded;
  Image& image = decoded.image;
  image.width = static_cast<int>(info.image_width);
  image.height = static_cast<int>(info.image_height);
  image.channels = info.out_color_space == JCS_GRAYSCALE ? 1 : 3;
  image.pixels.resize(std::size_t{info.image_width} * info.image_height * static_cast<std::size_t>(image.channels));
  std::vector<std::uint8_t> cmyk_row(info.out_color_space == JCS_CMYK ? std::size_t{info.image_width} * 4 : 0);
  if (!read_pixels(reader, image.pixels.data(), cmyk_row.empty() ? nullptr : cmyk_row.data())) return failure(reader);
  if (lacks_data(reader)) return truncated_image("JPEG");
  decoded.orientation = orientation_of(info);
  return decoded;
}

}  // namespace octet
