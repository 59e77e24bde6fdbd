#include "quantize/patches.h"

#include <algorithm>
#include <map>

#include "ops/loops.h"

namespace octet {
namespace {

constexpr std::size_t kMaxRows = 8192;  // of a layer

struct SamplePatches : SampleResult {
  std::vector<std::vector<float>> values, reference;  // by node of the float network
};

// How one layer is looked at.
struct View {
  int node = -1;          // of the float network
  std::size_t rows = 0;   // of each sample
  std::size_t groups = 1, depth = 0;
};

// What a layer reads, as real values.
class Values {
 public:
  Values(const Tensor& tensor, const Observed& observed)
      : dims(tensor.dims), strides(strides_of(tensor.dims, observed.layout)), data_(observed.data) {
    if (tensor.dtype == DType::i8) quant_ = tensor.quant;
  }
  float at(std::int64_t offset) const {
    if (quant_.scale == 0) return static_cast<const float*>(data_)[offset];
    return quant_.scale * static_cast<float>(static_cast<const std::int8_t*>(data_)[offset] - quant_.zero_point);
  }

  const Dims& dims;
  const std::vector<std::int64_t> strides;

 private:
  const void* data_;
  Quant quant_;  // scale 0: float32
};

// Output position of row r: evenly spread, each in the middle of its share.
std::int64_t position_of(std::size_t r, std::size_t rows, std::int64_t positions) {
  return (static_cast<std::int64_t>(2 * r + 1) * positions) / static_cast<std::int64_t>(2 * rows);
}

void take_rows(const Values& in, const View& view, std::vector<float>& values) {
  const std::int64_t positions = element_count(in.dims) / static_cast<std::int64_t>(view.depth);
  for (std::size_t r = 0; r < view.rows; ++r) {
    std::int64_t rest = position_of(r, view.rows, positions);
    std::int64_t offset = 0;
    for (std::size_t d = in.dims.size() - 1; d-- > 0;) {
      offset += rest % in.dims[d] * in.strides[d];
      rest /= in.dims[d];
    }
    for (std::size_t k = 0; k < view.depth; ++k) {
      values.push_back(in.at(offset + static_cast<std::int64_t>(k) * in.strides.back()));
    }
  }
}

void take_windows(const Values& in, const Node& node, const Dims& out, const View& view, std::vector<float>& values) {
  const Window& w = node.attrs.window;
  const std::int64_t area = out[2] * out[3];
  for (std::size_t r = 0; r < view.rows; ++r) {
    const std::int64_t position = position_of(r, view.rows, out[0] * area);
    const std::int64_t top = position % area / out[3] * w.stride[0] - w.pads[0];
    const std::int64_t left = position % out[3] * w.stride[1] - w.pads[1];
    for (std::int64_t c = 0; c < in.dims[1]; ++c) {
      const std::int64_t plane = position / area * in.strides[0] + c * in.strides[1];
      for (std::int64_t ky = 0; ky < w.kernel[0]; ++ky) {
        for (std::int64_t kx = 0; kx < w.kernel[1]; ++kx) {
          const std::int64_t y = top + ky * w.dilation[0];
          const std::int64_t x = left + kx * w.dilation[1];
          const bool inside = y >= 0 && y < in.dims[2] && x >= 0 && x < in.dims[3];
          values.push_back(inside ? in.at(plane + y * in.strides[2] + x * in.strides[3]) : 0);
        }
      }
    }
  }
}

// A network whose layers are looked at while it runs.
class Watched {
 public:
  // node_of: by view, the layer in this network.
  static Result<std::unique_ptr<Watched>> create(std::shared_ptr<const Plan> plan, const std::vector<View>& views,
                                                 const std::vector<int>& node_of) {
    std::unique_ptr<Watched> watched(new Watched);
    watched->readers_.resize(plan->graph->tensors.size());
    for (std::size_t i = 0; i < views.size(); ++i) {
      const Node& node = plan->graph->nodes[static_cast<std::size_t>(node_of[i])];
      watched->readers_[static_cast<std::size_t>(node.input(0))].push_back({&views[i], &node});
    }
    OCTET_ASSIGN(watched->session_, Session::create(std::move(plan), {}));
    watched->session_->set_observer([raw = watched.get()](const Observed& observed) { raw->look(observed); });
    return watched;
  }

  Status run(std::span<const Binding> inputs, std::vector<std::vector<float>>& values) {
    values_ = &values;
    const std::vector<Binding> no_outputs(session_->plan().graph->outputs.size());
    return session_->run(inputs, no_outputs);
  }
  void cancel() { session_->cancel(true); }

 private:
  struct Reader {
    const View* view;
    const Node* node;
  };

  Watched() = default;

  void look(const Observed& observed) {
    const std::vector<Reader>& readers = readers_[static_cast<std::size_t>(observed.id)];
    if (readers.empty()) return;
    const Graph& graph = *session_->plan().graph;
    const Values in(graph.at(observed.id), observed);
    for (const Reader& reader : readers) {
      std::vector<float>& values = (*values_)[static_cast<std::size_t>(reader.view->node)];
      if (reader.node->op == Op::gemm) {
        take_rows(in, *reader.view, values);
      } else {
        take_windows(in, *reader.node, graph.at(reader.node->outputs[0]).dims, *reader.view, values);
      }
    }
  }

