#include "image/magic.h"

#include <string_view>

namespace octet {
namespace {

struct Signature {
  std::size_t offset;
  std::string_view bytes;
  FileKind kind;
  const char* description;
};

using namespace std::string_view_literals;

// In the order of the search: longer and surer signatures first.
constexpr Signature kSignatures[] = {
    {0, "\xFF\xD8\xFF"sv, FileKind::jpeg, "a JPEG image"},
    // Without the line ends that follow: a PNG damaged by a text-mode transfer is still named as one.
    {0, "\x89PNG"sv, FileKind::png, "a PNG image"},
    {0, "GIF8"sv, FileKind::other_image, "a GIF image"},
    {8, "WEBP"sv, FileKind::other_image, "a WebP image"},
    {4, "ftypavi"sv, FileKind::other_image, "an AVIF image"},
    {4, "ftyphei"sv, FileKind::other_image, "a HEIC image"},
    {4, "ftypmif1"sv, FileKind::other_image, "a HEIF image"},
    {0, "II*\0"sv, FileKind::other_image, "a TIFF image"},
    {0, "MM\0*"sv, FileKind::other_image, "a TIFF image"},
    {0, "\0\0\0\x0CjP  "sv, FileKind::other_image, "a JPEG 2000 image"},
    {0, "\xFF\x4F\xFF\x51"sv, FileKind::other_image, "a JPEG 2000 image"},
    {0, "\0\0\0\x0CJXL "sv, FileKind::other_image, "a JPEG XL image"},
    {0, "\xFF\x0A"sv, FileKind::other_image, "a JPEG XL image"},
    {0, "8BPS"sv, FileKind::other_image, "a Photoshop image"},
    {0, "qoif"sv, FileKind::other_image, "a QOI image"},
    {0, "\0\0\x01\0"sv, FileKind::other_image, "a Windows icon"},
    {0, "v/1\x01"sv, FileKind::other_image, "an OpenEXR image"},
    {0, "\x93NUMPY"sv, FileKind::no_image, "a NumPy array"},
    {0, "version https://"sv, FileKind::no_image, "a Git LFS pointer, not the file itself (git lfs pull fetches it)"},
    {0, "%PDF"sv, FileKind::no_image, "a PDF document"},
    {0, "PK\x03\x04"sv, FileKind::no_image, "a ZIP archive"},
    {0, "<!DOCTYPE"sv, FileKind::no_image, "a web page (HTML)"},
    {0, "<!doctype"sv, FileKind::no_image, "a web page (HTML)"},
    {0, "<html"sv, FileKind::no_image, "a web page (HTML)"},
    {0, "<svg"sv, FileKind::other_image, "an SVG drawing"},
};

// "BM" alone is too weak: the header's reserved bytes must be zero as well.
bool is_bmp(std::string_view text) {
  return text.size() >= 14 && text.substr(0, 2) == "BM" && text.substr(6, 4) == "\0\0\0\0"sv;
}

bool is_pnm(std::string_view text) {
  return text.size() >= 3 && text[0] == 'P' && text[1] >= '1' && text[1] <= '7' &&
         (text[2] == '\n' || text[2] == ' ' || text[2] == '\r');
}

}  // namespace

Magic identify(std::span<const std::byte> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  for (const Signature& s : kSignatures) {
    if (text.size() >= s.offset && text.substr(s.offset, s.bytes.size()) == s.bytes) return {s.kind, s.description};
  }
  if (is_bmp(text)) return {FileKind::other_image, "a BMP image"};
  if (is_pnm(text)) return {FileKind::other_image, "a PNM image"};
  return {};
}

}  // namespace octet
