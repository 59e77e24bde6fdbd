// Statistics as a file: what goes in comes out, and bytes from anywhere do no harm.
#include <cmath>
#include <cstring>

#include "quantize/listed_source.h"
#include "quantize/statistics.h"
#include "support/expect.h"
#include "support/keep_file.h"
#include "support/temporary.h"

using namespace octet;
using namespace octet::test;

namespace {

constexpr std::int64_t kBatch = 4;

GroupTally tally(std::initializer_list<float> values, int samples) {
  GroupTally group{Histogram(), EmaRange(kBatch)};
  const std::vector<float> all(values);
  for (int i = 0; i < samples; ++i) {
    group.histogram.add(all);
    group.ema.add(min_max(all));
  }
  return group;
}

Statistics example() {
  Statistics statistics;
  statistics.origin.network.fill(std::byte{7});
  statistics.origin.samples.fill(std::byte{9});
  statistics.origin.settings = "input_type image\n";
  statistics.origin.isa = "avx2";
  statistics.origin.library = "1.2.3";
  statistics.origin.sample_count = 23;
  statistics.shard = {2, 4};  // samples 1, 5, 9, 13, 17, 21
  statistics.done = 6;
  statistics.unreadable = {{5, "'a.png' is empty"}, {17, ""}};
  statistics.groups = {tally({0, 1, -2.5F, 0}, 6), tally({0.001F}, 3), tally({}, 0), tally({-3e38F, 3e38F}, 5)};
  return statistics;
}

Status accept_all(const Statistics&) { return {}; }

Result<Statistics> parse(std::span<const std::byte> bytes, std::size_t groups = 4) {
  return parse_statistics(bytes, groups, kBatch, accept_all);
}

// The checksum of bytes that were changed on purpose.
void seal(std::vector<std::byte>& bytes) {
  const Digest digest = sha256(std::span(bytes).first(bytes.size() - sizeof(Digest)));
  std::copy(digest.begin(), digest.end(), bytes.end() - sizeof(Digest));
}

void test_what_goes_in_comes_out(void**) {
  const Statistics statistics = example();
  const std::vector<std::byte> bytes = statistics_bytes(statistics);
  auto read = parse(bytes);
  // As the fuzz target takes it: the number of groups, and no checksum.
  keep_file("statistics",
            '\4' + std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size() - sizeof(Digest)));
  expect_ok(read.status());
  assert_true(read->origin == statistics.origin);
  assert_int_equal(read->shard.number, 2);
  assert_int_equal(read->shard.count, 4);
  assert_int_equal(read->done, 6);
  assert_true(read->complete());
  assert_true(read->unreadable == statistics.unreadable);
  for (std::size_t g = 0; g < 4; ++g) {
    const Histogram& a = read->groups[g].histogram;
    const Histogram& b = statistics.groups[g].histogram;
    assert_true(std::equal(a.counts().begin(), a.counts().end(), b.counts().begin()));
    assert_true(a.exponent() == b.exponent() && a.extremes() == b.extremes());
    assert_true(a.count() == b.count() && a.zeros() == b.zeros());
    assert_true(read->groups[g].ema.range() == statistics.groups[g].ema.range());
  }
  assert_true(statistics_bytes(*read) == bytes);
  // What follows makes the same of both.
  GroupTally on = read->groups[0], as_if = statistics.groups[0];
  for (int i = 0; i < 9; ++i) {
    for (GroupTally* group : {&on, &as_if}) group->ema.add({-1.5F * static_cast<float>(i), 2});
  }
  assert_true(on.ema.range() == as_if.ema.range());
}

void test_a_file_is_written_whole(void**) {
  const TemporaryFolder folder;
  expect_ok(save_statistics(example(), folder.path("a.stats")));
  assert_int_equal(std::filesystem::file_size(folder.path("a.stats")), statistics_bytes(example()).size());
  expect_failure(save_statistics(example(), folder.path("missing/a.stats")), Code::io, {"missing/a.stats"});
}

void test_every_shard_has_its_samples(void**) {
  for (const std::uint64_t samples : {0, 1, 7, 8, 9}) {
    std::vector<int> seen(samples, 0);
    for (std::uint32_t k = 1; k <= 4; ++k) {
      const Shard shard{k, 4};
      for (std::uint64_t i = 0; i < shard.size(samples); ++i) ++seen[shard.sample(i)];
    }
    for (const int times : seen) assert_int_equal(times, 1);
  }
}

