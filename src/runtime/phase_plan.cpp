#include "runtime/phase_plan.h"

#include <chrono>

#include "runtime/rows.h"

namespace octet {
namespace {

// Fewer rows than this are shared by a few threads too unevenly. It matters less for a step of few products, which
// waits for rows that another core has made rather than for its own work, and not for one whose own tiles are even
// fewer.
constexpr std::int64_t kLeastRows = 12, kLeastLightRows = 6;
constexpr std::int64_t kFewProducts = 64;  // for an element of the output
constexpr std::int64_t kLeastTiles = 4;
// Weights of a step that stay in a cache near the core while several pieces of its rows use them.
constexpr std::size_t kMostWeights = 256 << 10;
constexpr int kMostSteps = 16;  // of a phase
// Of all tensors of the rows that go through the steps at a time. What is beyond the second-level cache is fetched once
// more for each step, but each band costs every step some preparation: bands of 384 KiB lost 1 % of MobileNetV2 and 2 %
// of RFB-320 on a machine with 1 MiB of it.
constexpr std::size_t kBandBytes = 1 << 20;
// Nanoseconds below which a step takes longer on two threads, which first have to hear of it, than on one.
constexpr double kLeastShared = 700;
// Nanoseconds from which one piece more for each thread is nothing, and what one thread may be late is something.
constexpr double kLongLasting = 150000;

double nanoseconds(const Plan& plan, const PlannedStep& planned) {
  if (planned.step.node < 0) return kLeastShared;
  const Graph& graph = *plan.graph;
  const Node& node = graph.nodes[static_cast<std::size_t>(planned.step.node)];
  const bool int8 = graph.at(node.inputs[0]).dtype == DType::i8;
  const double macs_at_once = plan.isa == Isa::ref ? 1 : int8 ? 120 : 40;
  double bytes = static_cast<double>(planned.step.packed.size());
  for (const TensorId id : node.outputs) {
    bytes += static_cast<double>(element_count(graph.at(id).dims)) * static_cast<double>(size_of(graph.at(id).dtype));
  }
  const TensorId input = node.inputs[0];
  bytes +=
      static_cast<double>(element_count(graph.at(input).dims)) * static_cast<double>(size_of(graph.at(input).dtype));
  // Functions that are no products take longer for a byte.
  const double bytes_at_once = plan.isa == Isa::ref ? 1 : node.op == Op::softmax || node.op == Op::unary ? 4 : 32;
  return static_cast<double>(count_macs(graph, node)) / macs_at_once + bytes / bytes_at_once;
}

// Bytes that are there at each step, and what they become when buffers live longer.
class Memory {
 public:
  // share: of the most that is there at any step, what steps that run together may need.
  Memory(Plan& plan, double share) : plan_(plan), live_(plan.steps.size()) {
    std::vector<std::size_t> begin(live_.size() + 1), end(live_.size() + 1);
    for (const Buffer& buffer : plan.buffers) {
      begin[static_cast<std::size_t>(std::max(buffer.first, 0))] += buffer.bytes;
      end[static_cast<std::size_t>(std::min(buffer.last, last_step()) + 1)] += buffer.bytes;
    }
    std::size_t bytes = 0;
    for (std::size_t s = 0; s < live_.size(); ++s) {
      bytes = bytes + begin[s] - end[s];
      live_[s] = bytes;
      most_ = std::max(most_, bytes);
    }
    most_ = static_cast<std::size_t>(static_cast<double>(most_) * share);
  }

  // Whether steps [first, last] can run together.
  bool has_room(int first, int last) const {
    const auto buffers = used_by(first, last);
    for (int s = first; s <= last; ++s) {
      std::size_t bytes = live_[static_cast<std::size_t>(s)];
      for (const int b : buffers) {
        const Buffer& buffer = plan_.buffers[static_cast<std::size_t>(b)];
        if (s < buffer.first || s > buffer.last) bytes += buffer.bytes;
      }
      if (bytes > most_) return false;
    }
    return true;
  }

  void join(int first, int last) {
    for (const int b : used_by(first, last)) {
      Buffer& buffer = plan_.buffers[static_cast<std::size_t>(b)];
      for (int s = first; s <= last; ++s) {
        if (s < buffer.first || s > buffer.last) at(s) += buffer.bytes;
      }
      buffer.first = std::min(buffer.first, first);
      buffer.last = std::max(buffer.last, last);
    }
  }

 private:
  int last_step() const { return static_cast<int>(live_.size()) - 1; }
  std::size_t& at(int s) { return live_[static_cast<std::size_t>(s)]; }

  std::vector<int> used_by(int first, int last) const {
    std::vector<int> buffers;
    for (int s = first; s <= last; ++s) {
      const PlannedStep& planned = plan_.steps[static_cast<std::size_t>(s)];
      for (const auto* places : {&planned.inputs, &planned.outputs}) {
        for (const Place& place : *places) {
          if (place.space == Place::Space::arena) buffers.push_back(place.index);
        }
      }
    }
    std::ranges::sort(buffers);
    buffers.erase(std::unique(buffers.begin(), buffers.end()), buffers.end());
    return buffers;
  }

