#include "model/attributes.h"

#include <algorithm>
#include <array>
#include <bit>

namespace octet::format {

namespace {

using Builder = flatbuffers::FlatBufferBuilder;

std::uint32_t bits(float value) { return std::bit_cast<std::uint32_t>(value); }

template <std::size_t count>
std::vector<std::int64_t> unless_default(const std::array<std::int64_t, count>& values,
                                         const std::array<std::int64_t, count>& usual) {
  if (values == usual) return {};
  return {values.begin(), values.end()};
}

std::array<std::int64_t, 10> flatten(const Window& window) {
  return {window.kernel[0],   window.kernel[1], window.stride[0], window.stride[1], window.dilation[0],
          window.dilation[1], window.pads[0],   window.pads[1],   window.pads[2],   window.pads[3]};
}

// The lists of one record, as numbers. Empty: the default.
struct ListNumbers {
  std::uint16_t window, output_padding, output_size, axes, sizes, starts, steps;
};

ListNumbers number_lists(const octet::Attributes& attrs, ListWriter& lists) {
  const octet::Attributes usual;
  const auto number = [&lists](const std::vector<std::int64_t>& list) {
    return static_cast<std::uint16_t>(lists.number_of(list));  // the writer checks that there are not too many
  };
  ListNumbers numbers{};
  numbers.window = number(unless_default(flatten(attrs.window), flatten(usual.window)));
  numbers.output_padding = number(unless_default(attrs.output_padding, usual.output_padding));
  numbers.output_size = number(unless_default(attrs.output_size, usual.output_size));
  numbers.axes = number(attrs.axes);
  numbers.sizes = number(attrs.sizes);
  numbers.starts = number(attrs.starts);
  numbers.steps = number(attrs.steps);
  return numbers;
}

template <class Enum>
std::uint8_t raw(Enum value) {
  return static_cast<std::uint8_t>(value);
}

// All that makes attributes different. Floats count by their bits: 0 and -0 are not the same to a file.
std::vector<std::int64_t> key_of(const octet::Attributes& attrs, const ListNumbers& lists) {
  std::vector<std::int64_t> key = {bits(attrs.clamp.low),
                                   bits(attrs.clamp.high),
                                   lists.window,
                                   raw(attrs.window.auto_pad),
                                   attrs.groups,
                                   lists.output_padding,
                                   lists.output_size,
                                   attrs.ceil_mode,
                                   attrs.count_include_pad,
                                   raw(attrs.reduce),
                                   raw(attrs.unary),
                                   raw(attrs.binary),
                                   raw(attrs.compare),
                                   bits(attrs.alpha),
                                   bits(attrs.beta),
                                   attrs.axis,
                                   attrs.keep_dims,
                                   attrs.log,
                                   attrs.allow_zero,
                                   lists.axes,
                                   lists.sizes,
                                   lists.starts,
                                   lists.steps,
                                   raw(attrs.pad),
                                   raw(attrs.resize),
                                   raw(attrs.coordinate),
                                   raw(attrs.nearest),
                                   bits(attrs.cubic_a),
                                   attrs.block,
                                   attrs.crd,
                                   raw(attrs.to)};
  for (const float scale : attrs.scales) key.push_back(bits(scale));
  return key;
}

void add_float(AttributesBuilder& table, void (AttributesBuilder::*add)(float), float value, float usual) {
  if (bits(value) != bits(usual)) (table.*add)(value);
}

// Wide fields first: so no byte between them is lost to alignment.
flatbuffers::Offset<Attributes> write_attributes(Builder& builder, const octet::Attributes& attrs,
                                                 const ListNumbers& lists) {
  flatbuffers::Offset<flatbuffers::Vector<float>> scales;
  if (!attrs.scales.empty()) scales = builder.CreateVector(attrs.scales);
  const octet::Attributes usual;
  AttributesBuilder table(builder);
  table.add_groups(attrs.groups);
  table.add_axis(attrs.axis);
  table.add_block(attrs.block);
  add_float(table, &AttributesBuilder::add_clamp_low, attrs.clamp.low, usual.clamp.low);
  add_float(table, &AttributesBuilder::add_clamp_high, attrs.clamp.high, usual.clamp.high);
  add_float(table, &AttributesBuilder::add_alpha, attrs.alpha, usual.alpha);
  add_float(table, &AttributesBuilder::add_beta, attrs.beta, usual.beta);
  add_float(table, &AttributesBuilder::add_cubic_a, attrs.cubic_a, usual.cubic_a);
  table.add_scales(scales);
  table.add_window_list(lists.window);
  table.add_output_padding_list(lists.output_padding);
  table.add_output_size_list(lists.output_size);
  table.add_axes_list(lists.axes);
  table.add_sizes_list(lists.sizes);
  table.add_starts_list(lists.starts);
  table.add_steps_list(lists.steps);
  table.add_auto_pad(raw(attrs.window.auto_pad));
  table.add_ceil_mode(attrs.ceil_mode);
  table.add_count_include_pad(attrs.count_include_pad);
  table.add_reduce(raw(attrs.reduce));
  table.add_unary(raw(attrs.unary));
  table.add_binary(raw(attrs.binary));
  table.add_compare(raw(attrs.compare));
  table.add_keep_dims(attrs.keep_dims);
  table.add_log(attrs.log);
  table.add_allow_zero(attrs.allow_zero);
  table.add_pad(raw(attrs.pad));
  table.add_resize(raw(attrs.resize));
  table.add_coordinate(raw(attrs.coordinate));
  table.add_nearest(raw(attrs.nearest));
  table.add_crd(attrs.crd);
  table.add_to(raw(attrs.to));
  return table.Finish();
}

}  // namespace

std::uint32_t ListWriter::number_of(const std::vector<std::int64_t>& list) {
  if (list.empty()) return 0;
  listed_ += list.size();
  const auto [position, is_new] = numbers_.try_emplace(list, static_cast<std::uint32_t>(numbers_.size() + 1));
  if (is_new) {
    sink_.number(list.size());
    for (const std::int64_t value : list) sink_.signed_number(value);
  }
  return position->second;
}

std::uint32_t AttributesWriter::number_of(const octet::Attributes& attrs) {
  const ListNumbers lists = number_lists(attrs, lists_);
  lists_.count_listed(attrs.scales.size());
  const auto [position, is_new] =
      numbers_.try_emplace(key_of(attrs, lists), static_cast<std::uint32_t>(tables_.size()));
  if (is_new) tables_.push_back(write_attributes(builder_, attrs, lists));
  return position->second;
}

Status ListReader::read(const flatbuffers::Vector<std::uint8_t>* bytes) {
  lists_.assign(1, {});
  if (bytes == nullptr) return {};
  const Status damaged = fail(Code::format, "its lists are damaged");
  ByteSource source({bytes->data(), bytes->size()});
  while (source.left() > 0) {
    std::uint64_t count = 0;
    if (lists_.size() > kMaxItems || !source.number(&count) || count > source.left()) return damaged;
    std::vector<std::int64_t>& list = lists_.emplace_back(static_cast<std::size_t>(count));
    for (std::int64_t& value : list) {
      if (!source.signed_number(&value)) return damaged;
    }
  }
  return {};
}

Status ListReader::spend(std::size_t count) {
  if (count > left_) return fail(Code::format, "it has more shapes and attributes than a .octet file may have");
  left_ -= count;
  return {};
}

Status ListReader::get(std::uint16_t number, std::vector<std::int64_t>* list) {
  if (number >= lists_.size()) {
    return fail(Code::format, "it refers to list " + std::to_string(number) + ", which it does not contain");
  }
  OCTET_TRY(spend(lists_[number].size()));
  *list = lists_[number];
  return {};
}

namespace {

template <class Enum>
Status read_enum(std::uint8_t number, Enum last, const char* what, Enum* value) {
  if (number > static_cast<std::uint8_t>(last)) {
    return fail(Code::unsupported, std::string("has the number ") + std::to_string(number) + " for '" + what +
                                       "', which this version of Octet does not know; update Octet");
  }
  *value = static_cast<Enum>(number);
  return {};
}

void read_float(const flatbuffers::Optional<float>& stored, float* value) {
  if (stored.has_value()) *value = *stored;
}

// A list of exactly `count` elements; list 0 leaves the values as they are.
template <std::size_t count>
Status read_array(ListReader& lists, std::uint16_t number, std::array<std::int64_t, count>* values) {
  if (number == 0) return {};
  std::vector<std::int64_t> list;
  OCTET_TRY(lists.get(number, &list));
  if (list.size() != count) return fail(Code::format, "one of its lists has a wrong length");
  std::copy(list.begin(), list.end(), values->begin());
  return {};
}

Status read_window(const Attributes& table, ListReader& lists, Window* window) {
  std::array<std::int64_t, 10> flat = flatten(*window);
  OCTET_TRY(read_array(lists, table.window_list(), &flat));
  window->kernel = {flat[0], flat[1]};
  window->stride = {flat[2], flat[3]};
  window->dilation = {flat[4], flat[5]};
  window->pads = {flat[6], flat[7], flat[8], flat[9]};
  return read_enum(table.auto_pad(), AutoPad::valid, "auto_pad", &window->auto_pad);
}

Status read_enums(const Attributes& table, octet::Attributes* attrs) {
  OCTET_TRY(read_enum(table.reduce(), ReduceKind::log_sum_exp, "reduce", &attrs->reduce));
  OCTET_TRY(read_enum(table.unary(), UnaryKind::logical_not, "unary", &attrs->unary));
  OCTET_TRY(read_enum(table.binary(), BinaryKind::pow, "binary", &attrs->binary));
  OCTET_TRY(read_enum(table.compare(), CompareKind::logical_or, "compare", &attrs->compare));
  OCTET_TRY(read_enum(table.pad(), PadKind::edge, "pad", &attrs->pad));
  OCTET_TRY(read_enum(table.resize(), ResizeKind::cubic, "resize", &attrs->resize));
  OCTET_TRY(read_enum(table.coordinate(), CoordinateKind::pytorch_half_pixel, "coordinate", &attrs->coordinate));
  OCTET_TRY(read_enum(table.nearest(), NearestKind::ceil, "nearest", &attrs->nearest));
  return read_enum(table.to(), DType::boolean, "to", &attrs->to);
}

Status read_lists(const Attributes& table, ListReader& lists, octet::Attributes* attrs) {
  OCTET_TRY(read_window(table, lists, &attrs->window));
  OCTET_TRY(read_array(lists, table.output_padding_list(), &attrs->output_padding));
  OCTET_TRY(read_array(lists, table.output_size_list(), &attrs->output_size));
  OCTET_TRY(lists.get(table.axes_list(), &attrs->axes));
  OCTET_TRY(lists.get(table.sizes_list(), &attrs->sizes));
  OCTET_TRY(lists.get(table.starts_list(), &attrs->starts));
  OCTET_TRY(lists.get(table.steps_list(), &attrs->steps));
  if (table.scales() == nullptr) return {};
  OCTET_TRY(lists.spend(table.scales()->size()));
  attrs->scales.assign(table.scales()->begin(), table.scales()->end());
  return {};
}

}  // namespace

Status read_attributes(const Attributes& table, ListReader& lists, octet::Attributes* attrs) {
  OCTET_TRY(read_enums(table, attrs));
  OCTET_TRY(read_lists(table, lists, attrs));
  read_float(table.clamp_low(), &attrs->clamp.low);
  read_float(table.clamp_high(), &attrs->clamp.high);
  read_float(table.alpha(), &attrs->alpha);
  read_float(table.beta(), &attrs->beta);
  read_float(table.cubic_a(), &attrs->cubic_a);
  attrs->groups = table.groups();
  attrs->ceil_mode = table.ceil_mode();
  attrs->count_include_pad = table.count_include_pad();
  attrs->axis = table.axis();
  attrs->keep_dims = table.keep_dims();
  attrs->log = table.log();
  attrs->allow_zero = table.allow_zero();
  attrs->block = table.block();
  attrs->crd = table.crd();
  return {};
}

}  // namespace octet::format