void test_other_bytes_are_refused(void**) {
  const std::vector<std::byte> bytes = statistics_bytes(example());
  expect_failure(parse({}).status(), Code::format, {"no statistics"});
  expect_failure(parse(std::as_bytes(std::span("octetsta"))).status(), Code::format, {"too early"});
  for (std::size_t size = 8; size < bytes.size(); size += 1 + size / 16) {
    expect_failure(parse(std::span(bytes).first(size)).status(), Code::format, {"damaged"});
  }
  auto newer = bytes;
  newer[8] = std::byte{2};
  expect_failure(parse(newer).status(), Code::version, {"version 2", "version 1"});
  auto longer = bytes;
  longer.insert(longer.end() - sizeof(Digest), std::byte{0});
  seal(longer);
  expect_failure(parse(longer).status(), Code::format, {"follows"});
  expect_failure(parse(bytes, 3).status(), Code::format, {"4 groups", "3"});
  expect_failure(parse(bytes, 5).status(), Code::format, {"4 groups", "5"});
}

void test_every_changed_byte_is_noticed(void**) {
  const std::vector<std::byte> bytes = statistics_bytes(example());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    auto changed = bytes;
    changed[i] ^= std::byte{0x41};
    assert_false(parse(changed).ok());
  }
}

// Bytes with a right checksum: they are refused, or they are statistics that can be written again.
void test_hostile_bytes(void**) {
  const std::vector<std::byte> bytes = statistics_bytes(example());
  std::uint32_t state = 1;
  const auto next = [&] { return (state = state * 1664525u + 1013904223u) >> 8; };
  int refused = 0;
  for (int round = 0; round < 3000; ++round) {
    auto changed = bytes;
    if (round % 3 == 0) changed.resize(40 + sizeof(Digest) + next() % (bytes.size() - 40));
    const std::size_t body = changed.size() - sizeof(Digest);
    for (std::uint32_t i = 0; i < 1 + next() % 3; ++i) {
      const std::size_t at = 12 + next() % (std::min<std::size_t>(body, 600) - 12);
      constexpr unsigned kValues[] = {0, 1, 0x7f, 0x80, 0xff};
      for (std::size_t k = 0; k < 1 + next() % 8 && at + k < body; ++k) {
        changed[at + k] = static_cast<std::byte>(next() % 2 == 0 ? kValues[next() % 5] : next());
      }
    }
    seal(changed);
    auto read = parse(changed);
    if (read.ok()) {
      expect_ok(parse(statistics_bytes(*read)).status());
    } else {
      assert_int_equal(read.status().code(), Code::format);
      ++refused;
    }
  }
  assert_true(refused > 1000);
}

Status changed_group(void (*change)(GroupTally&)) {
  Statistics statistics = example();
  change(statistics.groups[0]);
  return parse(statistics_bytes(statistics)).status();
}

