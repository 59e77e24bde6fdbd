// Which kind of file the first bytes announce.
#pragma once

#include <cstddef>
#include <span>

namespace octet {

enum class FileKind {
  unknown,
  jpeg,
  png,
  other_image,  // an image, but of a kind that is not decoded here
  no_image,     // certainly something else
};

struct Magic {
  FileKind kind = FileKind::unknown;
  const char* description = "";  // "a WebP image"; empty when unknown
};

Magic identify(std::span<const std::byte> bytes);

}  // namespace octet
