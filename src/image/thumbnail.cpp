#include "image/thumbnail.h"

#include <algorithm>
#include <csetjmp>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <memory>

// jpeglib.h needs <cstddef> and <cstdio> before it.
#include <jpeglib.h>

namespace octet {
namespace {

constexpr int kQuality = 80;

// libjpeg reports a failure through a callback, which jumps back. Between the two there are only frames of libjpeg and
// of functions here whose locals need no destructor.
struct ErrorState {
  jpeg_error_mgr manager{};  // first: libjpeg hands out its address, from which the callback finds this struct
  std::jmp_buf recover{};
  char message[JMSG_LENGTH_MAX] = "";
};

static_assert(offsetof(ErrorState, manager) == 0);

[[noreturn]] void on_error(j_common_ptr info) {
  auto* state = reinterpret_cast<ErrorState*>(info->err);
  (*state->manager.format_message)(info, state->message);
  std::longjmp(state->recover, 1);
}

struct Writer {
  ErrorState error;
  jpeg_compress_struct info{};
  unsigned char* bytes = nullptr;  // libjpeg takes them with malloc
  unsigned long size = 0;

  Writer() {
    info.err = jpeg_std_error(&error.manager);
    error.manager.error_exit = on_error;
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer() {
    jpeg_destroy_compress(&info);
    std::free(bytes);
  }
};

bool write(Writer& writer, const Image& image) {
  if (setjmp(writer.error.recover) != 0) return false;
  jpeg_create_compress(&writer.info);
  jpeg_mem_dest(&writer.info, &writer.bytes, &writer.size);
  writer.info.image_width = static_cast<JDIMENSION>(image.width);
  writer.info.image_height = static_cast<JDIMENSION>(image.height);
  writer.info.input_components = image.channels;
  writer.info.in_color_space = image.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(&writer.info);
  jpeg_set_quality(&writer.info, kQuality, TRUE);
  jpeg_start_compress(&writer.info, TRUE);
  const auto stride = static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.channels);
  while (writer.info.next_scanline < writer.info.image_height) {
    auto* row = const_cast<JSAMPROW>(image.pixels.data() + writer.info.next_scanline * stride);  // libjpeg only reads
    jpeg_write_scanlines(&writer.info, &row, 1);
  }
  jpeg_finish_compress(&writer.info);
  return true;
}

}  // namespace

Image shrink(const Image& image, int side) {
  const int block = (std::max(image.width, image.height) + side - 1) / side;
  if (block <= 1) return image;
  Image small;
  small.width = std::max(1, image.width / block);
  small.height = std::max(1, image.height / block);
  small.channels = image.channels;
  const auto at = [&](int x, int y, int c) {
    return static_cast<std::size_t>((std::int64_t{y} * image.width + x) * image.channels + c);
  };
  for (int y = 0; y < small.height; ++y) {
    for (int x = 0; x < small.width; ++x) {
      const int right = std::min(image.width, (x + 1) * block);
      const int bottom = std::min(image.height, (y + 1) * block);
      const int count = (right - x * block) * (bottom - y * block);
      for (int c = 0; c < image.channels; ++c) {
        int sum = 0;
        for (int row = y * block; row < bottom; ++row) {
          for (int column = x * block; column < right; ++column) sum += image.pixels[at(column, row, c)];
        }
        small.pixels.push_back(static_cast<std::uint8_t>((sum + count / 2) / count));
      }
    }
  }
  return small;
}

Result<std::string> encode_jpeg(const Image& image) {
  const auto writer = std::make_unique<Writer>();
  if (!write(*writer, image)) {
    return fail(Code::internal, std::string("libjpeg cannot write a picture: ") + writer->error.message);
  }
  return std::string(reinterpret_cast<const char*>(writer->bytes), writer->size);
}

}  // namespace octet
