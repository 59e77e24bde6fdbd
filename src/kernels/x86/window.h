// The places of a window that lie inside the image, along one axis.
#pragma once

#include <stdint.h>

namespace octet {
namespace {

struct Span {
  int32_t begin, end;
};

// Number of places k, at most `kernel`, with start + k * dilation < limit.
inline int32_t places_before(int64_t limit, int64_t start, int32_t kernel, int32_t dilation) {
  if (start >= limit) return 0;
  const int64_t places = (limit - start - 1) / dilation + 1;
  return places < kernel ? (int32_t)places : kernel;
}

// Places k of [0, kernel) with start + k * dilation in [0, size).
inline Span inside(int64_t start, int32_t kernel, int32_t dilation, int64_t size) {
  const int32_t begin = places_before(0, start, kernel, dilation);
  const int32_t end = places_before(size, start, kernel, dilation);
  return {begin, end > begin ? end : begin};
}

}  // namespace
}  // namespace octet
