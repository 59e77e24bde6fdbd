// The one thing that is wanted from EXIF data: how the camera was held.
#pragma once

#include <cstddef>
#include <span>

namespace octet {

// The orientation 1..8 of a TIFF block (EXIF without its "Exif\0\0" prefix); 1 (as stored) when the block has
// none or cannot be read: damaged metadata do not make a picture unreadable.
int exif_orientation(std::span<const std::byte> tiff);

}  // namespace octet
