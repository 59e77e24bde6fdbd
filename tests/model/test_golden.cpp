// Files of earlier versions are read forever. `model_test_golden --write FOLDER` made them, each at the time of
// its version (the number in its name); they are never made again, since what is tested is that files of that day are
// read.
#include <cstdio>
#include <string_view>

#include "base/file.h"
#include "model/graphs.h"
#include "model/model.h"

namespace octet::test {
namespace {

struct Golden {
  const char* file;
  Graph (*graph)();
};
constexpr Golden kGolden[] = {{"v1_small.octet", int8_graph},
                              {"v1_float.octet", float_graph},
                              {"v2_zero_points.octet", zero_point_graph},
                              {"v2_open_sizes.octet", open_sizes_graph}};

void test_files_mean_what_they_meant(void**) {
  for (const Golden& golden : kGolden) {
    const std::string path = std::string(OCTET_SOURCE_DIR) + "/tests/golden/" + golden.file;
    const auto bytes = map_file(path);
    assert_ok(bytes.status());
    const auto graph = read_octet(bytes.value(), path);
    assert_ok(graph.status());
    assert_same_graph(golden.graph(), graph.value());
  }
}

int write_golden(const std::string& folder) {
  for (const Golden& golden : kGolden) {
    const Status status = write_octet(golden.graph(), join_path(folder, golden.file));
    if (status.ok()) continue;
    std::fprintf(stderr, "%s\n", status.message().c_str());
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace octet::test

int main(int argc, char** argv) {
  using namespace octet::test;
  if (argc == 3 && std::string_view(argv[1]) == "--write") return write_golden(argv[2]);
  const CMUnitTest tests[] = {cmocka_unit_test(test_files_mean_what_they_meant)};
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