  Plan& plan_;
  std::vector<std::size_t> live_;
  std::size_t most_ = 0;
};

class Finder {
 public:
  Finder(Plan& plan, double share) : plan_(plan), join_(share > 0), memory_(plan, share) {}

  void run() {
    const int steps = static_cast<int>(plan_.steps.size());
    int chain = 0;
    for (int first = 0; first < steps;) {
      const bool chained = chain < static_cast<int>(plan_.chains.size()) && plan_.chains[index(chain)].first == first;
      end_ = chain + (chained ? 1 : 0) < static_cast<int>(plan_.chains.size())
                 ? plan_.chains[index(chain + (chained ? 1 : 0))].first
                 : steps;
      Phase phase;
      phase.first = first;
      if (chained) {
        phase.kind = Phase::Kind::chain;
        phase.count = static_cast<int>(plan_.chains[index(chain)].parts.size());
        phase.items = plan_.chains[index(chain)].tiles();
        phase.chain = chain++;
      } else if (!join_ || !(is_small(first) ? add_small(phase)
                                             : add_rows(phase, is_low(first)) || add_rows(phase, !is_low(first)))) {
        phase.items = plan_.steps[index(first)].step.tiles;
      }
      double lasts = 0;
      for (int i = first; i < first + phase.count; ++i) lasts += nanoseconds(plan_, plan_.steps[index(i)]);
      phase.long_lasting = lasts >= kLongLasting;
      first += phase.count;
      plan_.phases.push_back(std::move(phase));
    }
  }

 private:
  static std::size_t index(int i) { return static_cast<std::size_t>(i); }
  RowStep step(int i) const { return RowStep(plan_, i); }
  // Whether one thread is the best for it: it is small, or cannot be divided.
  bool is_small(int i) const {
    const PlannedStep& planned = plan_.steps[index(i)];
    const bool divides = planned.step.tiles > 1 || step(i).has_bands();
    return !divides || nanoseconds(plan_, planned) < kLeastShared;
  }

  // Whether pixels are tried before rows.
  bool is_low(int i) const { return step(i).has_bands() && step(i).output().dims[2] < kLeastRows; }

  bool add_small(Phase& phase) {
    phase.kind = Phase::Kind::alone;
    while (phase.first + phase.count < end_ && is_small(phase.first + phase.count)) ++phase.count;
    return true;
  }

  bool add_rows(Phase& phase, bool pixels) {
    phase.pixels = pixels;
    phase.count = 0;
    windowed_.clear();
    written_.clear();
    while (phase.count < kMostSteps && phase.first + phase.count < end_ && joins(phase, phase.first + phase.count)) {
      const RowStep own = step(phase.first + phase.count);
      for (const Place& place : own.planned().inputs) {
        const auto k = static_cast<std::size_t>(&place - own.planned().inputs.data());
        if (place.space != Place::Space::arena || (own.rows().same_row() && own.takes_by_rows(k))) continue;
        windowed_.push_back(place.index);
      }
      written_.push_back(own.planned().outputs[0].index);
      ++phase.count;
    }
    // One step alone has tiles that suit it better than single pixels.
    if (phase.count == 0 || (pixels && phase.count == 1)) {
      phase.count = 1;
      phase.pixels = false;
      return false;
    }
    finish(phase);
    return true;
  }

  static std::int64_t least_rows(const RowStep& own) {
    if (own.planned().step.tiles < kLeastTiles) return 2;
    return own.rows().macs_per_element <= kFewProducts ? kLeastLightRows : kLeastRows;
  }

  std::int64_t rows_of(const RowStep& own, bool pixels) const {
    const Dims& dims = own.output().dims;
    return pixels ? dims[2] * dims[3] : dims[2];
  }

  // Whether step i can run on the rows of the steps of the phase, which are those before it.
  bool joins(const Phase& phase, int i) const {
    const RowStep own = step(i);
    if (!own.has_bands() || own.planned().step.packed.size() > kMostWeights) return false;
    if (phase.pixels ? !own.rows().pixels : own.output().dims[2] < least_rows(own)) return false;
    if (phase.count == 0) return true;
    if (rows_of(own, phase.pixels) != rows_of(step(phase.first), phase.pixels)) return false;
    for (std::size_t k = 0; k < own.planned().inputs.size(); ++k) {
      const Place& place = own.planned().inputs[k];
      if (place.space != Place::Space::arena || !is_in(written_, place.index)) continue;
      if (!own.takes_by_rows(k) || !own.rows().same_row()) return false;
      if (rows_of(own, phase.pixels) !=
          (phase.pixels ? own.input(k).dims[2] * own.input(k).dims[3] : own.input(k).dims[2])) {
        return false;
      }
    }
    return !is_in(windowed_, own.planned().outputs[0].index) && memory_.has_room(phase.first, i);
  }

