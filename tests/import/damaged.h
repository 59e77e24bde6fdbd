// Damages a good file in every way that ends soon. Whatever happens, importing ends, with a graph that is valid or with
// an error that names the file. Its worth shows under AddressSanitizer and UndefinedBehaviorSanitizer.
#pragma once

#include <functional>
#include <random>
#include <string>

#include "graph/graph.h"
#include "passes/passes.h"
#include "support/expect.h"

namespace octet::test {

using ImportFile = std::function<Result<Graph>(const std::string& content, const std::string& name)>;

inline void expect_survives(const ImportFile& import, const std::string& content) {
  Result<Graph> graph = import(content, "damaged");
  if (!graph.ok()) {
    expect_failure(graph.status(), graph.status().code(), {"damaged"});
    assert_true(graph.status().code() != Code::internal);
    return;
  }
  const Status status = prepare_graph(*graph);
  assert_true(status.ok() || !status.message().empty());
}

inline void expect_survives_truncation(const ImportFile& import, const std::string& good) {
  for (std::size_t length = 0; length < good.size(); ++length) expect_survives(import, good.substr(0, length));
}

// Each byte by itself, then eight anywhere.
inline void expect_survives_other_bytes(const ImportFile& import, const std::string& good) {
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const int value : {0, 1, 0x7f, 0x80, 0xff}) {
      std::string file = good;
      file[i] = static_cast<char>(value);
      expect_survives(import, file);
    }
  }
  std::mt19937 random(20190104);
  for (int round = 0; round < 2000; ++round) {
    std::string file = good;
    for (int flips = 0; flips < 8; ++flips) file[random() % file.size()] = static_cast<char>(random());
    expect_survives(import, file);
  }
}

}  // namespace octet::test
