// .octet files whose checksum is right whatever else is wrong: nobody who makes a file to hurt leaves it wrong.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"

namespace octet::fuzz {

// A copy whose end is padded and whose checksum is right, where the bytes have the structure of a .octet file.
Bytes with_checksum(const std::uint8_t* data, std::size_t size);

}  // namespace octet::fuzz