  std::vector<std::vector<Reader>> readers_;  // by tensor
  std::unique_ptr<Session> session_;
  std::vector<std::vector<float>>* values_ = nullptr;
};

class PatchWorker : public SampleWorker {
 public:
  PatchWorker(std::unique_ptr<Watched> reference, std::unique_ptr<Watched> int8, std::size_t nodes)
      : reference_(std::move(reference)), int8_(std::move(int8)), nodes_(nodes) {}

  Result<std::unique_ptr<SampleResult>> run(std::size_t, std::span<const Binding> inputs) override {
    auto result = std::make_unique<SamplePatches>();
    result->values.resize(nodes_);
    result->reference.resize(nodes_);
    OCTET_TRY(reference_->run(inputs, int8_ ? result->reference : result->values));
    if (int8_) OCTET_TRY(int8_->run(inputs, result->values));
    return std::unique_ptr<SampleResult>(std::move(result));
  }

  void cancel() override {
    reference_->cancel();
    if (int8_) int8_->cancel();
  }

 private:
  std::unique_ptr<Watched> reference_, int8_;  // the second: null where there is no int8 network
  std::size_t nodes_;
};

std::vector<View> choose_views(const Graph& graph, std::size_t samples) {
  std::vector<View> views;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    if ((node.op != Op::conv && node.op != Op::gemm) || !graph.is_constant(node.input(1))) continue;
    const Dims& weight = graph.at(node.input(1)).dims;
    View view;
    view.node = static_cast<int>(n);
    view.groups = static_cast<std::size_t>(node.op == Op::conv ? node.attrs.groups : 1);
    view.depth = static_cast<std::size_t>(element_count(weight) / weight[0]);
    const Dims& out = graph.at(node.outputs[0]).dims;
    const auto positions =
        static_cast<std::size_t>(node.op == Op::conv ? out[0] * out[2] * out[3] : element_count(out) / out.back());
    const std::size_t most = std::min(kMaxRows, std::max<std::size_t>(1, kMaxPatchValues / (view.groups * view.depth)));
    view.rows = std::min(positions, std::max<std::size_t>(1, most / samples));
    views.push_back(view);
  }
  return views;
}

// The layers of the views in the int8 network; views of layers that are not int8 there go.
std::vector<int> find_int8_layers(const Graph& graph, const Graph& int8, std::vector<View>& views) {
  std::map<std::string_view, int> by_name;
  for (std::size_t n = 0; n < int8.nodes.size(); ++n) {
    const Node& node = int8.nodes[n];
    if (node.input(1) != kNoTensor && int8.at(node.input(1)).dtype == DType::i8) {
      by_name.emplace(node.name, static_cast<int>(n));
    }
  }
  std::vector<int> found;
  std::erase_if(views, [&](const View& view) {
    const auto same = by_name.find(graph.nodes[static_cast<std::size_t>(view.node)].name);
    if (same != by_name.end()) found.push_back(same->second);
    return same == by_name.end();
  });
  return found;
}

Result<std::vector<Patches>> collect(const std::shared_ptr<const Plan>& plan, const std::shared_ptr<const Plan>& int8,
                                     const SampleSource& source, std::vector<std::size_t> samples, int threads,
                                     const Hooks& hooks) {
  const Graph& graph = *plan->graph;
  std::vector<View> views = choose_views(graph, samples.size());
  std::vector<int> int8_layers;
  if (int8) int8_layers = find_int8_layers(graph, *int8->graph, views);
  std::vector<int> layers;
  std::vector<Patches> patches(graph.nodes.size());
  for (const View& view : views) {
    layers.push_back(view.node);
    patches[static_cast<std::size_t>(view.node)].groups = view.groups;
    patches[static_cast<std::size_t>(view.node)].depth = view.depth;
  }
  SampleJob job;
  job.stage = "look at weights";
  job.graph = &graph;
  job.source = &source;
  job.samples = std::move(samples);
  job.threads = threads;
  job.make_worker = [&]() -> Result<std::unique_ptr<SampleWorker>> {
    OCTET_ASSIGN(auto reference, Watched::create(plan, views, layers));
    std::unique_ptr<Watched> other;
    if (int8) {
      OCTET_ASSIGN(other, Watched::create(int8, views, int8_layers));
    }
    return std::unique_ptr<SampleWorker>(
        std::make_unique<PatchWorker>(std::move(reference), std::move(other), graph.nodes.size()));
  };
  job.merge = [&](std::size_t, SampleResult& opaque) -> Status {
    const auto& result = static_cast<const SamplePatches&>(opaque);
    const auto append = [](std::vector<float>& to, const std::vector<float>& from) {
      to.insert(to.end(), from.begin(), from.end());
    };
    for (std::size_t n = 0; n < patches.size(); ++n) {
      append(patches[n].values, result.values[n]);
      append(patches[n].reference, result.reference[n]);
    }
    return {};
  };
  OCTET_ASSIGN(const SampleOutcome outcome, run_samples(job, hooks));
  return patches;
}

}  // namespace

Result<std::vector<Patches>> collect_patches(const std::shared_ptr<const Plan>& plan, const SampleSource& source,
                                             std::vector<std::size_t> samples, int threads, const Hooks& hooks) {
  return collect(plan, nullptr, source, std::move(samples), threads, hooks);
}

Result<std::vector<Patches>> collect_paired_patches(const std::shared_ptr<const Plan>& plan,
                                                    const std::shared_ptr<const Plan>& int8, const SampleSource& source,
                                                    std::vector<std::size_t> samples, int threads, const Hooks& hooks) {
  return collect(plan, int8, source, std::move(samples), threads, hooks);
}

}  // namespace octet
