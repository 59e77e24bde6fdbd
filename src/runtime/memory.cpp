#include "runtime/memory.h"

#include <algorithm>
#include <vector>

#include "base/bytes.h"
#include "base/checked.h"

namespace octet {

std::size_t place_buffers(std::span<Buffer> buffers) {
  std::vector<Buffer*> by_size;
  for (Buffer& buffer : buffers) by_size.push_back(&buffer);
  std::stable_sort(by_size.begin(), by_size.end(),
                   [](const Buffer* a, const Buffer* b) { return a->bytes > b->bytes; });
  std::vector<const Buffer*> placed;  // by offset
  std::size_t arena = 0;
  for (Buffer* buffer : by_size) {
    const std::size_t size = align_up(buffer->bytes, kAlignment);
    std::size_t offset = 0;
    for (const Buffer* other : placed) {
      if (other->last < buffer->first || other->first > buffer->last) continue;
      if (other->offset >= offset + size) break;
      offset = std::max(offset, other->offset + align_up(other->bytes, kAlignment));
    }
    buffer->offset = offset;
    arena = std::max(arena, offset + size);
    placed.insert(std::upper_bound(placed.begin(), placed.end(), buffer,
                                   [](const Buffer* a, const Buffer* b) { return a->offset < b->offset; }),
                  buffer);
  }
  return arena;
}

}  // namespace octet
