#include "quantize/float_where_faster.h"

#include <algorithm>
#include <cstdio>
#include <numeric>

#include "quantize/rewrite.h"

namespace octet {
namespace {

// Less than this share of a run cannot be told from chance.
constexpr double kLeastShare = 0.005;
// Of the rounds of a duel. One of two networks that are equally fast wins three of four of 60 rounds in one of 10000
// duels.
constexpr double kLeastWins = 0.75;
constexpr std::size_t kMostDuels = 16;

bool is_faster(const Duel& duel) {
  return duel.second_wins >= kLeastWins && duel.second_ms < duel.first_ms * (1 - kLeastShare);
}

class Chooser {
 public:
  Chooser(const Stopwatch::Network& graph, const std::vector<std::string>& skip, Stopwatch& stopwatch,
          const Hooks& hooks)
      : graph_(graph), skip_(skip), stopwatch_(stopwatch), hooks_(hooks) {
    for (const Node& node : graph->nodes) ++bearers_[node.name];
  }

  Result<FloatLayers> run() {
    OCTET_ASSIGN(base_, with({}));
    OCTET_TRY(progress(0));
    OCTET_ASSIGN(times_, stopwatch_.time_layers({graph_, base_.network}));
    find_parts();
    OCTET_TRY(progress(1));
    Mixed best = base_;
    bool all_in_float = false;
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      std::vector<std::size_t> nodes = best.float_nodes;
      nodes.insert(nodes.end(), parts_[i].nodes.begin(), parts_[i].nodes.end());
      OCTET_ASSIGN(Mixed trial, with(std::move(nodes)));
      all_in_float = all_in_float || !trial.is_int8;
      if (trial.is_int8) {
        OCTET_ASSIGN(const Duel duel, stopwatch_.duel(best.network, trial.network));
        if (is_faster(duel)) best = std::move(trial);
      }
      OCTET_TRY(progress(i + 2));
    }
    OCTET_ASSIGN(FloatLayers result, judged(best));
    if (all_in_float) {
      OCTET_ASSIGN(result.warning, warning());
    }
    OCTET_TRY(progress(parts_.size() + 2));
    return result;
  }

 private:
  struct Mixed {
    std::vector<std::size_t> float_nodes;  // asked for
    std::vector<std::string> skip;         // their names
    std::vector<bool> int8_node;
    bool is_int8 = false;  // some layer that int8 is for is left
    Stopwatch::Network network;
  };

  // Int8 layers next to each other that are faster in float, all together.
  struct Part {
    std::vector<std::size_t> nodes;
    double gain_ms = 0;
  };

  Status progress(std::size_t done) const {
    if (!hooks_.progress) return {};
    const std::size_t total = parts_.size() + 2;
    if (hooks_.progress("time layers", static_cast<std::int64_t>(done), static_cast<std::int64_t>(total))) return {};
    return fail(Code::cancelled, "cancelled while layers were measured");
  }

  // The name of a node where no other has it, else that of its output.
  std::string skip_name(std::size_t n) const {
    const Node& node = graph_->nodes[n];
    return !node.name.empty() && bearers_.at(node.name) == 1 ? node.name : graph_->at(node.outputs[0]).name;
  }

  Result<Mixed> with(std::vector<std::size_t> float_nodes) const {
    Mixed mixed;
    for (const std::size_t n : float_nodes) mixed.skip.push_back(skip_name(n));
    mixed.float_nodes = std::move(float_nodes);
    std::vector<std::string> all = skip_;
    all.insert(all.end(), mixed.skip.begin(), mixed.skip.end());
    OCTET_ASSIGN(const Assignment assignment, assign_types(*graph_, all));
    mixed.int8_node = assignment.int8_node;
    for (std::size_t n = 0; n < graph_->nodes.size(); ++n) {
      mixed.is_int8 = mixed.is_int8 || (assignment.int8_node[n] && is_heavy(graph_->nodes[n].op));
    }
    const std::vector<Quant> quants(static_cast<std::size_t>(assignment.group_count), Quant{0.05F, 0});
    OCTET_ASSIGN(Graph network, rewrite_int8(*graph_, assignment, quants, {}));
    mixed.network = std::make_shared<const Graph>(std::move(network));
    return mixed;
  }

  double time_of(const LayerTimes& times, std::size_t n) const {
    const auto found = times.find(graph_->at(graph_->nodes[n].outputs[0]).name);
    return found == times.end() ? 0 : found->second;
  }
  double float_ms(std::size_t n) const { return time_of(times_[0], n); }
  double int8_ms(std::size_t n) const { return time_of(times_[1], n); }

