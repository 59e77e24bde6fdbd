#include "runtime/chain.h"

#include <algorithm>
#include <chrono>
#include <cstring>

#include "base/bytes.h"
#include "base/checked.h"
#include "runtime/rows.h"

namespace octet {
namespace {

// A tensor smaller than this stays in the second-level cache of most machines by itself. On one with 1 MiB of it,
// chains of smaller tensors gained nothing: MobileNetV2 in float took 1.4 times longer without chains at 896 pixels a
// side, and as long with as without at 224.
constexpr std::size_t kLeastBytes = 1 << 20;
// More multiply-accumulates than this for an element, and fetching it again costs less than making it twice.
constexpr std::int64_t kMostMacs = 160;
// Of all bands: inside the second-level cache, and no smaller, since each band costs every step some preparation.
constexpr std::size_t kBandBytes = 384 << 10;
constexpr std::int32_t kTiles = 8;  // for threads to share
constexpr std::size_t kMostParts = 16;

class Walk {
 public:
  Walk(const Chain& chain, std::span<const BoundStep> steps, std::byte* scratch)
      : chain_(chain), steps_(steps), scratch_(scratch) {}

  void advance(RowRange out, double* part_ms) {
    const std::size_t last = chain_.parts.size() - 1;
    RowRange added[kMostParts];
    added[last] = out;
    for (std::size_t k = last; k-- > 0;) {
      added[k] = added[k + 1].empty() ? RowRange{} : make_room(k, rows_needed(chain_.parts[k + 1], added[k + 1]));
    }
    for (std::size_t k = 0; k <= last; ++k) {
      if (added[k].empty()) continue;
      if (part_ms == nullptr) {
        run(k, added[k]);
        continue;
      }
      const auto start = std::chrono::steady_clock::now();
      run(k, added[k]);
      part_ms[k] += std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
    }
  }

 private:
  std::byte* row_of_band(std::size_t k, std::int32_t row) const {
    const ChainPart& part = chain_.parts[k];
    return scratch_ + part.band + static_cast<std::size_t>(row - kept_[k].begin) * part.out_row_bytes;
  }

  // Keeps what is needed again; returns the rows to add, which are counted as kept from here on.
  RowRange make_room(std::size_t k, RowRange needed) {
    RowRange& kept = kept_[k];
    if (kept.end <= needed.begin) {
      kept = needed;
      return needed;
    }
    if (needed.begin > kept.begin) {
      const std::byte* from = row_of_band(k, needed.begin);
      const auto rows = static_cast<std::size_t>(kept.end - needed.begin);
      kept.begin = needed.begin;
      std::memmove(row_of_band(k, kept.begin), from, rows * chain_.parts[k].out_row_bytes);
    }
    const RowRange added{kept.end, needed.end};
    kept.end = std::max(kept.end, needed.end);
    return added;
  }

  void run(std::size_t k, RowRange out) {
    const ChainPart& part = chain_.parts[k];
    const BoundStep& step = steps_[k];
    const RowRange in = rows_needed(part, out);
    const void* inputs[kMostRowInputs] = {};
    for (std::size_t i = 0; i < part.in_row_bytes.size(); ++i) {
      if (static_cast<int>(i) == part.from_before) {
        inputs[i] = row_of_band(k - 1, in.begin);
      } else if (part.in_row_bytes[i] > 0) {
        inputs[i] =
            static_cast<const std::byte*>(step.inputs[i]) + static_cast<std::size_t>(in.begin) * part.in_row_bytes[i];
      } else if (i < part.input_count) {
        inputs[i] = step.inputs[i];
      }
    }
    void* output = k + 1 < chain_.parts.size() ? row_of_band(k, out.begin)
                                               : static_cast<std::byte*>(step.outputs[0]) +
                                                     static_cast<std::size_t>(out.begin) * part.out_row_bytes;
    const Io io{inputs, &output, step.params, step.packed, scratch_ + chain_.bands_bytes};
    step.bands->run(io, band_of(part, out, in));
  }

  const Chain& chain_;
  std::span<const BoundStep> steps_;
  std::byte* scratch_;
  RowRange kept_[kMostParts];  // rows that lie in the band of each part but the last
};

// ---- Finding chains.

class Finder {
 public:
  Finder(Plan& plan, const Neighbours& neighbours) : plan_(plan), neighbours_(neighbours) {}

  void run() {
    for (int first = 0; first < static_cast<int>(plan_.steps.size());) {
      int count = 1;
      while (count < static_cast<int>(kMostParts) && links(first, first + count - 1)) ++count;
      if (count > 1) add(first, count);
      first += count;
    }
  }

 private:
  RowStep step(int index) const { return RowStep(plan_, index); }

