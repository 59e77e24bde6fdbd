#include "fuzz.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "base/checked.h"
#include "graph/rebind.h"
#include "passes/passes.h"
#include "runtime/session.h"

namespace octet::fuzz {
namespace {

constexpr std::int64_t kMostWork = std::int64_t{1} << 23;  // multiply-accumulates and elements of one run
constexpr std::int64_t kOpenSize = 8;                      // of an input that the file leaves open
constexpr std::size_t kMostMemory = std::size_t{64} << 20;

// Elements that a pool looks at for one of its own: no more than there are, however large its window.
std::int64_t window_area(const Graph& graph, const Node& node) {
  if (node.op != Op::max_pool && node.op != Op::average_pool) return 1;
  const Dims& in = graph.at(node.inputs[0]).dims;
  return std::min(node.attrs.window.kernel[0], in[2]) * std::min(node.attrs.window.kernel[1], in[3]);
}

// Whether one run is a matter of milliseconds.
bool is_small(const Graph& graph) {
  std::int64_t work = 0;
  const auto add = [&work](std::int64_t more) { return checked_add(work, more, &work) && work <= kMostWork; };
  for (const Tensor& tensor : graph.tensors) {
    if (!add(element_count(tensor.dims))) return false;
  }
  for (const Node& node : graph.nodes) {
    std::int64_t visited = 0;
    if (!checked_mul(element_count(graph.at(node.outputs[0]).dims), window_area(graph, node), &visited)) return false;
    if (!add(visited) || !add(count_macs(graph, node))) return false;
  }
  return true;
}

// Values that a caller may give: usual ones, and now and then such as no network was made for.
std::vector<float> input_values(std::int64_t count) {
  static constexpr float kOdd[] = {NAN, INFINITY, -INFINITY, 3e38F, -3e38F, 1e-40F, -0.0F};
  std::vector<float> values(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = i % 13 == 12 ? kOdd[i / 13 % std::size(kOdd)] : static_cast<float>(i % 17) - 8;
  }
  return values;
}

void run(const std::shared_ptr<const Graph>& graph, Isa isa, PlanUse use) {
  const auto plan = make_plan(graph, isa, use);
  if (!plan.ok()) return require_message(plan.status());
  SessionOptions options;
  options.threads = 1 + static_cast<int>(graph->nodes.size() % 2);  // whose steps are then divided
  const auto bytes = Session::measure(**plan, options);
  if (!bytes.ok()) return require_message(bytes.status());
  if (*bytes > kMostMemory) return;
  auto session = Session::create(*plan, options);
  if (!session.ok()) return require_message(session.status());
  std::vector<std::vector<float>> values;
  std::vector<Binding> inputs;
  std::vector<Binding> outputs;
  for (const TensorId id : graph->inputs) values.push_back(input_values(element_count(graph->at(id).dims)));
  for (const TensorId id : graph->outputs) values.push_back(input_values(element_count(graph->at(id).dims)));
  for (std::size_t i = 0; i < values.size(); ++i) {
    Binding binding{values[i].data(), values[i].size() * sizeof(float), nullptr, DType::f32};
    (i < graph->inputs.size() ? inputs : outputs).push_back(binding);
  }
  if (use == PlanUse::observe) (*session)->set_observer([](const Observed&) {});
  const Status status = (*session)->run(inputs, outputs);
  require(status.ok(), "a session that was created runs", status.message());
}

void plan_and_run(const Graph& graph) {
  if (!is_small(graph)) return;
  const auto shared = std::make_shared<const Graph>(graph);
  const auto best = choose_isa("");
  require(best.ok(), "there is an instruction set", best.status().message());
  run(shared, *best, PlanUse::run);
  run(shared, Isa::ref, PlanUse::observe);
}

// The same network for one sample more, and for images that are a little larger.
void use_other_sizes(const Graph& graph) {
  for (const bool images : {false, true}) {
    std::vector<Dims> shapes;
    for (const TensorId id : graph.inputs) {
      shapes.push_back(graph.at(id).dims);
      Dims& dims = shapes.back();
      for (std::size_t d = images ? 2 : 0; d < (images ? dims.size() : std::min<std::size_t>(1, dims.size())); ++d) {
        dims[d] += images ? 2 : 1;
      }
    }
    Graph other = graph;
    const Status status = rebind(other, shapes);
    if (!status.ok()) {
      require_message(status);
      continue;
    }
    require(validate(other).ok(), "a graph of other sizes is valid", validate(other).message());
    plan_and_run(other);
  }
}

}  // namespace

void require(bool kept, const char* promise, const std::string& detail) {
  if (kept) return;
  std::fprintf(stderr, "broken promise: %s: %s\n", promise, detail.c_str());
  std::abort();
}

void require_message(const Status& status) {
  require(!status.ok(), "what fails has a code");
  require(status.code() != Code::internal, "no input is a defect of the library", status.message());
  require(!status.message().empty(), "what fails says why");
  for (const char c : status.message()) {
    const auto byte = static_cast<unsigned char>(c);
    require((byte >= 32 && byte != 127) || c == '\n', "messages are printable text", status.message());
  }
}

void use(const Graph& graph) {
  (void)count_macs(graph);
  (void)weight_bytes(graph);
  for (const Node& node : graph.nodes) {
    (void)kind_of(graph, node);
    (void)describe(node);
  }
  plan_and_run(graph);
  use_other_sizes(graph);
}

void prepare_and_use(Graph graph) {
  for (const TensorId id : graph.inputs) {
    for (std::int64_t& dim : graph.at(id).dims) dim = dim < 1 ? kOpenSize : dim;
  }
  const Status status = prepare_graph(graph);
  if (!status.ok()) return require_message(status);
  use(graph);
}

}  // namespace octet::fuzz