  // For each int8 node, those that read what it makes or make what it reads.
  std::vector<std::vector<std::size_t>> neighbours() const {
    const std::vector<int> producer = find_producers(*graph_);
    std::vector<std::vector<std::size_t>> near(graph_->nodes.size());
    for (std::size_t n = 0; n < near.size(); ++n) {
      if (!base_.int8_node[n]) continue;
      for (const TensorId id : graph_->nodes[n].inputs) {
        const int maker = id == kNoTensor ? -1 : producer[static_cast<std::size_t>(id)];
        if (maker < 0 || !base_.int8_node[static_cast<std::size_t>(maker)]) continue;
        near[n].push_back(static_cast<std::size_t>(maker));
        near[static_cast<std::size_t>(maker)].push_back(n);
      }
    }
    return near;
  }

  void find_parts() {
    const std::size_t count = graph_->nodes.size();
    const std::vector<std::vector<std::size_t>> near = neighbours();
    std::vector<bool> faster(count), wanted(count);
    for (std::size_t n = 0; n < count; ++n) {
      faster[n] = base_.int8_node[n] && float_ms(n) < int8_ms(n);
    }
    // A light layer between others that are faster in float comes along: changing the types twice costs more.
    for (std::size_t n = 0; n < count; ++n) {
      const auto is_faster_there = [&](std::size_t m) { return faster[m]; };
      wanted[n] = faster[n] || (near[n].size() > 1 && !is_heavy(graph_->nodes[n].op) &&
                                std::all_of(near[n].begin(), near[n].end(), is_faster_there));
    }
    const double total = std::accumulate(times_[1].begin(), times_[1].end(), 0.0,
                                         [](double sum, const auto& layer) { return sum + layer.second; });
    for (std::size_t n = 0; n < count; ++n) {
      if (!wanted[n]) continue;
      Part part = connected(n, near, wanted);
      if (part.gain_ms > kLeastShare * total) parts_.push_back(std::move(part));
    }
    std::stable_sort(parts_.begin(), parts_.end(), [](const Part& a, const Part& b) { return a.gain_ms > b.gain_ms; });
    if (parts_.size() > kMostDuels) parts_.resize(kMostDuels);
  }

  // The wanted nodes that hang together with `first`; they are not wanted again.
  Part connected(std::size_t first, const std::vector<std::vector<std::size_t>>& near,
                 std::vector<bool>& wanted) const {
    Part part;
    part.nodes = {first};
    wanted[first] = false;
    for (std::size_t i = 0; i < part.nodes.size(); ++i) {
      const std::size_t n = part.nodes[i];
      part.gain_ms += int8_ms(n) - float_ms(n);
      for (const std::size_t m : near[n]) {
        if (!wanted[m]) continue;
        wanted[m] = false;
        part.nodes.push_back(m);
      }
    }
    std::sort(part.nodes.begin(), part.nodes.end());
    return part;
  }

  // A last duel of the whole choice with plain int8, which also says how much was won.
  Result<FloatLayers> judged(const Mixed& best) const {
    FloatLayers result;
    if (!best.float_nodes.empty()) {
      OCTET_ASSIGN(const Duel duel, stopwatch_.duel(base_.network, best.network));
      if (is_faster(duel)) {
        result.skip = best.skip;
        result.int8_ms = duel.first_ms;
        result.mixed_ms = duel.second_ms;
        for (std::size_t n = 0; n < graph_->nodes.size(); ++n) {
          if (!base_.int8_node[n] || best.int8_node[n]) continue;
          result.layers.push_back({skip_name(n), kind_of(*graph_, graph_->nodes[n]), float_ms(n), int8_ms(n)});
        }
      }
    }
    return result;
  }

  Result<std::string> warning() const {
    OCTET_ASSIGN(const Duel duel, stopwatch_.duel(base_.network, graph_));
    if (!is_faster(duel)) return std::string();
    char text[200];
    std::snprintf(text, sizeof text,
                  "the float network is faster than the int8 one on this CPU, %.3f ms a run instead of %.3f ms: for "
                  "speed here, use the float network",
                  duel.second_ms, duel.first_ms);
    return std::string(text);
  }

  const Stopwatch::Network& graph_;
  const std::vector<std::string>& skip_;
  Stopwatch& stopwatch_;
  const Hooks& hooks_;
  std::map<std::string_view, int> bearers_;  // of a name, among the nodes
  Mixed base_;
  std::vector<LayerTimes> times_;  // float, int8
  std::vector<Part> parts_;        // the most promising one first
};

}  // namespace

Result<FloatLayers> find_float_layers(const Stopwatch::Network& graph, const std::vector<std::string>& skip,
                                      Stopwatch& stopwatch, const Hooks& hooks) {
  return Chooser(graph, skip, stopwatch, hooks).run();
}

}  // namespace octet
