#include "image/image.h"

#include "base/file.h"
#include "base/text.h"
#include "image/decode.h"
#include "image/in_quotes.h"
#include "image/magic.h"
#include "image/pixels.h"

namespace octet {
namespace {

std::string size_text(std::int64_t width, std::int64_t height) {
  return std::to_string(width) + "x" + std::to_string(height);
}

Result<Decoded> decode(std::span<const std::byte> bytes, PixelFormat format) {
  const Magic magic = identify(bytes);
  switch (magic.kind) {
    case FileKind::jpeg:
      return decode_jpeg(bytes);
    case FileKind::png:
      return decode_png(bytes, channels_of(format) == 4);
    case FileKind::other_image:
      return fail(Code::format, std::string("it is ") + magic.description +
                                    ": only JPEG and PNG are read; convert it to one of them");
    case FileKind::no_image:
      return fail(Code::format, std::string("it is ") + magic.description + ": a JPEG or PNG image is needed");
    case FileKind::unknown:
      break;
  }
  if (bytes.empty()) return fail(Code::format, "the file is empty: a JPEG or PNG image is needed");
  return fail(Code::format, "its first bytes are those of no known image: a JPEG or PNG image is needed");
}

}  // namespace

Result<Image> decode_image(std::span<const std::byte> bytes, PixelFormat format, const std::string& name) {
  auto decoded = decode(bytes, format);
  if (!decoded.ok()) return decoded.status().within("cannot decode " + in_quotes(name));
  return oriented(to_format(std::move(decoded->image), format), decoded->orientation);
}

Result<Image> load_image(const std::string& path, PixelFormat format) {
  OCTET_ASSIGN(const Bytes bytes, map_file(path));
  return decode_image(bytes.span(), format, path);
}

bool looks_like_image(std::span<const std::byte> bytes) {
  const FileKind kind = identify(bytes).kind;
  return kind == FileKind::jpeg || kind == FileKind::png || kind == FileKind::other_image;
}

Status check_image_size(std::int64_t width, std::int64_t height) {
  if (width <= 0 || height <= 0) return fail(Code::format, "its header says " + size_text(width, height) + " pixels");
  if (width > kMaxImageSide || height > kMaxImageSide) {
    return fail(Code::format, "it is " + size_text(width, height) + " pixels: at most " +
                                  std::to_string(kMaxImageSide) + " a side are read; scale it down");
  }
  if (width * height > kMaxImagePixels) {
    return fail(Code::format, "it is " + size_text(width, height) + " = " + std::to_string(width * height) +
                                  " pixels: at most " + std::to_string(kMaxImagePixels) + " are read; scale it down");
  }
  return {};
}

Status truncated_image(const char* kind) {
  return fail(Code::format, std::string("the ") + kind +
                                " data end before the picture does: the file is truncated or " +
                                "damaged; copy it again or remove it");
}

Status damaged_image(const char* kind, const char* detail) {
  return fail(Code::format, std::string("the ") + kind + " file is damaged or not a variant that can be read (" +
                                printable(detail) + "); replace or remove it");
}

Status impossible_image(const char* kind, std::int64_t width, std::int64_t height, std::size_t bytes) {
  return fail(Code::format, std::string("its header says ") + size_text(width, height) + " pixels, more than a " +
                                kind + " file of " + std::to_string(bytes) +
                                " bytes can hold: it is truncated or damaged; replace or remove it");
}

}  // namespace octet
