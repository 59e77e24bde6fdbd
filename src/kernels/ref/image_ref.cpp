#include "kernels/image.h"

namespace octet {
namespace {

void resize(const ResizeRowArgs& args) {
  for (int32_t c = 0; c < args.planes; ++c) {
    if (args.from[c] < 0) continue;
    float* const output = args.output + c * args.count;
    for (int64_t i = 0; i < args.count; ++i) {
      const uint8_t* const pixel = args.row + args.first[i] + args.from[c];
      const float a = (float)pixel[0];
      output[i] = args.weight[i] == 0 ? a : a + ((float)pixel[args.pixel_bytes] - a) * args.weight[i];
    }
  }
}

void blend(const BlendRowsArgs& args) {
  for (int64_t i = 0; i < args.count; ++i) {
    const float pixel = args.top[i] + (args.bottom[i] - args.top[i]) * args.weight;
    args.output[i] = (pixel - args.mean) * args.normal;
  }
}

}  // namespace

extern const ImageRow image_ref = {"image_ref", Isa::ref, resize, blend};

}  // namespace octet
