#include "base/bytes.h"

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>

namespace octet {

namespace {

std::shared_ptr<std::byte[]> allocate_from(const Allocator& allocator, std::size_t size_bytes) {
  const std::size_t size = size_bytes == 0 ? 1 : size_bytes;
  auto* const memory = static_cast<std::byte*>(allocator.allocate(allocator.user, size, kAlignment));
  if (memory == nullptr) throw std::bad_alloc();
  std::memset(memory, 0, size);
  const auto release = [allocator, size](std::byte* begin) { allocator.release(allocator.user, begin, size); };
  return {memory, release};  // releases it, too, where there is no memory for the counters
}

}  // namespace

// calloc takes large memory from the system as zero pages, which cost nothing until they are written.
std::shared_ptr<std::byte[]> allocate_aligned(std::size_t size_bytes, const Allocator& allocator) {
  if (allocator.allocate != nullptr) return allocate_from(allocator, size_bytes);
  if (size_bytes > static_cast<std::size_t>(PTRDIFF_MAX)) throw std::bad_alloc();  // rounding up would overflow
  void* memory = std::calloc(size_bytes + kAlignment, 1);
  if (memory == nullptr) throw std::bad_alloc();
  const auto address = reinterpret_cast<std::uintptr_t>(memory);
  auto* aligned = static_cast<std::byte*>(memory) + (kAlignment - address % kAlignment) % kAlignment;
  return {aligned, [memory](std::byte*) { std::free(memory); }};
}

Bytes Bytes::copy_of(const void* data, std::size_t size) {
  auto memory = allocate_aligned(size);
  if (size != 0) std::memcpy(memory.get(), data, size);
  const std::byte* begin = memory.get();
  return {std::shared_ptr<const void>(std::move(memory), begin), begin, size};
}

}  // namespace octet
