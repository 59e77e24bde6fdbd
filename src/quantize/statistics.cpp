#include "quantize/statistics.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>

#include "base/file.h"

namespace octet {
namespace {

constexpr std::string_view kMagic = "octetsta";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kHalf = Histogram::kBins;

class Writer {
 public:
  template <class T>
  void number(T value) {
    const auto wide = static_cast<std::uint64_t>(value);
    for (std::size_t i = 0; i < sizeof(T); ++i) bytes_.push_back(static_cast<std::byte>(wide >> 8 * i));
  }
  void real(float value) { number(std::bit_cast<std::uint32_t>(value)); }
  void real(double value) { number(std::bit_cast<std::uint64_t>(value)); }
  void raw(std::span<const std::byte> bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
  void text(std::string_view text) {
    number(static_cast<std::uint32_t>(text.size()));
    raw(std::as_bytes(std::span(text)));
  }
  const std::vector<std::byte>& bytes() const { return bytes_; }
  std::vector<std::byte> take() { return std::move(bytes_); }

 private:
  std::vector<std::byte> bytes_;
};

// Stays at the first thing that does not fit: everything read after it is zero and empty.
class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) : rest_(bytes) {}

  bool failed() const { return failed_; }
  bool at_end() const { return !failed_ && rest_.empty(); }
  std::size_t left() const { return rest_.size(); }

