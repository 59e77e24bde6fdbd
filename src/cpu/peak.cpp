#include "cpu/peak.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <thread>
#include <vector>

namespace octet {
namespace {

using Clock = std::chrono::steady_clock;

// Runs the instruction twelve times an iteration, each on an accumulator of its own, which is more than its latency
// needs.
using Loop = void (*)(std::int64_t iterations);
constexpr int kAccumulators = 12;

struct Peak {
  Loop loop = nullptr;
  int macs = 0;  // of one accumulator in one iteration
};

#if defined(__x86_64__)

// Numbers as of a network: ones whose sums stay finite and normal, and that keep the multiplier as busy as real ones.
alignas(64) constexpr float kFloats[16] = {0.9F,  -0.7F, 0.3F, 0.6F,   -0.2F, 0.8F,   -0.5F,  0.1F,
                                           -0.4F, 0.75F, 0.2F, -0.65F, 0.55F, -0.35F, -0.15F, 0.45F};
alignas(64) constexpr std::uint8_t kBytes[64] = {
    131, 7,  90,  201, 44,  250, 18,  77,  163, 99,  5,  222, 61, 140, 33, 188, 12, 240, 101, 56,  175, 29,
    208, 83, 149, 3,   117, 66,  231, 40,  194, 125, 71, 158, 22, 246, 93, 135, 9,  214, 50,  180, 107, 38,
    199, 64, 227, 16,  152, 85,  120, 243, 31,  170, 58, 205, 96, 144, 2,  237, 79, 186, 47,  113};

// Written in assembly, because it has to be these instructions and nothing else whatever the compiler thinks of a loop
// without a result, and because no other function may use them.
#define OCTET_EACH_ACCUMULATOR(step)                                                                             \
  step("0") step("1") step("2") step("3") step("4") step("5") step("6") step("7") step("8") step("9") step("10") \
      step("11")
#define OCTET_PEAK_LOOP(register, step, data)                                                                          \
  __asm__ volatile("vmovups (%1), %%" register "12\n\tvmovups (%1), %%" register "13\n\t" OCTET_EACH_ACCUMULATOR(      \
                       OCTET_CLEAR) "1:\n\t" OCTET_EACH_ACCUMULATOR(step) "dec %0\n\tjnz 1b\n\tvzeroupper"             \
                   : "+r"(iterations)                                                                                  \
                   : "r"(data)                                                                                         \
                   : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", \
                     "xmm12", "xmm13", "xmm14", "xmm15", "cc", "memory")
#define OCTET_CLEAR(n) "vpxor %%xmm" n ", %%xmm" n ", %%xmm" n "\n\t"

#define OCTET_MADD(n) "vpmaddwd %%ymm13, %%ymm12, %%ymm14\n\tvpaddd %%ymm14, %%ymm" n ", %%ymm" n "\n\t"
void madd_ymm(std::int64_t iterations) { OCTET_PEAK_LOOP("ymm", OCTET_MADD, kBytes); }

#define OCTET_VEX_DOT(n) "%{vex%} vpdpbusd %%ymm13, %%ymm12, %%ymm" n "\n\t"
void vex_dot_ymm(std::int64_t iterations) { OCTET_PEAK_LOOP("ymm", OCTET_VEX_DOT, kBytes); }

#define OCTET_DOT_YMM(n) "%{evex%} vpdpbusd %%ymm13, %%ymm12, %%ymm" n "\n\t"
void dot_ymm(std::int64_t iterations) { OCTET_PEAK_LOOP("ymm", OCTET_DOT_YMM, kBytes); }

#define OCTET_DOT_ZMM(n) "vpdpbusd %%zmm13, %%zmm12, %%zmm" n "\n\t"
void dot_zmm(std::int64_t iterations) { OCTET_PEAK_LOOP("zmm", OCTET_DOT_ZMM, kBytes); }

#define OCTET_FMA_YMM(n) "vfmadd231ps %%ymm13, %%ymm12, %%ymm" n "\n\t"
void fma_ymm(std::int64_t iterations) { OCTET_PEAK_LOOP("ymm", OCTET_FMA_YMM, kFloats); }

#define OCTET_FMA_ZMM(n) "vfmadd231ps %%zmm13, %%zmm12, %%zmm" n "\n\t"
void fma_zmm(std::int64_t iterations) { OCTET_PEAK_LOOP("zmm", OCTET_FMA_ZMM, kFloats); }

Peak peak_of(Isa isa, Multiplier multiplier) {
  const bool int8 = multiplier == Multiplier::int8;
  switch (isa) {
    case Isa::ref:
      return {};
    case Isa::avx2:
      return int8 ? Peak{madd_ymm, 16} : Peak{fma_ymm, 8};
    case Isa::avxvnni:
      return int8 ? Peak{vex_dot_ymm, 32} : Peak{fma_ymm, 8};
    case Isa::avx512vnni256:
      return int8 ? Peak{dot_ymm, 32} : Peak{fma_ymm, 8};
    case Isa::avx512vnni:
    case Isa::avx512vbmi:
      return int8 ? Peak{dot_zmm, 64} : Peak{fma_zmm, 16};
  }
  return {};
}

#else

Peak peak_of(Isa, Multiplier) { return {}; }

#endif

// Threads that start together; what one does alone, before the others run or after they stopped, does not count.
class Race {
 public:
  Race(Loop loop, int threads) : loop_(loop), waiting_(threads) {}

  // Iterations a second of the best burst of this thread.
  double run(bool leads) {
    constexpr std::int64_t kIterations = 4096;  // of a burst, which then takes some ten microseconds
    constexpr auto kWarmUp = std::chrono::milliseconds(10);
    constexpr auto kMeasured = std::chrono::milliseconds(40);
    waiting_.fetch_sub(1);
    while (waiting_.load() > 0) std::this_thread::yield();
    const auto start = Clock::now();
    while (Clock::now() - start < kWarmUp) loop_(kIterations);
    double best = 0;
    for (auto begin = Clock::now(); !stop_.load();) {
      loop_(kIterations);
      const auto end = Clock::now();
      const double seconds = std::chrono::duration<double>(end - begin).count();
      if (seconds > 0) best = std::max(best, static_cast<double>(kIterations) / seconds);
      begin = end;
      if (leads && end - start >= kWarmUp + kMeasured) stop_.store(true);
    }
    return best;
  }

  // For threads that will not come.
  void give_up(int missing) { waiting_.fetch_sub(missing); }

 private:
  Loop loop_;
  std::atomic<int> waiting_;
  std::atomic<bool> stop_{false};
};

}  // namespace

Result<double> measure_peak(Isa isa, Multiplier multiplier, int threads) {
  const Peak peak = peak_of(isa, multiplier);
  if (peak.loop == nullptr) return 0.0;
  const int others = threads - 1;
  Race race(peak.loop, threads);
  std::vector<double> rates(static_cast<std::size_t>(others));
  std::vector<std::thread> started;
  started.reserve(rates.size());
  bool refused = false;
  for (double& rate : rates) {
    try {
      started.emplace_back([&race, &rate] { rate = race.run(false); });
    } catch (const std::exception&) {  // no thread, or no memory for one: those that run must be waited for
      refused = true;
      race.give_up(others - static_cast<int>(started.size()));
      break;
    }
  }
  double total = race.run(true);
  for (std::thread& thread : started) thread.join();
  if (refused) {
    return fail(Code::memory, "the system refuses thread " + std::to_string(started.size() + 2) + " of " +
                                  std::to_string(threads) + "; ask for fewer threads");
  }
  for (const double rate : rates) total += rate;
  return total * kAccumulators * peak.macs * 1e-9;
}

}  // namespace octet
