#include "quantize/mixed.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace octet {
namespace {

class Search {
 public:
  Search(const MixedJob& job, const Hooks& hooks) : job_(job), hooks_(hooks) {}

  Result<MixedChoice> run() {
    if (job_.budget.max_drop && !job_.outputs->is_classifier()) {
      return fail(Code::config,
                  "\"mixed\": \"max_drop\" is for classifiers, and the first output is no list of classes: give "
                  "\"min_sqnr\"");
    }
    MixedChoice choice;
    find_candidates();
    total_ = static_cast<std::int64_t>(candidates_.size()) + 2;  // the network all in int8, candidates, and the choice
    OCTET_ASSIGN(const Distance all_int8, distance({}));
    choice.report.all_int8_sqnr_db = choice.report.sqnr_db = all_int8.sqnr_db;
    choice.report.all_int8_drop = choice.report.drop = all_int8.drop;
    if (!holds(all_int8)) {
      OCTET_TRY(measure_candidates(all_int8));
      OCTET_TRY(choose(all_int8, choice));
    }
    if (hooks_.progress && !hooks_.progress("sensitivity", total_, total_)) return fail(Code::cancelled, "cancelled");
    return choice;
  }

 private:
  // Layers that are kept together: one alone, whose weights then are not rounded, or those on both sides of a tensor,
  // which then is not rounded either.
  struct Candidate {
    std::vector<std::size_t> nodes;
    double saved = 0;  // noise
    double macs = 0;
  };

  // However many runs the search takes, it tells how many networks it has measured and can be cancelled in each.
  Result<Distance> distance(const std::vector<std::string>& kept) const {
    OCTET_ASSIGN(Graph network, job_.make(kept));
    Hooks within;
    if (hooks_.progress) {
      within.progress = [this](const char*, std::int64_t, std::int64_t) {
        return hooks_.progress("sensitivity", done_, total_);
      };
    }
    return job_.outputs->of(std::move(network), within);
  }

  bool holds(const Distance& distance) const {
    const MixedBudget& budget = job_.budget;
    return (!budget.min_sqnr || distance.sqnr_db >= *budget.min_sqnr) &&
           (!budget.max_drop || distance.drop <= *budget.max_drop);
  }

  double macs_of(std::size_t node) const {
    return static_cast<double>(count_macs(*job_.graph, job_.graph->nodes[node]));
  }
  double most_macs() const { return static_cast<double>(count_macs(*job_.graph).all) * job_.budget.max_float_macs; }

  // An output has a name of its own, what nodes may lack.
  std::vector<std::string> names_of(const std::vector<std::size_t>& nodes) const {
    std::vector<std::string> names;
    for (const std::size_t n : nodes) names.push_back(job_.graph->at(job_.graph->nodes[n].outputs[0]).name);
    return names;
  }

  // Nodes that make or read each tensor, and whether each node is one of job_.layers.
  void find_neighbours() {
    const Graph& graph = *job_.graph;
    neighbours_.assign(graph.tensors.size(), {});
    is_layer_.assign(graph.nodes.size(), false);
    for (const std::size_t n : job_.layers) is_layer_[n] = true;
    for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
      for (const auto* ids : {&graph.nodes[n].inputs, &graph.nodes[n].outputs}) {
        for (const TensorId id : *ids) {
          if (id != kNoTensor && !graph.is_constant(id)) neighbours_[static_cast<std::size_t>(id)].push_back(n);
        }
      }
    }
  }

  // The layers that a tensor comes from, and those that read it, directly or through nodes that are none of
  // job_.layers.
  std::vector<std::size_t> layers_around(TensorId tensor) const {
    std::vector<std::size_t> found;
    std::vector<TensorId> open{tensor};
    std::set<TensorId> seen{tensor};
    while (!open.empty()) {
      const TensorId id = open.back();
      open.pop_back();
      for (const std::size_t n : neighbours_[static_cast<std::size_t>(id)]) {
        if (is_layer_[n]) {
          found.push_back(n);
          continue;
        }
        for (const auto* ids : {&job_.graph->nodes[n].inputs, &job_.graph->nodes[n].outputs}) {
          for (const TensorId other : *ids) {
            if (other != kNoTensor && !job_.graph->is_constant(other) && seen.insert(other).second) {
              open.push_back(other);
            }
          }
        }
      }
    }
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
  }

  void find_candidates() {
    find_neighbours();
    std::vector<std::vector<std::size_t>> sets;
    for (const std::size_t n : job_.layers) sets.push_back({n});
    for (const std::size_t n : job_.layers) sets.push_back(layers_around(job_.graph->nodes[n].outputs[0]));
    std::sort(sets.begin(), sets.end());
    sets.erase(std::unique(sets.begin(), sets.end()), sets.end());
    for (std::vector<std::size_t>& nodes : sets) {
      Candidate candidate{std::move(nodes), 0, 0};
      for (const std::size_t n : candidate.nodes) candidate.macs += macs_of(n);
      if (candidate.macs <= most_macs()) candidates_.push_back(std::move(candidate));
    }
  }

  Status measure_candidates(const Distance& all_int8) {
    for (Candidate& candidate : candidates_) {
      ++done_;
      OCTET_ASSIGN(const Distance without, distance(names_of(candidate.nodes)));
      candidate.saved = all_int8.noise - without.noise;
    }
    ++done_;
    std::erase_if(candidates_, [](const Candidate& c) { return c.saved <= 0; });
    return {};
  }

  // What a list of layers to keep comes to.
  struct Trial {
    std::vector<std::size_t> nodes;
    double macs = 0;
    Distance distance;
    bool reached = false;
  };

