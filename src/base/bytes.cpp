#include "base/bytes.h"

#include <cstdint>
#include <cstring>
#include <new>

namespace octet {

std::shared_ptr<std::byte[]> allocate_aligned(std::size_t size_bytes) {
  if (size_bytes > static_cast<std::size_t>(PTRDIFF_MAX)) throw std::bad_alloc();  // rounding up would overflow
  auto deleter = [](std::byte* p) { ::operator delete[](p, std::align_val_t{kAlignment}); };
  const std::size_t size = size_bytes == 0 ? 1 : size_bytes;
  auto* memory = static_cast<std::byte*>(::operator new[](size, std::align_val_t{kAlignment}));
  std::memset(memory, 0, size);
  return {memory, deleter};
}

Bytes Bytes::copy_of(const void* data, std::size_t size) {
  auto memory = allocate_aligned(size);
  if (size != 0) std::memcpy(memory.get(), data, size);
  const std::byte* begin = memory.get();
  return {std::shared_ptr<const void>(std::move(memory), begin), begin, size};
}

}  // namespace octet
