#include <png.h>

#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "image/decode.h"
#include "image/exif.h"

namespace octet {
namespace {

constexpr std::size_t kHeaderBytes = 8 + 8 + 13;  // signature, length and name of IHDR, its data
constexpr png_alloc_size_t kMaxChunkBytes = 8u << 20;
constexpr std::uint64_t kMaxDeflateRatio = 1032;  // deflate makes at most this many bytes of one

// libpng reports through callbacks; a failure jumps back to the last setjmp. Between the two there are only
// frames of libpng and of functions here whose locals need no destructor.
struct Reader {
  explicit Reader(std::span<const std::byte> bytes) : rest(bytes) {}
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader() { png_destroy_read_struct(&png, &info, nullptr); }

  png_structp png = nullptr;
  png_infop info = nullptr;
  std::span<const std::byte> rest;  // not read yet
  char message[200] = "";
  bool truncated = false;
  bool out_of_memory = false;
};

[[noreturn]] void on_error(png_structp png, png_const_charp message) {
  auto* reader = static_cast<Reader*>(png_get_error_ptr(png));
  std::snprintf(reader->message, sizeof reader->message, "%s", message);
  png_longjmp(png, 1);
}

void on_warning(png_structp, png_const_charp) {}

void on_read(png_structp png, png_bytep out, std::size_t size) {
  auto* reader = static_cast<Reader*>(png_get_io_ptr(png));
  if (reader->rest.size() < size) {
    reader->truncated = true;
    png_error(png, "the file ends early");
  }
  std::memcpy(out, reader->rest.data(), size);
  reader->rest = reader->rest.subspan(size);
}

// libpng keeps its own limit for most chunks, but takes what the header of EXIF asks for before it reads any of it.
void* on_allocate(png_structp png, png_alloc_size_t size) {
  if (size > kMaxChunkBytes) return nullptr;
  void* memory = std::malloc(size);
  if (memory == nullptr) static_cast<Reader*>(png_get_mem_ptr(png))->out_of_memory = true;
  return memory;
}

void on_free(png_structp, void* memory) { std::free(memory); }

bool create(Reader& reader) {
  reader.png =
      png_create_read_struct_2(PNG_LIBPNG_VER_STRING, &reader, on_error, on_warning, &reader, on_allocate, on_free);
  if (reader.png != nullptr) reader.info = png_create_info_struct(reader.png);
  return reader.info != nullptr;
}

// Reads up to the pixels and sets the conversion to 8 bits without palette.
bool read_header(Reader& reader, bool keep_alpha) {
  png_structp png = reader.png;
  if (setjmp(png_jmpbuf(png)) != 0) return false;
  png_set_read_fn(png, &reader, on_read);
  png_set_user_limits(png, static_cast<png_uint_32>(kMaxImageSide), static_cast<png_uint_32>(kMaxImageSide));
  png_set_chunk_malloc_max(png, kMaxChunkBytes);
  png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
  // Texts, colour profiles and the like are passed over without being unpacked; EXIF is kept.
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_AS_DEFAULT, reinterpret_cast<png_const_bytep>("eXIf"), 1);
  png_read_info(png, reader.info);
  png_set_expand(png);
  png_set_scale_16(png);
  if (!keep_alpha) png_set_strip_alpha(png);
  return true;
}

// `passes` of png_set_interlace_handling come over the same rows one after another.
bool begin_pixels(Reader& reader, int* passes) {
  if (setjmp(png_jmpbuf(reader.png)) != 0) return false;
  *passes = png_set_interlace_handling(reader.png);
  png_read_update_info(reader.png, reader.info);
  return true;
}

bool read_pixels(Reader& reader, int passes, std::uint8_t* out, std::size_t row_bytes, std::uint32_t rows) {
  if (setjmp(png_jmpbuf(reader.png)) != 0) return false;
  for (int pass = 0; pass < passes; ++pass) {
    for (std::uint32_t y = 0; y < rows; ++y) png_read_row(reader.png, out + y * row_bytes, nullptr);
  }
  png_read_end(reader.png, reader.info);
  return true;
}

Status failure(const Reader& reader) {
  if (reader.out_of_memory) return fail(Code::memory, "out of memory while decoding a PNG file");
  return reader.truncated ? truncated_image("PNG") : damaged_image("PNG", reader.message);
}

std::uint32_t big_endian_u32(const std::byte* bytes) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = (value << 8) | std::to_integer<std::uint32_t>(bytes[i]);
  return value;
}

// Looks at the header before libpng does: to name the size, and to refuse it before memory is taken.
Status check_header(std::span<const std::byte> bytes) {
  if (bytes.size() < kHeaderBytes) return truncated_image("PNG");
  if (std::memcmp(bytes.data() + 12, "IHDR", 4) != 0) return damaged_image("PNG", "it does not begin with its header");
  const std::uint32_t width = big_endian_u32(bytes.data() + 16);
  const std::uint32_t height = big_endian_u32(bytes.data() + 20);
  OCTET_TRY(check_image_size(width, height));
  const auto depth = std::to_integer<std::uint64_t>(bytes[24]);
  const auto color = std::to_integer<unsigned>(bytes[25]);
  const std::uint64_t channels = color == PNG_COLOR_TYPE_RGB          ? 3
                                 : color == PNG_COLOR_TYPE_RGBA       ? 4
                                 : color == PNG_COLOR_TYPE_GRAY_ALPHA ? 2
                                                                      : 1;
  const std::uint64_t raw_bytes = (width * channels * depth / 8 + 1) * height;
  if (raw_bytes / kMaxDeflateRatio > bytes.size()) return impossible_image("PNG", width, height, bytes.size());
  return {};
}

int orientation_of(const Reader& reader) {
  png_bytep exif = nullptr;
  png_uint_32 size = 0;
  if (png_get_eXIf_1(reader.png, reader.info, &size, &exif) == 0) return 1;
  return exif_orientation(std::as_bytes(std::span(exif, size)));
}

}  // namespace

Result<Decoded> decode_png(std::span<const std::byte> bytes, bool keep_alpha) {
  OCTET_TRY(check_header(bytes));
  Reader reader(bytes);
  if (!create(reader)) return fail(Code::memory, "out of memory while decoding a PNG file");
  int passes = 1;
  if (!read_header(reader, keep_alpha) || !begin_pixels(reader, &passes)) return failure(reader);

  Decoded decoded;
  Image& image = decoded.image;
  const std::uint32_t height = png_get_image_height(reader.png, reader.info);
  image.width = static_cast<int>(png_get_image_width(reader.png, reader.info));
  image.height = static_cast<int>(height);
  image.channels = png_get_channels(reader.png, reader.info);
  const std::size_t row_bytes = png_get_rowbytes(reader.png, reader.info);
  if (row_bytes != static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.channels)) {
    return damaged_image("PNG", "its rows have an unexpected size");
  }
  image.pixels.resize(row_bytes * height);
  if (!read_pixels(reader, passes, image.pixels.data(), row_bytes, height)) return failure(reader);
  decoded.orientation = orientation_of(reader);
  return decoded;
}

}  // namespace octet
