#include "cpu/cpu.h"

#include <sched.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace octet {
namespace {

constexpr const char* kNames[] = {
#define OCTET_ISA_PACKAGE(identifier, name) name,
#include "cpu/isa.inc"
#undef OCTET_ISA_PACKAGE
};

#if defined(__x86_64__)

struct CpuidLeaf {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
};

CpuidLeaf cpuid(unsigned leaf, unsigned subleaf) {
  CpuidLeaf r;
  __get_cpuid_count(leaf, subleaf, &r.eax, &r.ebx, &r.ecx, &r.edx);
  return r;
}

// Register state that the operating system saves (XCR0): bits 1, 2: SSE and AVX; 5, 6, 7: AVX-512.
std::uint64_t enabled_state() {
  unsigned low = 0;
  unsigned high = 0;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (std::uint64_t{high} << 32) | low;
}

bool has(unsigned bits, int bit) { return ((bits >> bit) & 1u) != 0; }

struct X86 {
  bool avx2 = false, avxvnni = false, avx512vnni = false, avx512vbmi = false;

  X86() {
    const CpuidLeaf one = cpuid(1, 0);
    if (!has(one.ecx, 27) || !has(one.ecx, 28)) return;  // OSXSAVE, AVX
    const std::uint64_t state = enabled_state();
    if ((state & 0x6) != 0x6) return;
    const CpuidLeaf seven = cpuid(7, 0);
    const CpuidLeaf seven_one = seven.eax >= 1 ? cpuid(7, 1) : CpuidLeaf{};
    avx2 = has(seven.ebx, 5) && has(one.ecx, 12);  // AVX2, FMA
    avxvnni = avx2 && has(seven_one.eax, 4);
    avx512vnni = avx2 && (state & 0xE6) == 0xE6 && has(seven.ebx, 16) && has(seven.ebx, 17) && has(seven.ebx, 30) &&
                 has(seven.ebx, 31) && has(seven.ecx, 11);  // F, DQ, BW, VL, VNNI
    avx512vbmi = avx512vnni && has(seven.ecx, 1);
  }
};

bool detect(Isa isa) {
  static const X86 cpu;
  switch (isa) {
    case Isa::ref:
      return true;
    case Isa::avx2:
      return cpu.avx2;
    case Isa::avxvnni:
      return cpu.avxvnni;
    case Isa::avx512vnni256:
    case Isa::avx512vnni:
      return cpu.avx512vnni;
    case Isa::avx512vbmi:
      return cpu.avx512vbmi;
  }
  return false;
}

#else

bool detect(Isa isa) { return isa == Isa::ref; }

#endif

// CPUs that the quota of the process's cgroup (version 2 or 1) is worth, or 0 where there is none.
int cgroup_cpus() {
  auto read_numbers = [](const char* path, const char* format, long long* a, long long* b) {
    FILE* file = std::fopen(path, "re");
    if (file == nullptr) return 0;
    const int got = std::fscanf(file, format, a, b);
    std::fclose(file);
    return got;
  };
  long long quota = 0;
  long long period = 0;
  if (read_numbers("/sys/fs/cgroup/cpu.max", "%lld %lld", &quota, &period) != 2) {
    long long unused = 0;
    if (read_numbers("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "%lld", &quota, &unused) != 1 ||
        read_numbers("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "%lld", &period, &unused) != 1) {
      return 0;
    }
  }
  if (quota <= 0 || period <= 0) return 0;
  return static_cast<int>(std::min<long long>((quota + period - 1) / period, 4096));
}

}  // namespace

const char* name_of(Isa isa) { return kNames[static_cast<int>(isa)]; }

bool is_available(Isa isa) { return detect(isa); }

Isa best_isa() {
  for (int i = kIsaCount - 1; i > 0; --i) {
    if (detect(static_cast<Isa>(i))) return static_cast<Isa>(i);
  }
  return Isa::ref;
}

Result<Isa> choose_isa(std::string_view name) {
  std::string source = "instruction set";
  if (name.empty()) {
    const char* environment = std::getenv("OCTET_ISA");
    if (environment == nullptr || *environment == '\0') return best_isa();
    name = environment;
    source = "OCTET_ISA";
  }
  std::string known;
  for (int i = 0; i < kIsaCount; ++i) {
    if (name == kNames[i]) {
      const Isa isa = static_cast<Isa>(i);
      if (detect(isa)) return isa;
      return fail(Code::unsupported, source + " '" + kNames[i] + "': this CPU does not have it; the best here is '" +
                                         name_of(best_isa()) + "'");
    }
    known += known.empty() ? "" : ", ";
    known += kNames[i];
  }
  return fail(Code::argument, source + " '" + std::string(name.substr(0, 40)) + "' is not known; known are: " + known);
}

int usable_cpu_count() {
  cpu_set_t set;
  CPU_ZERO(&set);
  int count = 1;
  if (::sched_getaffinity(0, sizeof set, &set) == 0) count = std::max(1, CPU_COUNT(&set));
  const int quota = cgroup_cpus();
  return quota > 0 ? std::min(count, quota) : count;
}

}  // namespace octet
