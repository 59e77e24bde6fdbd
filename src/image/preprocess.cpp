#include "image/preprocess.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/bytes.h"
#include "base/text.h"
#include "image/in_quotes.h"
#include "kernels/families.h"

namespace octet {
namespace {

// A pixel of the image along an axis and the weight of the one after it; 0 where there is none.
struct Tap {
  std::int32_t first;
  float weight;
};

Tap tap_of(const AxisPlacement& axis, Index target_position) {
  const Index position = target_position - axis.margin;
  const Index numerator = (2 * position + 1) * axis.kept - axis.resized;
  const Index denominator = 2 * axis.resized;
  // Only the first pixels of an enlarged axis lie before the centre of the first image pixel.
  const Index whole = numerator >= 0 ? numerator / denominator : -1;
  const Index remainder = numerator - whole * denominator;
  if (whole < 0) return {static_cast<std::int32_t>(axis.crop), 0};
  if (whole >= axis.kept - 1) return {static_cast<std::int32_t>(axis.crop + axis.kept - 1), 0};
  return {static_cast<std::int32_t>(axis.crop + whole),
          static_cast<float>(remainder) / static_cast<float>(denominator)};
}

struct Range {
  Index begin, end;
};
// Target positions that the resized image covers.
Range covered(const AxisPlacement& axis) {
  return {std::max<Index>(0, axis.margin), std::min(axis.target, axis.margin + axis.resized)};
}

// The byte of a source pixel that is channel `channel` of the target format.
constexpr int kOpaque = -1;  // no byte: 255
constexpr int kGrey = -2;    // of all three colours
int source_of(PixelFormat source, PixelFormat target, int channel) {
  if (target == PixelFormat::gray) return source == PixelFormat::gray ? 0 : kGrey;
  if (channel == 3) return channels_of(source) == 4 ? 3 : kOpaque;
  if (source == PixelFormat::gray) return 0;
  const auto reversed = [](PixelFormat format) { return format == PixelFormat::bgr || format == PixelFormat::bgra; };
  return reversed(source) == reversed(target) ? channel : 2 - channel;
}

// The shared memory: of each column of the input, its tap.
struct Columns {
  std::int32_t* first;  // bytes from the start of a row
  float* weight;
};
Columns columns_in(std::byte* shared, Index width) {
  auto* const first = reinterpret_cast<std::int32_t*>(shared);
  return {first, reinterpret_cast<float*>(first + width)};
}

std::uint8_t grey_of(const std::uint8_t* pixel, bool reversed) {
  const int red = pixel[reversed ? 2 : 0];
  const int blue = pixel[reversed ? 0 : 2];
  return static_cast<std::uint8_t>((299 * red + 587 * pixel[1] + 114 * blue + 500) / 1000);
}

// The memory of a thread: which image rows are kept, and these, resized, channel after channel.
struct KeptRows {
  std::array<Index, 2> rows;
  Index oldest;
  float* values(std::size_t slot, std::size_t row_floats) {
    return reinterpret_cast<float*>(reinterpret_cast<std::byte*>(this) + kAlignment) + slot * row_floats;
  }
};
static_assert(sizeof(KeptRows) <= kAlignment);

// A whole number of cache lines.
std::size_t row_floats(Index width, int channels) {
  return (static_cast<std::size_t>(width) * static_cast<std::size_t>(channels) + 15) / 16 * 16;
}

Status check_pixels(const PixelView& pixels) {
  const Index row = Index{pixels.width} * channels_of(pixels.format);
  if (pixels.row_stride < row) {
    return fail(Code::argument, "the rows of the picture are " + std::to_string(pixels.row_stride) +
                                    " bytes apart, less than the " + std::to_string(row) + " that they take");
  }
  // Neither product can overflow: a side is at most 65535, and the stride is checked by division.
  const auto size = static_cast<Index>(pixels.size);
  if (size < row || pixels.height - 1 > (size - row) / pixels.row_stride) {
    return fail(Code::argument, "the picture holds " + std::to_string(pixels.size) + " bytes, less than its " +
                                    std::to_string(pixels.height) + " rows of " + std::to_string(row) + " bytes take");
  }
  return {};
}

}  // namespace

TensorOrder image_order(std::span<const std::int64_t> dims) {
  auto channels = [](std::int64_t c) { return c == 1 || c == 3 || c == 4; };
  const bool last = dims.size() == 4 && channels(dims[3]) && !channels(dims[1]);
  return last ? TensorOrder::nhwc : TensorOrder::nchw;
}

Result<ImageRecipe> resolve_recipe(const ImageRecipe& recipe, std::string_view input_name,
                                   std::span<const std::int64_t> dims, TensorOrder order) {
  const auto where = [&] { return "input " + in_quotes(input_name) + " is " + shape_text(dims); };
  if (dims.size() != 4 || dims[0] != 1) {
    return fail(Code::shape, where() + ": an image fills an input of four dimensions whose first, the batch, is 1");
  }
  const bool planar = order == TensorOrder::nchw;
  const std::int64_t channels = dims[planar ? 1 : 3];
  const std::int64_t height = dims[planar ? 2 : 1];
  const std::int64_t width = dims[planar ? 3 : 2];
  if (channels != channels_of(recipe.format)) {
    return fail(Code::shape, where() + " with " + std::to_string(channels) + " channels, but \"format\" gives " +
                                 std::to_string(channels_of(recipe.format)) +
                                 ": choose among RGB, BGR (3), RGBA, BGRA (4) and GRAY (1)");
  }
  if ((recipe.width != 0 && recipe.width != width) || (recipe.height != 0 && recipe.height != height)) {
    return fail(Code::shape, where() + ", but \"width\" and \"height\" are " + std::to_string(recipe.width) + " and " +
                                 std::to_string(recipe.height) + ": leave them out or give the network's own");
  }
  if (width < 1 || height < 1 || width > kMaxImageSide || height > kMaxImageSide) {
    return fail(Code::shape, where() + ": width and height of an image are 1 to " + std::to_string(kMaxImageSide));
  }
  ImageRecipe resolved = recipe;
  resolved.width = static_cast<std::int32_t>(width);
  resolved.height = static_cast<std::int32_t>(height);
  return resolved;
}

Result<Preprocessor> Preprocessor::create(const PixelView& pixels, const ImageRecipe& recipe, Isa isa) {
  OCTET_ASSIGN(const Placement placement, place(pixels.width, pixels.height, recipe));
  OCTET_TRY(check_pixels(pixels));
  return Preprocessor(pixels, recipe, placement, image_rows().rows[choose_row(image_rows(), isa)]);
}

Preprocessor::Preprocessor(const PixelView& pixels, const ImageRecipe& recipe, const Placement& placement,
                           const ImageRow* kernels)
    : pixels_(pixels), recipe_(recipe), placement_(placement), kernels_(kernels) {
  const Range columns = covered(placement.x);
  const Range rows = covered(placement.y);
  columns_begin_ = columns.begin;
  columns_ = columns.end - columns.begin;
  rows_begin_ = rows.begin;
  rows_end_ = rows.end;
}

std::size_t Preprocessor::shared_bytes(std::int64_t width) {
  return static_cast<std::size_t>(width) * (sizeof(std::int32_t) + sizeof(float));
}

std::size_t Preprocessor::own_bytes(std::int64_t width, int channels) {
  return kAlignment + 2 * row_floats(width, channels) * sizeof(float);
}

void Preprocessor::start(std::byte* shared) const {
  const Columns columns = columns_in(shared, recipe_.width);
  const int pixel = channels_of(pixels_.format);
  for (Index i = 0; i < columns_; ++i) {
    const Tap tap = tap_of(placement_.x, columns_begin_ + i);
    columns.first[i] = tap.first * pixel;
    columns.weight[i] = tap.weight;
  }
}

const float* Preprocessor::resized_row(Index row, std::byte* shared, std::byte* own) const {
  auto* kept = reinterpret_cast<KeptRows*>(own);
  const int channels = channels_of(recipe_.format);
  const std::size_t floats = row_floats(recipe_.width, channels);
  for (std::size_t slot = 0; slot < 2; ++slot) {
    if (kept->rows[slot] == row) {
      kept->oldest = static_cast<Index>(1 - slot);
      return kept->values(slot, floats);
    }
  }
  const auto slot = static_cast<std::size_t>(kept->oldest);
  kept->oldest = static_cast<Index>(1 - slot);
  kept->rows[slot] = row;
  const Columns columns = columns_in(shared, recipe_.width);
  ResizeRowArgs args{};
  args.row = pixels_.data + row * pixels_.row_stride;
  args.pixel_bytes = channels_of(pixels_.format);
  args.row_bytes = Index{pixels_.width} * args.pixel_bytes;
  args.first = columns.first;
  args.weight = columns.weight;
  args.count = columns_;
  args.planes = channels;
  args.output = kept->values(slot, floats);
  bool grey = false;
  for (int c = 0; c < channels; ++c) {
    const int byte = source_of(pixels_.format, recipe_.format, c);
    args.from[c] = static_cast<std::int8_t>(std::max(byte, -1));
    if (byte == kOpaque) std::fill_n(args.output + c * columns_, columns_, 255.0f);
    grey = grey || byte == kGrey;
  }
  grey ? resize_as_grey(args) : kernels_->resize(args);
  return args.output;
}

// Grey is of whole pixels, before the resize.
void Preprocessor::resize_as_grey(const ResizeRowArgs& args) const {
  const bool reversed = pixels_.format == PixelFormat::bgr || pixels_.format == PixelFormat::bgra;
  for (Index i = 0; i < args.count; ++i) {
    const std::uint8_t* const pixel = args.row + args.first[i];
    const auto a = static_cast<float>(grey_of(pixel, reversed));
    const float weight = args.weight[i];
    args.output[i] = a;
    if (weight != 0) args.output[i] += (static_cast<float>(grey_of(pixel + args.pixel_bytes, reversed)) - a) * weight;
  }
}

void Preprocessor::make_row(Index row, bool first, std::byte* shared, std::byte* own, float* out,
                            Index plane_step) const {
  if (first) *reinterpret_cast<KeptRows*>(own) = {{-1, -1}, 0};
  const int channels = channels_of(recipe_.format);
  const bool inside = row >= rows_begin_ && row < rows_end_;
  if (!inside || columns_ < recipe_.width) {
    for (int c = 0; c < channels; ++c) std::fill_n(out + c * plane_step, recipe_.width, 0.0f);
  }
  if (!inside) return;
  const Tap tap = tap_of(placement_.y, row);
  const float* const top = resized_row(tap.first, shared, own);
  const float* const bottom = tap.weight == 0 ? top : resized_row(tap.first + 1, shared, own);
  for (int c = 0; c < channels; ++c) {
    const auto k = static_cast<std::size_t>(c);
    kernels_->blend({top + c * columns_, bottom + c * columns_, tap.weight, recipe_.mean[k], recipe_.normal[k],
                     columns_, out + c * plane_step + columns_begin_});
  }
}

Status preprocess(const PixelView& pixels, const ImageRecipe& recipe, TensorOrder order, std::span<float> out) {
  OCTET_ASSIGN(const Isa isa, choose_isa({}));
  OCTET_ASSIGN(const Preprocessor preprocessor, Preprocessor::create(pixels, recipe, isa));
  const int channels = channels_of(recipe.format);
  const Index width = recipe.width;
  const Index plane = width * recipe.height;
  if (static_cast<Index>(out.size()) != channels * plane) {
    return fail(Code::argument, "the tensor has room for " + std::to_string(out.size()) + " values, not " +
                                    std::to_string(channels * plane));
  }
  const std::size_t shared_bytes = (Preprocessor::shared_bytes(width) + kAlignment - 1) / kAlignment * kAlignment;
  const auto memory = allocate_aligned(shared_bytes + Preprocessor::own_bytes(width, channels));
  std::byte* const own = memory.get() + shared_bytes;
  preprocessor.start(memory.get());
  const bool planar = order == TensorOrder::nchw;
  std::vector<float> values(planar ? 0 : static_cast<std::size_t>(width * channels));
  for (Index y = 0; y < recipe.height; ++y) {
    float* const row = out.data() + y * width * (planar ? 1 : channels);
    preprocessor.make_row(y, y == 0, memory.get(), own, planar ? row : values.data(), planar ? plane : width);
    if (planar) continue;
    for (int c = 0; c < channels; ++c) {
      for (Index x = 0; x < width; ++x) row[x * channels + c] = values[static_cast<std::size_t>(c * width + x)];
    }
  }
  return {};
}

Result<InputToImage> input_to_image(int image_width, int image_height, const ImageRecipe& recipe) {
  OCTET_ASSIGN(const Placement placement, place(image_width, image_height, recipe));
  const auto scale = [](const AxisPlacement& axis) {
    return static_cast<double>(axis.kept) / static_cast<double>(axis.resized);
  };
  const auto offset = [&scale](const AxisPlacement& axis) {
    return static_cast<double>(axis.crop) - scale(axis) * static_cast<double>(axis.margin);
  };
  return InputToImage{scale(placement.x), scale(placement.y), offset(placement.x), offset(placement.y)};
}

}  // namespace octet
