// The shared library as a file: what it exports, what it needs, and that the header declares just that.
#include <cstdlib>
#include <regex>
#include <set>

#include "abi/network.h"

namespace octet::test {
namespace {

std::string output_of(const std::string& command) {
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) fail_msg("cannot run %s", command.c_str());
  std::string result;
  char block[4096];
  while (const std::size_t got = std::fread(block, 1, sizeof block, pipe)) result.append(block, got);
  if (pclose(pipe) != 0) result.clear();
  return result;
}

std::set<std::string> matches(const std::string& content, const char* pattern) {
  const std::regex expression(pattern);
  std::set<std::string> found;
  for (std::sregex_iterator i(content.begin(), content.end(), expression), end; i != end; ++i) found.insert((*i)[1]);
  return found;
}

void test_exported_symbols(void**) {
  const std::string symbols = output_of("nm -D --defined-only '" OCTET_LIBRARY "'");
  if (symbols.empty()) {
    print_message("SKIPPED: exported symbols: nm is not here\n");
    skip();
  }
  // Each as "address type name@@version"; the version itself is an absolute symbol.
  std::set<std::string> exported = matches(symbols, "[0-9a-f]+ [A-Za-z] ([^@\\s]+)");
  const std::set<std::string> versions = matches(symbols, " A (OCTET_[0-9.]+)");
  assert_true(!versions.empty());
  for (const std::string& version : versions) {
    assert_int_equal(version.rfind("OCTET_" + std::to_string(Q_ABI_VERSION >> 16) + ".", 0), 0);
    exported.erase(version);
  }
  const std::string header = content_of(OCTET_SOURCE_DIR "/include/octet/octet.h");
  std::set<std::string> declared = matches(header, "\n[a-z][a-z0-9_ ]*[ *](q_[a-z0-9_]+)\\(");
  declared.erase("q_text");  // defined in the header
  assert_true(declared.size() >= 39);
  for (const std::string& name : exported) {
    if (declared.count(name) == 0) fail_msg("%s is exported but not in octet.h", name.c_str());
  }
  for (const std::string& name : declared) {
    if (exported.count(name) == 0) fail_msg("%s is in octet.h but not exported", name.c_str());
  }
}

void test_needed_libraries(void**) {
  const std::string dynamic = output_of("readelf -d '" OCTET_LIBRARY "'");
  if (dynamic.empty()) {
    print_message("SKIPPED: needed libraries: readelf is not here\n");
    skip();
  }
  assert_true(dynamic.find("soname: [liboctet.so.1]") != std::string::npos);
  assert_true(dynamic.find("TEXTREL") == std::string::npos);
  if (std::strlen(OCTET_SANITIZE) > 0) return;  // those add their own
  const std::set<std::string> allowed = {"libc", "libm", "libjpeg", "libpng16", "ld-linux-x86-64", "ld-linux-aarch64"};
  for (const std::string& name : matches(dynamic, "NEEDED.*\\[([^\\]]+?)\\.so[.0-9]*\\]")) {
    if (allowed.count(name) == 0) fail_msg("the library needs %s", name.c_str());
  }
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {cmocka_unit_test(test_exported_symbols), cmocka_unit_test(test_needed_libraries)};
  return cmocka_run_group_tests_name("shared library", tests, nullptr, nullptr);
}
