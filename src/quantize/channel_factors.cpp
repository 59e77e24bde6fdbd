#include "quantize/channel_factors.h"

#include "runtime/boundary.h"

namespace octet {
namespace {

struct ChannelSums {
  std::vector<double> square, product;  // of the reference; of both

  void add(const ChannelSums& other) {
    for (std::size_t c = 0; c < square.size(); ++c) {
      square[c] += other.square[c];
      product[c] += other.product[c];
    }
  }
};

struct PairSums : SampleResult {
  std::vector<ChannelSums> sums;  // by pair
};

std::vector<ChannelSums> no_sums(const Graph& reference, const std::vector<TensorPair>& pairs) {
  std::vector<ChannelSums> sums;
  for (const TensorPair& pair : pairs) {
    const std::vector<double> zeros(static_cast<std::size_t>(reference.at(pair.reference).dims[1]), 0);
    sums.push_back({zeros, zeros});
  }
  return sums;
}

class FactorWorker : public SampleWorker {
 public:
  static Result<std::unique_ptr<FactorWorker>> create(const std::shared_ptr<const Plan>& reference,
                                                      const std::shared_ptr<const Plan>& model,
                                                      const std::vector<TensorPair>& pairs) {
    std::unique_ptr<FactorWorker> worker(new FactorWorker(pairs));
    OCTET_ASSIGN(worker->reference_, Session::create(reference, {}));
    OCTET_ASSIGN(worker->model_, Session::create(model, {}));
    worker->reference_->set_observer([raw = worker.get()](const Observed& observed) { raw->keep(observed); });
    worker->model_->set_observer([raw = worker.get()](const Observed& observed) { raw->multiply(observed); });
    return worker;
  }

  Result<std::unique_ptr<SampleResult>> run(std::size_t, std::span<const Binding> inputs) override {
    auto result = std::make_unique<PairSums>();
    result->sums = no_sums(*reference_->plan().graph, pairs_);
    current_ = result.get();
    const std::vector<Binding> no_outputs(reference_->plan().graph->outputs.size());
    OCTET_TRY(reference_->run(inputs, no_outputs));
    OCTET_TRY(model_->run(inputs, no_outputs));
    return std::unique_ptr<SampleResult>(std::move(result));
  }

  void cancel() override {
    reference_->cancel(true);
    model_->cancel(true);
  }

 private:
  explicit FactorWorker(const std::vector<TensorPair>& pairs) : pairs_(pairs), values_(pairs.size()) {}

  void keep(const Observed& observed) {
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
      if (pairs_[i].reference == observed.id) export_values(*reference_, observed, values_[i]);
    }
  }

  void multiply(const Observed& observed) {
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
      if (pairs_[i].model != observed.id || values_[i].empty()) continue;
      export_values(*model_, observed, scratch_);
      const Dims& dims = model_->plan().graph->at(observed.id).dims;
      ChannelSums& sums = current_->sums[i];
      const std::size_t channels = sums.square.size();
      const std::size_t area = scratch_.size() / channels / static_cast<std::size_t>(dims[0]);
      for (std::size_t at = 0; at < scratch_.size(); ++at) {
        const std::size_t c = at / area % channels;
        sums.square[c] += static_cast<double>(values_[i][at]) * static_cast<double>(values_[i][at]);
        sums.product[c] += static_cast<double>(values_[i][at]) * static_cast<double>(scratch_[at]);
      }
    }
  }

  const std::vector<TensorPair>& pairs_;
  std::unique_ptr<Session> reference_, model_;
  std::vector<std::vector<float>> values_;  // of the reference, by pair
  std::vector<float> scratch_;
  PairSums* current_ = nullptr;
};

}  // namespace

void export_values(const Session& session, const Observed& observed, std::vector<float>& values) {
  const Tensor& tensor = session.plan().graph->at(observed.id);
  values.resize(static_cast<std::size_t>(element_count(tensor.dims)));
  const Transfer transfer = Transfer::outwards(tensor, observed.layout, session.plan().isa, observed.data,
                                               values.data(), DType::f32, nullptr);
  transfer.run(0, transfer.tiles());
}

Result<std::vector<std::vector<float>>> fit_channel_factors(const std::shared_ptr<const Plan>& reference,
                                                            const std::shared_ptr<const Plan>& model,
                                                            const std::vector<TensorPair>& pairs,
                                                            const SampleSource& source,
                                                            std::vector<std::size_t> samples, int threads,
                                                            const Hooks& hooks) {
  std::vector<ChannelSums> totals = no_sums(*reference->graph, pairs);
  SampleJob job;
  job.stage = "fit channels";
  job.graph = reference->graph.get();
  job.source = &source;
  job.samples = std::move(samples);
  job.threads = threads;
  job.make_worker = [&]() -> Result<std::unique_ptr<SampleWorker>> {
    OCTET_ASSIGN(auto worker, FactorWorker::create(reference, model, pairs));
    return std::unique_ptr<SampleWorker>(std::move(worker));
  };
  job.merge = [&](std::size_t, SampleResult& result) -> Status {
    const auto& sums = static_cast<const PairSums&>(result).sums;
    for (std::size_t i = 0; i < totals.size(); ++i) totals[i].add(sums[i]);
    return {};
  };
  OCTET_TRY(run_samples(job, hooks).status());
  std::vector<std::vector<float>> factors;
  for (const ChannelSums& sums : totals) {
    factors.emplace_back();
    for (std::size_t c = 0; c < sums.square.size(); ++c) {
      const double factor = sums.product[c] / sums.square[c];
      // Below 0 the int8 channel is no multiple of the float one in any sense: it counts as it is.
      factors.back().push_back(sums.square[c] == 0 ? 0 : factor > 0 ? static_cast<float>(factor) : 1);
    }
  }
  return factors;
}

}  // namespace octet