  // The candidates that fit into the budget one after the other, the one with the largest `worth` first; then as few of
  // them as hold the budget.
  template <class Worth>
  Result<Trial> take_by(Worth worth) {
    std::stable_sort(candidates_.begin(), candidates_.end(),
                     [&](const Candidate& a, const Candidate& b) { return worth(a) > worth(b); });
    std::vector<std::size_t> nodes;
    std::vector<std::size_t> ends{0};  // of the first candidates, in `nodes`
    double macs = 0;
    for (const Candidate& candidate : candidates_) {
      std::vector<std::size_t> added;
      double own = 0;
      for (const std::size_t n : candidate.nodes) {
        if (std::find(nodes.begin(), nodes.end(), n) != nodes.end()) continue;
        added.push_back(n);
        own += macs_of(n);
      }
      if (added.empty() || macs + own > most_macs()) continue;
      macs += own;
      nodes.insert(nodes.end(), added.begin(), added.end());
      ends.push_back(nodes.size());
    }
    const auto first = [&](std::size_t count) {
      return std::vector<std::size_t>(nodes.begin(), nodes.begin() + static_cast<std::ptrdiff_t>(ends[count]));
    };
    std::size_t count = ends.size() - 1;
    OCTET_ASSIGN(Trial best, try_out(first(count)));
    std::size_t too_few = 0;
    while (best.reached && count - too_few > 1) {
      const std::size_t middle = (count + too_few) / 2;
      OCTET_ASSIGN(Trial fewer, try_out(first(middle)));
      if (fewer.reached) {
        count = middle;
        best = std::move(fewer);
      } else {
        too_few = middle;
      }
    }
    return best;
  }

  Result<Trial> try_out(std::vector<std::size_t> nodes) const {
    Trial trial;
    OCTET_ASSIGN(trial.distance, distance(names_of(nodes)));
    trial.reached = holds(trial.distance);
    for (const std::size_t n : nodes) trial.macs += macs_of(n);
    trial.nodes = std::move(nodes);
    return trial;
  }

  // Layers of a chosen set without which it is as good go back to int8.
  Status leave_out_idle(Trial& trial) const {
    constexpr double kAsGood = 1.001;  // times the noise
    for (std::size_t i = trial.nodes.size(); i-- > 0;) {
      std::vector<std::size_t> fewer = trial.nodes;
      fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
      OCTET_ASSIGN(Trial without, try_out(std::move(fewer)));
      if (without.reached == trial.reached && without.distance.noise <= kAsGood * trial.distance.noise) {
        trial = std::move(without);
      }
    }
    return {};
  }

  // What is left of the work that may stay float, where the budget of error is not met: candidates that, one after the
  // other, still save something beside the chosen ones.
  Status fill_up(Trial& trial) const {
    constexpr double kWorthIt = 0.998;  // times the noise
    constexpr int kTries = 24;
    int tries = 0;
    for (const Candidate& candidate : candidates_) {
      if (trial.reached || tries == kTries) break;
      std::vector<std::size_t> more = trial.nodes;
      double macs = trial.macs;
      for (const std::size_t n : candidate.nodes) {
        if (std::find(more.begin(), more.end(), n) != more.end()) continue;
        more.push_back(n);
        macs += macs_of(n);
      }
      if (more.size() == trial.nodes.size() || macs > most_macs()) continue;
      ++tries;
      OCTET_ASSIGN(Trial with, try_out(std::move(more)));
      if (with.reached || with.distance.noise <= kWorthIt * trial.distance.noise) trial = std::move(with);
    }
    return {};
  }

  // Two orders: most error saved for the work, and most error saved. The first may fill the budget with crumbs.
  Status choose(const Distance& all_int8, MixedChoice& choice) {
    OCTET_ASSIGN(Trial trial, take_by([](const Candidate& c) { return c.saved / std::max(c.macs, 1.0); }));
    OCTET_ASSIGN(Trial other, take_by([](const Candidate& c) { return c.saved; }));
    const bool both = trial.reached && other.reached;
    const bool better = both ? other.macs < trial.macs
                             : other.reached || (!trial.reached && other.distance.noise < trial.distance.noise);
    if (better) trial = std::move(other);
    OCTET_TRY(leave_out_idle(trial));
    OCTET_TRY(fill_up(trial));
    const Graph& graph = *job_.graph;
    choice.skip = names_of(trial.nodes);
    choice.report.sqnr_db = trial.distance.sqnr_db;
    choice.report.drop = trial.distance.drop;
    choice.report.reached = trial.reached;
    choice.report.float_mac_share = trial.macs / std::max(static_cast<double>(count_macs(graph).all), 1.0);
    for (std::size_t i = 0; i < trial.nodes.size(); ++i) {
      const Node& node = graph.nodes[trial.nodes[i]];
      MixedLayer layer{choice.skip[i], kind_of(graph, node), count_macs(graph, node), 0};
      OCTET_ASSIGN(const Distance without, distance({layer.name}));
      layer.gained_db = 10 * std::log10(std::max(all_int8.noise, kLeastEnergy) / std::max(without.noise, kLeastEnergy));
      choice.report.layers.push_back(std::move(layer));
    }
    return {};
  }

  const MixedJob& job_;
  const Hooks& hooks_;
  std::vector<Candidate> candidates_;
  std::vector<std::vector<std::size_t>> neighbours_;  // by tensor
  std::vector<bool> is_layer_;                        // by node
  std::int64_t done_ = 0, total_ = 0;                 // networks whose distance was measured, for progress
};

}  // namespace

Result<MixedChoice> choose_mixed(const MixedJob& job, const Hooks& hooks) { return Search(job, hooks).run(); }

}  // namespace octet