  // Whether the output of `index` becomes a band of a chain that begins at `first`, read by the step behind it.
  bool links(int first, int index) const {
    if (index + 1 == static_cast<int>(plan_.steps.size())) return false;
    const RowStep maker = step(index);
    const RowStep reader = step(index + 1);
    if (!maker.has_bands() || !reader.has_bands()) return false;
    const TensorId id = maker.node().outputs[0];
    const auto& inputs = reader.node().inputs;
    const auto found = std::ranges::find(inputs, id);
    if (found == inputs.end() || !reader.takes_by_rows(static_cast<std::size_t>(found - inputs.begin()))) return false;
    if (neighbours_.uses[static_cast<std::size_t>(id)] != 1 || maker.planned().outputs[0].pixel_stride != 0)
      return false;
    const bool elementwise = reader.rows().inputs != 1;
    if (elementwise && index > first) return true;  // the rest of a residual block, on rows that are there
    const Tensor& tensor = plan_.graph->at(id);
    const auto bytes = static_cast<std::size_t>(element_count(tensor.dims)) * size_of(tensor.dtype);
    return bytes >= kLeastBytes && maker.rows().macs_per_element <= kMostMacs;
  }

  ChainPart part_of(int index, int first) const {
    const RowStep own = step(index);
    const auto& inputs = own.node().inputs;
    ChainPart part;
    if (index > first) {
      const auto found = std::ranges::find(inputs, step(index - 1).node().outputs[0]);
      part.from_before = static_cast<int>(found - inputs.begin());
    }
    static_cast<RowPart&>(part) = own.part([&](std::size_t i) { return static_cast<int>(i) != part.from_before; });
    return part;
  }

  // Rows of each band, and the bytes of all, when the last step makes `rows` rows at a time.
  static std::size_t size_bands(Chain& chain, std::int32_t rows) {
    std::size_t bytes = 0;
    for (std::size_t k = chain.parts.size() - 1; k-- > 0;) {
      const ChainPart& next = chain.parts[k + 1];
      rows = std::min((rows - 1) * next.rows.stride + next.rows.span, next.in_h);
      chain.parts[k].band_rows = rows;
    }
    for (std::size_t k = 0; k + 1 < chain.parts.size(); ++k) {
      chain.parts[k].band = bytes;
      bytes += align_up(static_cast<std::size_t>(chain.parts[k].band_rows) * chain.parts[k].out_row_bytes, kAlignment);
    }
    return bytes;
  }

  std::size_t scratch_of_steps(const Chain& chain) const {
    std::size_t most = 0;
    for (std::size_t k = 0; k < chain.parts.size(); ++k) {
      const ChainPart& part = chain.parts[k];
      const std::int32_t rows = k + 1 < chain.parts.size() ? part.band_rows : chain.band_rows;
      most = std::max(most, step(chain.first + static_cast<int>(k)).scratch_bytes(rows, part.in_h, false));
    }
    return most;
  }

  void add(int first, int count) {
    Chain chain;
    chain.first = first;
    const int last = first + count - 1;
    for (int i = first; i <= last; ++i) chain.parts.push_back(part_of(i, first));
    chain.out_h = static_cast<std::int32_t>(step(last).output().dims[2]);
    chain.tile_rows = std::max((chain.out_h + kTiles - 1) / kTiles, std::min(chain.out_h, 4));
    std::int32_t rows = 1;
    while (rows < chain.tile_rows && size_bands(chain, rows + 1) <= kBandBytes) ++rows;
    const std::int32_t bands = (chain.tile_rows + rows - 1) / rows;
    chain.band_rows = (chain.tile_rows + bands - 1) / bands;
    chain.bands_bytes = size_bands(chain, chain.band_rows);
    chain.scratch_bytes = chain.bands_bytes + scratch_of_steps(chain);
    adjust_buffers(first, last);
    plan_.chains.push_back(std::move(chain));
  }

  Buffer& buffer_of(const Place& place) { return plan_.buffers[static_cast<std::size_t>(place.index)]; }

  // What the chain reads lives until its end, what it writes from its beginning on. The buffers of bands go, but for
  // those that an elementwise step writes in place: they are somebody else's, or the output's.
  void adjust_buffers(int first, int last) {
    const Place& result = step(last).planned().outputs[0];
    for (int i = first; i <= last; ++i) {
      for (const Place& place : step(i).planned().inputs) {
        if (place.space == Place::Space::arena) buffer_of(place).last = std::max(buffer_of(place).last, last);
      }
    }
    for (int i = first; i < last; ++i) {
      const Place& place = step(i).planned().outputs[0];
      if (place.index != result.index && buffer_of(place).first >= first) buffer_of(place) = Buffer{};
    }
    buffer_of(result).first = std::min(buffer_of(result).first, first);
  }

  Plan& plan_;
  const Neighbours& neighbours_;
};

}  // namespace

void make_chains(Plan& plan, const Neighbours& neighbours) { Finder(plan, neighbours).run(); }

void run_chain(const Chain& chain, std::span<const BoundStep> steps, std::byte* scratch, std::int64_t begin,
               std::int64_t end, double* part_ms) noexcept {
  Walk walk(chain, steps, scratch);
  const auto last = static_cast<std::int32_t>(std::min<std::int64_t>(end * chain.tile_rows, chain.out_h));
  for (auto row = static_cast<std::int32_t>(begin) * chain.tile_rows; row < last; row += chain.band_rows) {
    walk.advance({row, std::min(row + chain.band_rows, last)}, part_ms);
  }
}

}  // namespace octet
