#include "quantize/patches.h"

#include <algorithm>

#include "ops/loops.h"
#include "quantize/assign.h"
#include "quantize/weights.h"

namespace octet {
namespace {

constexpr std::size_t kMaxRows = 8192;  // of a layer

struct SamplePatches : SampleResult {
  std::vector<std::vector<float>> values;  // by node
};

// How one layer is looked at.
struct View {
  int node = -1;
  std::size_t rows = 0;  // of each sample
  std::size_t groups = 1, depth = 0;
};

class PatchWorker : public SampleWorker {
 public:
  static Result<std::unique_ptr<PatchWorker>> create(std::shared_ptr<const Plan> plan, const std::vector<View>& views) {
    std::unique_ptr<PatchWorker> worker(new PatchWorker);
    worker->readers_.resize(plan->graph->tensors.size());
    for (const View& view : views) {
      const Node& node = plan->graph->nodes[static_cast<std::size_t>(view.node)];
      worker->readers_[static_cast<std::size_t>(node.input(0))].push_back(&view);
    }
    OCTET_ASSIGN(worker->session_, Session::create(std::move(plan), {}));
    worker->session_->set_observer([raw = worker.get()](const Observed& observed) { raw->look(observed); });
    return worker;
  }

  Result<std::unique_ptr<SampleResult>> run(std::size_t, std::span<const Binding> inputs) override {
    auto result = std::make_unique<SamplePatches>();
    result->values.resize(session_->plan().graph->nodes.size());
    current_ = result.get();
    const std::vector<Binding> no_outputs(session_->plan().graph->outputs.size());
    OCTET_TRY(session_->run(inputs, no_outputs));
    return std::unique_ptr<SampleResult>(std::move(result));
  }

  void cancel() override { session_->cancel(true); }

  void cancel() override { session_->cancel(true); }

 private:
  PatchWorker() = default;

  void look(const Observed& observed) {
    const Graph& graph = *session_->plan().graph;
    for (const View* view : readers_[static_cast<std::size_t>(observed.id)]) {
      const Node& node = graph.nodes[static_cast<std::size_t>(view->node)];
      std::vector<float>& values = current_->values[static_cast<std::size_t>(view->node)];
      if (node.op == Op::gemm) {
        take_rows(static_cast<const float*>(observed.data), graph.at(observed.id).dims, observed.layout, *view, values);
      } else if (node.op == Op::conv_transpose) {
        take_spread_windows(static_cast<const float*>(observed.data), graph, node, observed.layout, *view, values);
      } else {
        take_windows(static_cast<const float*>(observed.data), graph, node, observed.layout, *view, values);
      }
    }
  }

  // Output position of row r: evenly spread, each in the middle of its share.
  static std::int64_t position_of(std::size_t r, std::size_t rows, std::int64_t positions) {
    return (static_cast<std::int64_t>(2 * r + 1) * positions) / static_cast<std::int64_t>(2 * rows);
  }

  static void take_rows(const float* data, const Dims& dims, Layout layout, const View& view,
                        std::vector<float>& values) {
    const std::int64_t positions = element_count(dims) / static_cast<std::int64_t>(view.depth);
    const std::vector<std::int64_t> strides = strides_of(dims, layout);
    for (std::size_t r = 0; r < view.rows; ++r) {
      std::int64_t rest = position_of(r, view.rows, positions);
      std::int64_t offset = 0;
      for (std::size_t d = dims.size() - 1; d-- > 0;) {
        offset += rest % dims[d] * strides[d];
        rest /= dims[d];
      }
      for (std::size_t k = 0; k < view.depth; ++k) {
        values.push_back(data[offset + static_cast<std::int64_t>(k) * strides.back()]);
      }
    }
  }

  static void take_windows(const float* data, const Graph& graph, const Node& node, Layout layout, const View& view,
                           std::vector<float>& values) {
    const Dims& in = graph.at(node.input(0)).dims;
    const Dims& out = graph.at(node.outputs[0]).dims;
    const Window& w = node.attrs.window;
    const std::vector<std::int64_t> strides = strides_of(in, layout);
    const std::int64_t area = out[2] * out[3];
    for (std::size_t r = 0; r < view.rows; ++r) {
      const std::int64_t position = position_of(r, view.rows, out[0] * area);
      const std::int64_t top = position % area / out[3] * w.stride[0] - w.pads[0];
      const std::int64_t left = position % out[3] * w.stride[1] - w.pads[1];
      for (std::int64_t c = 0; c < in[1]; ++c) {
        const float* plane = data + position / area * strides[0] + c * strides[1];
        for (std::int64_t ky = 0; ky < w.kernel[0]; ++ky) {
          for (std::int64_t kx = 0; kx < w.kernel[1]; ++kx) {
            const std::int64_t y = top + ky * w.dilation[0];
            const std::int64_t x = left + kx * w.dilation[1];
            const bool inside = y >= 0 && y < in[2] && x >= 0 && x < in[3];
            values.push_back(inside ? plane[y * strides[2] + x * strides[3]] : 0);
          }
        }
      }
    }
  }

