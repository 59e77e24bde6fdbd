// Loops that are unrolled where the code is written, so that arrays of vectors become registers.
#pragma once

namespace octet {
namespace {

template <int value>
struct Index {
  constexpr operator int() const { return value; }
};

// body(Index<0>()), body(Index<1>()), ... body(Index<count - 1>())
template <int count, int first = 0, class Body>
[[gnu::always_inline]] inline void unrolled(const Body& body) {
  if constexpr (first < count) {
    body(Index<first>());
    unrolled<count, first + 1>(body);
  }
}

}  // namespace
}  // namespace octet
