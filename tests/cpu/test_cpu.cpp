// Instruction sets and processors.
#include <sched.h>

#include <cstdlib>
#include <fstream>

#include "cpu/cpu.h"
#include "support/expect.h"

namespace octet::test {
namespace {

void test_reference_is_everywhere(void**) {
  assert_true(is_available(Isa::ref));
  assert_true(is_available(best_isa()));
  assert_string_equal(name_of(Isa::ref), "ref");
  assert_string_equal(name_of(Isa::avx512vnni), "avx512vnni");
}

void test_choice_by_name(void**) {
  unsetenv("OCTET_ISA");
  assert_true(*choose_isa("") == best_isa());
  for (int i = 0; i < kIsaCount; ++i) {
    const auto isa = static_cast<Isa>(i);
    const auto chosen = choose_isa(name_of(isa));
    if (is_available(isa)) {
      expect_ok(chosen.status());
      assert_true(*chosen == isa);
    } else {
      expect_failure(chosen.status(), Code::unsupported, {name_of(isa), "does not have it", name_of(best_isa())});
    }
  }
  expect_failure(choose_isa("sse9").status(), Code::argument, {"'sse9'", "known are", "ref", "avx512vnni"});
  expect_failure(choose_isa("AVX2").status(), Code::argument, {"'AVX2'"});
}

void test_choice_by_environment(void**) {
  setenv("OCTET_ISA", "ref", 1);
  assert_true(*choose_isa("") == Isa::ref);
  assert_true(*choose_isa(name_of(best_isa())) == best_isa());  // a name counts more
  setenv("OCTET_ISA", "nonsense", 1);
  expect_failure(choose_isa("").status(), Code::argument, {"OCTET_ISA", "nonsense"});
  setenv("OCTET_ISA", "", 1);
  assert_true(*choose_isa("") == best_isa());
  unsetenv("OCTET_ISA");
}

// What cpuid says and what the kernel says of the same processor agree.
void test_detection_agrees_with_the_system(void**) {
  std::ifstream file("/proc/cpuinfo");
  std::string line, flags;
  while (std::getline(file, line)) {
    if (line.rfind("flags", 0) == 0) flags = line.substr(line.find(':') + 1) + " ";
  }
  if (flags.empty()) {
    print_message("SKIPPED: /proc/cpuinfo does not tell\n");
    skip();
  }
  const auto has = [&](const char* flag) { return flags.find(" " + std::string(flag) + " ") != std::string::npos; };
  const bool avx2 = has("avx2") && has("fma");
  assert_int_equal(is_available(Isa::avx2), avx2);
  assert_int_equal(is_available(Isa::avxvnni), avx2 && has("avx_vnni"));
  const bool avx512 =
      avx2 && has("avx512f") && has("avx512bw") && has("avx512dq") && has("avx512vl") && has("avx512_vnni");
  assert_int_equal(is_available(Isa::avx512vnni), avx512);
  assert_int_equal(is_available(Isa::avx512vnni256), avx512);
  assert_int_equal(is_available(Isa::avx512vbmi), avx512 && has("avx512vbmi"));
}

void test_usable_processors_follow_the_mask(void**) {
  const int all = usable_cpu_count();
  assert_true(all >= 1);
  cpu_set_t before, one;
  assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
  assert_true(all <= CPU_COUNT(&before));
  CPU_ZERO(&one);
  for (int i = 0; i < CPU_SETSIZE; ++i) {
    if (CPU_ISSET(i, &before)) {
      CPU_SET(i, &one);
      break;
    }
  }
  if (sched_setaffinity(0, sizeof one, &one) != 0) skip();
  const int alone = usable_cpu_count();
  sched_setaffinity(0, sizeof before, &before);
  assert_int_equal(alone, 1);
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_reference_is_everywhere),
      cmocka_unit_test(test_choice_by_name),
      cmocka_unit_test(test_choice_by_environment),
      cmocka_unit_test(test_detection_agrees_with_the_system),
      cmocka_unit_test(test_usable_processors_follow_the_mask),
  };
  return cmocka_run_group_tests_name("processors", tests, nullptr, nullptr);
}
