// SHA-256 (FIPS 180-4): what a file, a network or a configuration is, in 32 bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace octet {

using Digest = std::array<std::byte, 32>;

class Sha256 {
 public:
  void add(std::span<const std::byte> bytes);
  // Texts and numbers that follow each other stay apart: a text goes in behind its length, a number as eight bytes.
  void add_text(std::string_view text);
  void add_number(std::uint64_t number);
  // Of all that was added; nothing may be added afterwards.
  Digest finish();

 private:
  void compress(const std::byte* block);

  std::array<std::uint32_t, 8> state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<std::byte, 64> block_{};
  std::size_t filled_ = 0;  // of block_
  std::uint64_t bytes_ = 0;
};

inline Digest sha256(std::span<const std::byte> bytes) {
  Sha256 hash;
  hash.add(bytes);
  return hash.finish();
}

// 64 lower-case digits.
std::string hex_text(const Digest& digest);

}  // namespace octet