  static bool is_in(const std::vector<int>& list, int value) { return std::ranges::find(list, value) != list.end(); }

  void finish(Phase& phase) {
    phase.kind = Phase::Kind::rows;
    phase.items = rows_of(step(phase.first), phase.pixels);
    memory_.join(phase.first, phase.first + phase.count - 1);
    std::size_t bytes = 1;
    for (int i = phase.first; i < phase.first + phase.count; ++i) {
      RowPart part = step(i).part([](std::size_t) { return true; });
      if (phase.pixels) {
        const PlannedStep& planned = plan_.steps[index(i)];
        for (std::size_t k = 0; k < part.input_count; ++k) {
          if (part.in_row_bytes[k] > 0) part.in_row_bytes[k] = pixel_bytes(step(i).input(k), planned.inputs[k]);
        }
        part.out_row_bytes = pixel_bytes(step(i).output(), planned.outputs[0]);
        part.in_h = static_cast<std::int32_t>(phase.items);
      }
      bytes += part.in_row_bytes[0] * static_cast<std::size_t>(part.rows.stride) + part.out_row_bytes;
      phase.parts.push_back(part);
    }
    const auto most = phase.count == 1 ? phase.items : static_cast<std::int64_t>(kBandBytes / bytes);
    phase.band_rows =
        static_cast<std::int32_t>(std::clamp<std::int64_t>(most, std::min<std::int64_t>(phase.items, 4), phase.items));
    for (int k = 0; k < phase.count; ++k) {
      const RowStep own = step(phase.first + k);
      phase.scratch_bytes =
          std::max(phase.scratch_bytes, own.scratch_bytes(phase.band_rows, phase.parts[index(k)].in_h, phase.pixels));
    }
  }

  Plan& plan_;
  const bool join_;
  Memory memory_;
  int end_ = 0;                // step before which the phase has to end
  std::vector<int> windowed_;  // buffers of which the phase reads more than the row that it makes
  std::vector<int> written_;
};

void run_rows(const RowPart& part, const BoundStep& step, std::byte* scratch, RowRange out, bool pixels) {
  const RowRange in = rows_needed(part, out);
  const void* inputs[kMostRowInputs] = {};
  for (std::size_t i = 0; i < part.input_count; ++i) {
    inputs[i] = part.in_row_bytes[i] == 0 ? step.inputs[i]
                                          : static_cast<const std::byte*>(step.inputs[i]) +
                                                static_cast<std::size_t>(in.begin) * part.in_row_bytes[i];
  }
  void* output = static_cast<std::byte*>(step.outputs[0]) + static_cast<std::size_t>(out.begin) * part.out_row_bytes;
  Band band = band_of(part, out, in);
  band.pixels = pixels;
  step.bands->run(Io{inputs, &output, step.params, step.packed, scratch}, band);
}

using Clock = std::chrono::steady_clock;

}  // namespace

// Which buffers are there together says how much memory is needed, but for the gaps that places leave between them.
void make_phases(Plan& plan, PlanUse use) {
  const std::vector<Buffer> apart = plan.buffers;
  const auto arena_of = [](std::vector<Buffer> buffers) { return place_buffers(buffers); };
  const std::size_t most = use == PlanUse::run ? arena_of(apart) : 0;
  for (const double share : {1.0, 0.95, 0.9, 0.75, 0.5, 0.0}) {
    if (use == PlanUse::observe && share > 0) continue;
    plan.buffers = apart;
    plan.phases.clear();
    Finder(plan, share).run();
    if (share == 0 || arena_of(plan.buffers) <= most) return;
  }
}

void run_joined(const Phase& phase, std::span<const BoundStep> steps, std::byte* scratch, std::int64_t begin,
                std::int64_t end, double* part_ms) noexcept {
  const bool by_rows = phase.kind == Phase::Kind::rows;
  // Bands of about the same size.
  const std::int64_t bands = by_rows ? (end - begin + phase.band_rows - 1) / phase.band_rows : 1;
  for (std::int64_t b = 0; b < bands; ++b) {
    const RowRange rows{static_cast<std::int32_t>(begin + (end - begin) * b / bands),
                        static_cast<std::int32_t>(begin + (end - begin) * (b + 1) / bands)};
    for (std::size_t k = 0; k < steps.size(); ++k) {
      const auto start = part_ms != nullptr ? Clock::now() : Clock::time_point();
      if (by_rows && rows.end - rows.begin < phase.items) {
        run_rows(phase.parts[k], steps[k], scratch, rows, phase.pixels);
      } else {
        const Io io{steps[k].inputs, steps[k].outputs, steps[k].params, steps[k].packed, scratch};
        steps[k].runner(io, 0, steps[k].tiles);
      }
      if (part_ms != nullptr) {
        part_ms[k] += std::chrono::duration<double, std::milli>(Clock::now() - start).count();
      }
    }
  }
}

}  // namespace octet