  std::span<const std::byte> raw(std::size_t size) {
    if (failed_ || size > rest_.size()) {
      failed_ = true;
      return {};
    }
    const auto taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }
  template <class T>
  T number() {
    std::uint64_t wide = 0;
    std::size_t i = 0;
    for (const std::byte byte : raw(sizeof(T))) wide |= std::to_integer<std::uint64_t>(byte) << 8 * i++;
    return static_cast<T>(wide);
  }
  float real() { return std::bit_cast<float>(number<std::uint32_t>()); }
  double real_double() { return std::bit_cast<double>(number<std::uint64_t>()); }
  Digest digest() {
    Digest digest{};
    const auto bytes = raw(digest.size());
    std::copy(bytes.begin(), bytes.end(), digest.begin());
    return digest;
  }
  std::string text() {
    const auto bytes = raw(number<std::uint32_t>());
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

 private:
  std::span<const std::byte> rest_;
  bool failed_ = false;
};

void write_bins(Writer& writer, std::span<const std::uint64_t> bins) {
  const auto filled = [](std::uint64_t count) { return count != 0; };
  const auto first = std::find_if(bins.begin(), bins.end(), filled);
  const auto last = std::find_if(bins.rbegin(), bins.rend(), filled).base();
  const auto count = first == bins.end() ? 0 : last - first;
  writer.number(static_cast<std::uint32_t>(count == 0 ? 0 : first - bins.begin()));
  writer.number(static_cast<std::uint32_t>(count));
  for (auto bin = first; bin < first + count; ++bin) writer.number(*bin);
}

bool read_bins(Reader& reader, std::span<std::uint64_t> bins) {
  const auto first = reader.number<std::uint32_t>();
  const auto count = reader.number<std::uint32_t>();
  if (reader.failed() || first > bins.size() || count > bins.size() - first) return false;
  for (std::uint64_t& bin : bins.subspan(first, count)) bin = reader.number<std::uint64_t>();
  return !reader.failed();
}

void write_group(Writer& writer, const GroupTally& group) {
  const Histogram& histogram = group.histogram;
  writer.number(static_cast<std::int32_t>(histogram.exponent()));
  writer.real(histogram.extremes().low);
  writer.real(histogram.extremes().high);
  writer.number(histogram.zeros());
  write_bins(writer, histogram.counts().first(kHalf));
  write_bins(writer, histogram.counts().subspan(kHalf));
  const EmaRange::State& ema = group.ema.state();
  writer.number(ema.in_batch);
  writer.real(ema.batch.low);
  writer.real(ema.batch.high);
  writer.number(static_cast<std::uint8_t>(ema.average.begun));
  writer.real(ema.average.low);
  writer.real(ema.average.high);
}

bool is_range(double low, double high) { return std::isfinite(low) && std::isfinite(high) && low <= high; }

bool makes_sense(const EmaRange::State& state, std::int64_t ema_batch) {
  if (state.in_batch < 0 || state.in_batch >= ema_batch) return false;
  if (!(state.batch == MinMax{}) && !is_range(state.batch.low, state.batch.high)) return false;
  return state.average.begun ? is_range(state.average.low, state.average.high)
                             : state.average.low == 0 && state.average.high == 0;
}

std::optional<GroupTally> read_group(Reader& reader, std::int64_t ema_batch) {
  const auto exponent = reader.number<std::int32_t>();
  MinMax extremes;
  extremes.low = reader.real();
  extremes.high = reader.real();
  const auto zeros = reader.number<std::uint64_t>();
  std::vector<std::uint64_t> counts(2 * kHalf);
  if (!read_bins(reader, std::span(counts).first(kHalf)) || !read_bins(reader, std::span(counts).subspan(kHalf))) {
    return {};
  }
  EmaRange::State ema;
  ema.in_batch = reader.number<std::int64_t>();
  ema.batch.low = reader.real();
  ema.batch.high = reader.real();
  const auto begun = reader.number<std::uint8_t>();
  ema.average.begun = begun == 1;
  ema.average.low = reader.real_double();
  ema.average.high = reader.real_double();
  if (reader.failed() || begun > 1 || !makes_sense(ema, ema_batch)) return {};
  auto histogram = Histogram::from_parts(exponent, extremes, zeros, std::move(counts));
  if (!histogram) return {};
  return GroupTally{*std::move(histogram), EmaRange(ema_batch, ema)};
}

Status damaged(const std::string& what) {
  return fail(Code::format, "the statistics are damaged (" + what + "): make them anew with 'octet observe'");
}

void write_origin(Writer& writer, const StatisticsOrigin& origin) {
  writer.raw(origin.network);
  writer.raw(origin.samples);
  writer.text(origin.settings);
  writer.text(origin.isa);
  writer.text(origin.library);
  writer.number(origin.sample_count);
}

StatisticsOrigin read_origin(Reader& reader) {
  StatisticsOrigin origin;
  origin.network = reader.digest();
  origin.samples = reader.digest();
  origin.settings = reader.text();
  origin.isa = reader.text();
  origin.library = reader.text();
  origin.sample_count = reader.number<std::uint64_t>();
  return origin;
}

// The body between version and checksum, up to the groups.
Result<Statistics> read_head(Reader& reader) {
  constexpr std::uint64_t kMostSamples = std::uint64_t{1} << 40;  // far from an overflow of what is added to them
  constexpr std::size_t kLeastUnreadable = 12;                    // bytes of an entry
  Statistics statistics;
  statistics.origin = read_origin(reader);
  statistics.shard.number = reader.number<std::uint32_t>();
  statistics.shard.count = reader.number<std::uint32_t>();
  statistics.done = reader.number<std::uint64_t>();
  const auto unreadable = reader.number<std::uint32_t>();
  const Shard& shard = statistics.shard;
  if (reader.failed() || unreadable > reader.left() / kLeastUnreadable) return damaged("they end too early");
  const std::uint64_t samples = statistics.origin.sample_count;
  if (shard.number < 1 || shard.number > shard.count || samples > kMostSamples ||
      statistics.done > shard.size(samples)) {
    return damaged("numbers of samples and shards contradict each other");
  }
  for (std::uint32_t i = 0; i < unreadable; ++i) {
    const auto number = reader.number<std::uint64_t>();
    std::string reason = reader.text();
    const bool ours = number >= shard.number - 1 && (number - (shard.number - 1)) % shard.count == 0 &&
                      (number - (shard.number - 1)) / shard.count < statistics.done;
    const bool ascending = i == 0 || number > statistics.unreadable.back().first;
    if (reader.failed() || !ours || !ascending) return damaged("a sample that could not be read is none of theirs");
    statistics.unreadable.emplace_back(number, std::move(reason));
  }
  return statistics;
}

void add_line(std::string& lines, std::string_view key, std::string_view value) {
  lines.append(key).append(" ");
  for (const char c : value) {
    if (c == '\n' || c == '\\') {
      lines += c == '\n' ? "\\n" : "\\\\";
    } else {
      lines += c;
    }
  }
  lines += '\n';
}

std::string number_text(float value) {
  char text[64];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;  // the shortest that is the same float again
  return {text, end};
}

std::string channels_text(const std::array<float, 4>& values) {
  std::string text;
  for (const float value : values) text += (text.empty() ? "" : ", ") + number_text(value);
  return text;
}

}  // namespace

std::string observation_settings(const QuantizeConfig& config, std::vector<std::string> skip) {
  constexpr std::string_view kFormats[] = {"RGB", "BGR", "RGBA", "BGRA", "GRAY"};  // by PixelFormat
  constexpr std::string_view kModes[] = {"stretch", "crop", "letterbox"};          // by FitMode
  std::string lines;
  add_line(lines, "input_type", config.input_type == InputType::image ? "image" : "sequence");
  if (config.input_type == InputType::image) {
    add_line(lines, "format", kFormats[static_cast<std::size_t>(config.format)]);
    add_line(lines, "mean", channels_text(config.mean));
    add_line(lines, "normal", channels_text(config.normal));
    add_line(lines, "width", std::to_string(config.width));
    add_line(lines, "height", std::to_string(config.height));
    add_line(lines, "center_crop_h", number_text(config.center_crop_h));
    add_line(lines, "center_crop_w", number_text(config.center_crop_w));
    add_line(lines, "resize", kModes[static_cast<std::size_t>(config.fit)]);
    add_line(lines, "shorter_side", std::to_string(config.shorter_side));
  }
  add_line(lines, "batch_size", std::to_string(config.batch_size));
  std::sort(skip.begin(), skip.end());
  for (const std::string& name : skip) add_line(lines, "skip_quant_op_names", name);
  return lines;
}

Digest digest_of_names(const SampleSource& source, std::span<const std::size_t> samples) {
  Sha256 hash;
  for (const std::size_t sample : samples) hash.add_text(source.name(sample));
  return hash.finish();
}

std::vector<std::byte> statistics_bytes(const Statistics& statistics) {
  Writer writer;
  writer.raw(std::as_bytes(std::span(kMagic)));
  writer.number(kVersion);
  write_origin(writer, statistics.origin);
  writer.number(statistics.shard.number);
  writer.number(statistics.shard.count);
  writer.number(statistics.done);
  writer.number(static_cast<std::uint32_t>(statistics.unreadable.size()));
  for (const auto& [number, reason] : statistics.unreadable) {
    writer.number(number);
    writer.text(reason);
  }
  writer.number(static_cast<std::uint32_t>(statistics.groups.size()));
  for (const GroupTally& group : statistics.groups) write_group(writer, group);
  const Digest checksum = sha256(writer.bytes());
  writer.raw(checksum);
  return writer.take();
}

Status save_statistics(const Statistics& statistics, const std::string& path) {
  const std::vector<std::byte> bytes = statistics_bytes(statistics);
  const std::span<const std::byte> piece = bytes;
  return write_file_atomically(path, {&piece, 1});
}

Result<Statistics> parse_statistics(std::span<const std::byte> bytes, std::size_t group_count, std::int64_t ema_batch,
                                    const std::function<Status(const Statistics&)>& accept) {
  const auto magic = std::as_bytes(std::span(kMagic));
  if (bytes.size() < magic.size() || std::memcmp(bytes.data(), magic.data(), magic.size()) != 0) {
    return fail(Code::format, "these are no statistics: 'octet observe' makes them");
  }
  constexpr std::size_t kChecksum = sizeof(Digest);
  if (bytes.size() < magic.size() + sizeof kVersion + kChecksum) return damaged("they end too early");
  Reader reader(bytes.first(bytes.size() - kChecksum).subspan(magic.size()));
  if (const auto version = reader.number<std::uint32_t>(); version != kVersion) {
    return fail(Code::version, "the statistics have version " + std::to_string(version) +
                                   ", this library reads version " + std::to_string(kVersion) +
                                   ": make them with the same release of octet");
  }
  const Digest checksum = sha256(bytes.first(bytes.size() - kChecksum));
  if (std::memcmp(checksum.data(), bytes.last(kChecksum).data(), kChecksum) != 0) {
    return damaged("the checksum is another one");
  }
  OCTET_ASSIGN(Statistics statistics, read_head(reader));
  OCTET_TRY(accept(statistics));
  if (const auto count = reader.number<std::uint32_t>(); reader.failed() || count != group_count) {
    return damaged("they hold " + std::to_string(count) + " groups of tensors, the network has " +
                   std::to_string(group_count));
  }
  for (std::size_t g = 0; g < group_count; ++g) {
    auto group = read_group(reader, ema_batch);
    if (!group) return damaged("group " + std::to_string(g) + " cannot be");
    statistics.groups.push_back(*std::move(group));
  }
  if (!reader.at_end()) return damaged("something follows their end");
  return statistics;
}

}  // namespace octet