  // Of a transposed convolution: pixel i of the input goes to i * stride - pad + k of the output. Most of the kernel
  // meets nothing at one position, and what it meets repeats with the stride: positions are taken out of order, so that
  // no part of the kernel is missed where not all are taken.
  static void take_spread_windows(const float* data, const Graph& graph, const Node& node, Layout layout,
                                  const View& view, std::vector<float>& values) {
    constexpr std::int64_t kPrime = 2654435761;  // beyond any number of positions: no position comes twice
    const Dims& in = graph.at(node.input(0)).dims;
    const Dims& out = graph.at(node.outputs[0]).dims;
    const Window& w = node.attrs.window;
    const std::vector<std::int64_t> strides = strides_of(in, layout);
    const std::int64_t area = out[2] * out[3];
    for (std::size_t r = 0; r < view.rows; ++r) {
      const std::int64_t position = static_cast<std::int64_t>(r) * kPrime % (out[0] * area);
      const std::int64_t top = position % area / out[3] + w.pads[0];
      const std::int64_t left = position % out[3] + w.pads[1];
      for (std::int64_t c = 0; c < in[1]; ++c) {
        const float* plane = data + position / area * strides[0] + c * strides[1];
        for (std::int64_t ky = 0; ky < w.kernel[0]; ++ky) {
          for (std::int64_t kx = 0; kx < w.kernel[1]; ++kx) {
            const std::int64_t y = top - ky * w.dilation[0];
            const std::int64_t x = left - kx * w.dilation[1];
            const bool meets = y >= 0 && y % w.stride[0] == 0 && y / w.stride[0] < in[2] && x >= 0 &&
                               x % w.stride[1] == 0 && x / w.stride[1] < in[3];
            values.push_back(meets ? plane[y / w.stride[0] * strides[2] + x / w.stride[1] * strides[3]] : 0);
          }
        }
      }
    }
  }

  std::vector<std::vector<const View*>> readers_;  // by tensor
  std::unique_ptr<Session> session_;
  SamplePatches* current_ = nullptr;
};

std::vector<View> choose_views(const Graph& graph, std::size_t samples) {
  std::vector<View> views;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    if (!is_heavy(node.op) || !graph.is_constant(node.input(1))) continue;
    const Tensor& weight = graph.at(node.input(1));
    View view;
    view.node = static_cast<int>(n);
    view.groups = static_cast<std::size_t>(node.op == Op::gemm ? 1 : node.attrs.groups);
    view.depth =
        static_cast<std::size_t>(element_count(weight.dims)) / weight_layout(node, weight.dims).output_channels();
    const Dims& out = graph.at(node.outputs[0]).dims;
    const auto positions =
        static_cast<std::size_t>(node.op == Op::gemm ? element_count(out) / out.back() : out[0] * out[2] * out[3]);
    const std::size_t most = std::min(kMaxRows, std::max<std::size_t>(1, kMaxPatchValues / (view.groups * view.depth)));
    view.rows = std::min(positions, std::max<std::size_t>(1, most / samples));
    views.push_back(view);
  }
  return views;
}

}  // namespace

Result<std::vector<Patches>> collect_patches(const std::shared_ptr<const Plan>& plan, const SampleSource& source,
                                             std::vector<std::size_t> samples, int threads, const Hooks& hooks) {
  const Graph& graph = *plan->graph;
  const std::vector<View> views = choose_views(graph, samples.size());
  std::vector<Patches> patches(graph.nodes.size());
  for (const View& view : views) {
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
    OCTET_ASSIGN(auto worker, PatchWorker::create(plan, views));
    return std::unique_ptr<SampleWorker>(std::move(worker));
  };
  job.merge = [&](std::size_t, SampleResult& result) -> Status {
    const auto& values = static_cast<const SamplePatches&>(result).values;
    for (std::size_t n = 0; n < values.size(); ++n) {
      patches[n].values.insert(patches[n].values.end(), values[n].begin(), values[n].end());
    }
    return {};
  };
  OCTET_ASSIGN(const SampleOutcome outcome, run_samples(job, hooks));
  return patches;
}

}  // namespace octet