// Numbers that no samples give, in sound files.
void test_numbers_that_cannot_be(void**) {
  expect_failure(changed_group([](GroupTally& g) {
                   g.ema = EmaRange(kBatch, {kBatch, {}, {}});
                 }),
                 Code::format, {"group 0"});
  expect_failure(changed_group([](GroupTally& g) {
                   g.ema = EmaRange(kBatch, {0, {2, 1}, {}});
                 }),
                 Code::format, {"group 0"});
  expect_failure(changed_group([](GroupTally& g) {
                   g.ema = EmaRange(kBatch, {0, {}, {NAN, 1, true}});
                 }),
                 Code::format, {"group 0"});
  std::vector<std::uint64_t> counts(2 * Histogram::kBins, 0);
  counts[2048] = 3;
  // Width 2^-11: the value 1 lies in bin 2048.
  assert_true(Histogram::from_parts(-11, {1, 1}, 0, counts).has_value());
  assert_false(Histogram::from_parts(-10, {1, 1}, 0, counts).has_value());
  assert_false(Histogram::from_parts(-11, {1.5F, 1.5F}, 0, counts).has_value());
  assert_false(Histogram::from_parts(-11, {-1, 1}, 0, counts).has_value());
  assert_false(Histogram::from_parts(-11, {2, 1}, 0, counts).has_value());
  assert_false(Histogram::from_parts(-11, {1, INFINITY}, 0, counts).has_value());
  assert_false(Histogram::from_parts(-11, MinMax{}, 0, counts).has_value());
  assert_false(Histogram::from_parts(-11, {1, 1}, ~std::uint64_t{0}, counts).has_value());  // their sum
  assert_false(Histogram::from_parts(-11, {1, 1}, 0, std::vector<std::uint64_t>(3)).has_value());
  Statistics unreadable = example();
  for (const std::uint64_t number : {0, 2, 25, 9}) {  // of another shard, beyond the end, not ascending
    unreadable.unreadable[1].first = number;
    unreadable.unreadable[0].first = 9;
    expect_failure(parse(statistics_bytes(unreadable)).status(), Code::format, {"none of theirs"});
  }
  for (const Shard shard : {Shard{0, 4}, Shard{5, 4}, Shard{1, 0}, Shard{4, 4}}) {  // the last one has five samples
    Statistics statistics = example();
    statistics.unreadable.clear();
    statistics.shard = shard;
    expect_failure(parse(statistics_bytes(statistics)).status(), Code::format, {"contradict"});
  }
}

void test_what_is_not_accepted_is_not_read(void**) {
  const std::vector<std::byte> bytes = statistics_bytes(example());
  const auto refuse = [](const Statistics& found) {
    assert_int_equal(found.groups.size(), 0);
    return fail(Code::data, found.origin.isa);
  };
  expect_failure(parse_statistics(bytes, 4, kBatch, refuse).status(), Code::data, {"avx2"});
}

void test_settings_are_what_observing_depends_on(void**) {
  const QuantizeConfig plain;
  const std::string lines = observation_settings(plain, {});
  const auto differs = [&](auto change) {
    QuantizeConfig config;
    change(config);
    return observation_settings(config, {}) != lines;
  };
  assert_true(differs([](QuantizeConfig& c) { c.format = PixelFormat::rgb; }));
  assert_true(differs([](QuantizeConfig& c) { c.mean[2] = 1e-30F; }));
  assert_true(differs([](QuantizeConfig& c) { c.normal[0] = std::nextafter(1.0F, 2.0F); }));
  assert_true(differs([](QuantizeConfig& c) { c.width = 1; }));
  assert_true(differs([](QuantizeConfig& c) { c.height = 1; }));
  assert_true(differs([](QuantizeConfig& c) { c.center_crop_h = 0.5F; }));
  assert_true(differs([](QuantizeConfig& c) { c.center_crop_w = 0.5F; }));
  assert_true(differs([](QuantizeConfig& c) { c.fit = FitMode::crop; }));
  assert_true(differs([](QuantizeConfig& c) { c.shorter_side = 5; }));
  assert_true(differs([](QuantizeConfig& c) { c.input_type = InputType::sequence; }));
  assert_true(differs([](QuantizeConfig& c) { c.batch_size = 5; }));
  assert_false(differs([](QuantizeConfig& c) { c.activation_method = ActivationMethod::KL; }));
  assert_false(differs([](QuantizeConfig& c) { c.percentile = 99; }));
  assert_true(observation_settings(plain, {"b", "a"}) == observation_settings(plain, {"a", "b"}));
  // A name with a line feed is no two lines.
  assert_true(observation_settings(plain, {"a\nskip_quant_op_names b"}) != observation_settings(plain, {"a", "b"}));
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_what_goes_in_comes_out),
      cmocka_unit_test(test_a_file_is_written_whole),
      cmocka_unit_test(test_every_shard_has_its_samples),
      cmocka_unit_test(test_other_bytes_are_refused),
      cmocka_unit_test(test_every_changed_byte_is_noticed),
      cmocka_unit_test(test_hostile_bytes),
      cmocka_unit_test(test_numbers_that_cannot_be),
      cmocka_unit_test(test_what_is_not_accepted_is_not_read),
      cmocka_unit_test(test_settings_are_what_observing_depends_on),
  };
  return cmocka_run_group_tests_name("statistics", tests, nullptr, nullptr);
}
