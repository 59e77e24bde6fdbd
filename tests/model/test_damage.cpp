// Files that are truncated, changed by accident or on purpose, or newer than the reader: an error, or a valid graph.
#include "model/bytes.h"
#include "model/graphs.h"
#include "model/model.h"

namespace octet::test {
namespace {

void assert_refused_or_valid(const FileBytes& file) {
  const auto graph = file.read();
  if (graph.ok()) {
    assert_ok(validate(graph.value()));
  } else {
    assert_true(graph.status().code() != Code::internal);
    assert_false(graph.status().message().empty());
  }
}

void test_every_truncation_is_refused(void**) {
  const FileBytes whole(int8_graph());
  const Bytes bytes = whole.bytes();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto graph = read_octet(Bytes::copy_of(bytes.data(), size), "model.octet");
    assert_false(graph.ok());
  }
}

void test_every_change_of_the_structure_is_noticed(void**) {
  FileBytes file(int8_graph());
  const std::size_t structure = file.vector(kWeights);
  for (std::size_t i = 0; i < structure; ++i) {
    for (const std::uint8_t flip : {0x01, 0x80, 0xff}) {
      file.content()[i] ^= std::byte{flip};
      assert_false(file.read().ok());
      file.content()[i] ^= std::byte{flip};
    }
  }
  assert_ok(file.read().status());
}

// As above, but the checksum is made right again, so that only the checks behind it stand in the way.
void test_changes_with_a_right_checksum_do_no_harm(void**) {
  for (const Graph& graph : {int8_graph(), float_graph(), zero_point_graph(), open_sizes_graph()}) {
    FileBytes file(graph);
    const std::size_t structure = file.vector(kWeights);
    std::size_t refused = 0;
    for (std::size_t i = 0; i < structure; ++i) {
      const std::byte original = file.content()[i];
      for (const std::uint8_t value : {0, 1, 2, 127, 128, 255, static_cast<int>(original) ^ 4}) {
        const std::uint64_t checksum = file.get<std::uint64_t>(file.field(kChecksum));
        const std::size_t place = file.field(kChecksum);
        file.content()[i] = std::byte{value};
        // A changed table of contents would make the test itself read elsewhere.
        file.set(place, format::checksum(std::span<const std::byte>(file.content()).first(structure), place));
        assert_refused_or_valid(file);
        refused += !file.read().ok();
        file.set(place, checksum);
        file.content()[i] = original;
      }
    }
    assert_true(refused > structure);  // most changes do make a difference
  }
}

// Several bytes at once, in the columns, where numbers refer to each other.
void test_random_changes_with_a_right_checksum_do_no_harm(void**) {
  const FileBytes original(float_graph());
  std::uint32_t state = 7;
  const auto next = [&state](std::size_t below) {
    state = state * 1664525U + 1013904223U;
    return (state >> 8) % below;
  };
  for (int round = 0; round < 20000; ++round) {
    FileBytes file = original;
    const std::size_t structure = file.vector(kWeights);
    const std::size_t place = file.field(kChecksum);
    for (std::size_t i = 1 + next(6); i > 0; --i) {
      const std::size_t at = next(structure);
      if (at < place || at >= place + 8) file.content()[at] = static_cast<std::byte>(next(256));
    }
    file.set(place, format::checksum(std::span<const std::byte>(file.content()).first(structure), place));
    assert_refused_or_valid(file);
  }
}

// Weights are not part of the checksum: loading does not read them all. What they may hold is checked all the same.
void test_changed_weights_do_no_harm(void**) {
  for (const Graph& graph : {float_graph(), zero_point_graph()}) {
    FileBytes file(graph);
    for (std::size_t i = file.vector(kWeights); i < file.content().size(); ++i) {
      file.content()[i] ^= std::byte{0xff};
      assert_refused_or_valid(file);
    }
  }
}

void test_newer_file_says_so(void**) {
  FileBytes file(int8_graph());
  file.set<std::uint32_t>(file.field(kFormatVersion), 9);
  file.repair();
  assert_ok(file.read().status());  // written by something newer, but usable
  file.set<std::uint32_t>(file.field(kMinimumReaderVersion), 7);
  file.assert_refused(Code::version, "needs a reader of format version 7");
  file.assert_refused(Code::version, "reads up to version " + std::to_string(format::kVersion));
  file.assert_refused(Code::version, "update Octet");
}

// Nothing but the root table's first two fields needs to be understood for that.
void test_file_of_another_layout_says_so_too(void**) {
  FileBytes file(int8_graph());
  file.set<std::uint32_t>(file.field(kFormatVersion), format::kVersion + 1);
  file.set<std::uint32_t>(file.field(kMinimumReaderVersion), format::kVersion + 1);
  file.set<std::uint32_t>(file.field(kOps), 0x7fffffff);
  file.assert_refused(Code::version, "needs a reader of format version " + std::to_string(format::kVersion + 1));
}

void test_impossible_version_is_damage(void**) {
  FileBytes file(int8_graph());
  file.set<std::uint32_t>(file.field(kMinimumReaderVersion), 0);
  file.assert_refused(Code::format, "format version");
}

void test_unknown_operator_is_named(void**) {
  FileBytes file(int8_graph());
  file.set<std::uint8_t>(file.vector(kOps) + 1, 40);
  file.repair();
  file.assert_refused(Code::unsupported, "node 'features.0' has the operator number 40");
  FileBytes other(int8_graph());
  other.set(other.vector(kOps), static_cast<std::uint8_t>(Op::flatten));
  other.repair();
  other.assert_refused(Code::unsupported, "image/int8");
}

template <class T>
void assert_damage(Field column, std::size_t index, T value, std::string_view words) {
  FileBytes file(int8_graph());
  file.set<T>(file.vector(column) + index * sizeof(T), value);
  file.repair();
  file.assert_refused(Code::format, words);
}

void test_numbers_out_of_range_are_named(void**) {
  assert_damage<std::uint8_t>(kDtypes, 2, 7, "tensor 2 has an unknown element type");
  assert_damage<std::uint8_t>(kFlags, 2, 128, "tensor 2 has unknown flags");
  assert_damage<std::uint16_t>(kShapes, 0, 999, "list 999");
  assert_damage<std::uint32_t>(kOffsets, 0, 0xfffffff0, "outside the weights");
  assert_damage<std::uint32_t>(kOffsets, 0, 1, "not aligned");
  assert_damage<std::int32_t>(kZeroPoints, 0, 128, "zero point");
  assert_damage<std::uint16_t>(kNodeAttributes, 0, 999, "attributes");
  assert_damage<std::uint16_t>(kInputCounts, 0, 999, "operands");
  assert_damage<std::uint16_t>(kOutputCounts, 0, 0, "no output");
  assert_damage<std::uint16_t>(kOperands, 0, 1000, "tensor 1000");
  assert_damage<std::uint16_t>(kInputs, 0, 1000, "tensor 1000");
  assert_damage<std::uint8_t>(kNames, 0, 0x7f, "names");
  assert_damage<std::uint8_t>(kLists, 0, 0x7f, "lists");
}

void test_columns_of_different_length_are_refused(void**) {
  for (const Field column : {kDtypes, kFlags, kShapes, kOffsets, kZeroPoints, kOps, kNodeAttributes, kInputCounts,
                             kOutputCounts, kOperands, kNames, kLists}) {
    FileBytes file(int8_graph());
    file.set(file.vector(column) - 4, static_cast<std::uint32_t>(file.vector_size(column) - 1));
    file.repair();
    assert_false(file.read().ok());
  }
}

// A graph whose shapes do not follow from its operators would let kernels read outside their tensors.
void test_shapes_that_do_not_follow_are_refused(void**) {
  Graph graph = int8_graph();
  FileBytes file(graph);
  const std::size_t shapes = file.vector(kShapes);
  const auto output = static_cast<std::size_t>(graph.outputs[0]);
  file.set(shapes + 2 * output, file.get<std::uint16_t>(shapes));
  file.repair();
  file.assert_refused(Code::shape, "scores");
}

// One name of 60,000 bytes that is part of the names of 3,000 constants.
void test_long_name_cannot_be_used_without_end(void**) {
  constexpr int kConstants = 3000;
  GraphBuilder b;
  std::vector<TensorId> parts;
  for (int i = 0; i < kConstants; ++i) parts.push_back(b.floats("", {1, 1}));
  parts.push_back(b.input("x", {1, 1}));
  b.graph.outputs = {b.node(Op::concat, "concat", parts)};
  b.graph.nodes[0].name = std::string(60000, 'n');
  FileBytes file(b.graph);
  assert_ok(file.read().status());
  for (std::size_t i = 0; i < kConstants; ++i) {
    assert_int_equal(file.get<std::uint8_t>(file.vector(kNames) + i), 1);  // an empty name
    file.set<std::uint8_t>(file.vector(kNames) + i, 0);                    // "<node>/input<i>"
    b.graph.at(parts[i]).name = b.graph.nodes[0].name + "/input" + std::to_string(i);
  }
  file.repair();
  file.assert_refused(Code::format, "names are too long");
  assert_failed(octet_bytes(b.graph).status(), Code::unsupported, "bytes of names");
}

// One list of 10,000 numbers that is an attribute of 1,000 nodes.
void test_long_list_cannot_be_used_without_end(void**) {
  constexpr std::size_t kNodes = 1000;
  GraphBuilder b;
  TensorId x = b.input("x", {1});
  for (std::size_t i = 0; i < kNodes; ++i) x = b.node(Op::unary, std::to_string(i), {x});
  b.graph.outputs = {x};
  b.graph.nodes.back().attrs.starts.assign(10000, 1);
  FileBytes file(b.graph);
  assert_ok(file.read().status());
  for (std::size_t i = 0; i < kNodes; ++i) {
    file.set<std::uint16_t>(file.vector(kNodeAttributes) + 2 * i, 1);
    b.graph.nodes[i].attrs.starts.assign(10000, 1);
  }
  file.repair();
  file.assert_refused(Code::format, "more shapes and attributes");
  assert_failed(octet_bytes(b.graph).status(), Code::unsupported, "elements in shapes and attributes");
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_every_truncation_is_refused),
      cmocka_unit_test(test_every_change_of_the_structure_is_noticed),
      cmocka_unit_test(test_changes_with_a_right_checksum_do_no_harm),
      cmocka_unit_test(test_random_changes_with_a_right_checksum_do_no_harm),
      cmocka_unit_test(test_changed_weights_do_no_harm),
      cmocka_unit_test(test_newer_file_says_so),
      cmocka_unit_test(test_file_of_another_layout_says_so_too),
      cmocka_unit_test(test_impossible_version_is_damage),
      cmocka_unit_test(test_unknown_operator_is_named),
      cmocka_unit_test(test_numbers_out_of_range_are_named),
      cmocka_unit_test(test_columns_of_different_length_are_refused),
      cmocka_unit_test(test_shapes_that_do_not_follow_are_refused),
      cmocka_unit_test(test_long_name_cannot_be_used_without_end),
      cmocka_unit_test(test_long_list_cannot_be_used_without_end),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
