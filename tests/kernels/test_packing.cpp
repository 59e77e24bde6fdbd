// Packed weights do not depend on the height of the image: what lets a layer run on some rows at a time.
#include <cstring>

#include "kernels/conv_cases.h"

namespace octet::test {
namespace {

template <class Row, class Constants>
std::vector<char> packed(const Row& row, const ConvGeometry& g, const Constants& constants) {
  std::vector<char> bytes(row.packed_bytes(g) + 64);
  void* aligned = bytes.data();
  std::size_t room = bytes.size();
  std::align(64, row.packed_bytes(g), aligned, room);
  row.pack(g, constants, aligned);
  const char* begin = static_cast<const char*>(aligned);
  return {begin, begin + row.packed_bytes(g)};
}

template <class Rows, class Constants>
void check_heights(Rows rows, ConvKind kind, const ConvGeometry& whole, const Constants& constants) {
  for_rows(
      rows, [&](const auto& row) { return row.supports(whole); },
      [&](const auto& row, bool) {
        const auto expected = packed(row, whole, constants);
        for (const std::int32_t height : {1, 2, 3, 5, 8, 40}) {
          for (const std::int32_t batch : {1, 2}) {
            ConvGeometry g = whole;
            g.batch = batch;
            g.in_h = height;
            set_output_size(g, kind, g.pad_top, g.pad_left);
            if (g.out_h < 1) g.out_h = 1;
            if (packed(row, g, constants) != expected) {
              fail_msg("%s packs other bytes for %s than for %s", row.name, text_of(g).c_str(), text_of(whole).c_str());
            }
          }
        }
      });
}

void test_packing_knows_no_height(void**) {
  for (std::uint32_t seed = 1; seed <= 60; ++seed) {
    Random random(seed);
    for (const ConvKind kind : {ConvKind::general, ConvKind::depthwise}) {
      ConvGeometry g = random_geometry(kind, random);
      g.batch = 1;
      g.in_h = 20;
      g.in_w = kSteadyPackingWidth * g.stride_w + (g.kernel_w - 1) * g.dilation_w + random.between(0, 30);
      set_output_size(g, kind, g.pad_top, g.pad_left);
      if (g.out_w < kSteadyPackingWidth) continue;
      const auto i8 = random_i8(g, kind, random, false);
      const ConvI8Constants i8_constants{i8.weight.data(), i8.bias.data(), i8.multiplier.data(), i8.zero_point};
      check_heights(kind == ConvKind::general ? conv_i8_rows() : depthwise_i8_rows(), kind, g, i8_constants);
      const auto f32 = random_f32(g, kind, random);
      const ConvF32Constants f32_constants{f32.weight.data(), f32.bias.data(), nullptr, 0};
      check_heights(kind == ConvKind::general ? conv_f32_rows() : depthwise_f32_rows(), kind, g, f32_constants);
    }
  }
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {cmocka_unit_test(test_packing_knows_no_height)};
  return cmocka_run_group_tests_name("packing", tests, nullptr, nullptr);
}
