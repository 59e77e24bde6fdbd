// q_session: running a model.
#include "abi/abi.h"
#include "base/text.h"
#include "graph/rebind.h"

namespace octet::abi {
namespace {

constexpr int kMaxThreads = 256;
constexpr std::int32_t kMaxTensors = 64;  // inputs or outputs of one call, converted on the stack

Result<std::shared_ptr<const Plan>> plan_for(const q_model& model, Isa isa, const std::vector<Dims>& shapes,
                                             const Allocator& allocator) {
  const Graph& graph = *model.graph;
  bool same = true;
  for (std::size_t i = 0; i < shapes.size(); ++i) same = same && shapes[i] == graph.at(graph.inputs[i]).dims;
  const std::lock_guard lock(model.plans->mutex);
  if (same) {
    auto& plan = model.plans->by_isa[static_cast<std::size_t>(isa)];
    if (plan == nullptr) {
      OCTET_ASSIGN(plan, make_plan(model.graph, isa, PlanUse::run, allocator));
    }
    return plan;
  }
  auto& others = model.plans->others;
  std::erase_if(others, [](const auto& other) { return other.plan.expired(); });
  for (const auto& other : others) {
    if (other.isa != isa || other.inputs != shapes) continue;
    if (auto plan = other.plan.lock()) return plan;
  }
  auto rebound = std::make_shared<Graph>(graph);  // shares the weights
  OCTET_TRY(rebind(*rebound, shapes));
  rebound->recipe.width = rebound->recipe.height = 0;  // pictures fit the input that there is now
  OCTET_ASSIGN(auto plan, make_plan(std::move(rebound), isa, PlanUse::run, allocator));
  others.push_back({isa, shapes, plan});
  return plan;
}

// No tensor is looked at before it is known that the caller means as many as the network has.
Status bind(const q_tensor* tensors, std::int32_t count, const std::vector<TensorId>& ids, const char* what,
            Binding* bindings) {
  if (count < 0 || count > kMaxTensors) {
    return fail(Code::argument, std::to_string(count) + " " + what + "s are given; 0 to 64 are possible");
  }
  if (static_cast<std::size_t>(count) != ids.size()) {
    return fail(Code::argument, "the network has " + std::to_string(ids.size()) + " " + what + "s, " +
                                    std::to_string(count) + " are given");
  }
  if (count > 0) OCTET_TRY(not_null(tensors, what));
  for (std::int32_t i = 0; i < count; ++i) {
    const q_tensor& tensor = tensors[i];
    if (tensor.dtype != Q_FLOAT32 && tensor.dtype != Q_INT8) {
      return fail(Code::argument, std::string(what) + " " + std::to_string(i) + ": dtype " +
                                      std::to_string(tensor.dtype) + " is neither Q_FLOAT32 nor Q_INT8");
    }
    bindings[i] = {tensor.data, tensor.size_bytes, tensor.strides, tensor.dtype == Q_INT8 ? DType::i8 : DType::f32};
  }
  return {};
}

Status set_allocator(const q_allocator* given, Allocator& allocator) {
  if (given == nullptr) return {};
  q_allocator known{};
  OCTET_TRY(read_struct(given, "options.allocator", &known));
  if (known.allocate == nullptr || known.release == nullptr) {
    return fail(Code::argument, "options.allocator: allocate and release must be given");
  }
  allocator = {known.allocate, known.release, known.user};
  return {};
}

std::size_t whole_lines(std::size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

// Room for the rows of a picture, where the network's only input may be one.
void set_rows(const Graph& graph, SessionOptions& options) {
  if (graph.inputs.size() != 1) return;
  const Dims& dims = graph.at(graph.inputs[0]).dims;
  if (dims.size() != 4 || dims[0] != 1) return;
  const bool planar = image_order(dims) == TensorOrder::nchw;
  const std::int64_t channels = dims[planar ? 1 : 3];
  const std::int64_t width = dims[planar ? 3 : 2];
  if ((channels != 1 && channels != 3 && channels != 4) || width > kMaxImageSide) return;
  options.row_floats = width * channels;
  options.rows.shared = whole_lines(Preprocessor::shared_bytes(width));
  options.rows.own = whole_lines(Preprocessor::own_bytes(width, static_cast<int>(channels)) +
                                 static_cast<std::size_t>(options.row_floats) * sizeof(float));
}

// What the caller's options say, and the plan that they ask for.
struct Wanted {
  SessionOptions options;
  bool arena_missing = false;  // the caller names its size alone
  std::shared_ptr<const Plan> plan;
};

Result<Wanted> read_options(const q_model& model, const q_session_options* options) {
  q_session_options given{};
  OCTET_TRY(read_struct(options, "options", &given));
  OCTET_ASSIGN(const std::string isa_name, text_of(given.isa, "options.isa"));
  OCTET_ASSIGN(const Isa isa, choose_isa(isa_name));
  Wanted wanted;
  // More threads than CPUs would wait for each other; how many pieces suit a caller's threads, the caller knows.
  const bool own = given.runner == nullptr;
  OCTET_ASSIGN(const int threads, thread_count(given.threads, own ? 1 : std::min(usable_cpu_count(), kMaxThreads)));
  wanted.options.threads = own ? std::min(threads, usable_cpu_count()) : threads;
  wanted.options.runner = {given.runner, given.runner_user};
  wanted.options.profile = given.profile != 0;
  OCTET_TRY(set_allocator(given.allocator, wanted.options.allocator));
  wanted.arena_missing = given.arena == nullptr && given.arena_bytes != 0;
  if (given.arena != nullptr) {
    wanted.options.arena = {static_cast<std::byte*>(given.arena), given.arena_bytes};
  }
  OCTET_ASSIGN(const auto shapes, shapes_of(given.input_shapes, given.input_shape_count, *model.graph));
  OCTET_ASSIGN(wanted.plan, plan_for(model, isa, shapes, wanted.options.allocator));
  set_rows(*wanted.plan->graph, wanted.options);
  return wanted;
}

q_session_info info_of(const Plan& plan, int threads, std::size_t arena_bytes) {
  q_session_info info{};
  info.threads = threads;
  info.step_count = static_cast<std::int32_t>(plan.steps.size());
  info.arena_bytes = static_cast<std::int64_t>(arena_bytes);
  info.packed_bytes = static_cast<std::int64_t>(plan.packed_bytes);
  info.isa = q_text(name_of(plan.isa));
  return info;
}

// A picture on its way into the network.
class PictureRows final : public RowSource {
 public:
  PictureRows(const Preprocessor& preprocessor, TensorOrder order)
      : preprocessor_(preprocessor), planar_(order == TensorOrder::nchw), width_(preprocessor.width()) {}

  ImageAxes axes() const override { return planar_ ? ImageAxes{1, 2, 3} : ImageAxes{3, 1, 2}; }
  void start(std::byte* shared) const noexcept override { preprocessor_.start(shared); }
  void make_row(std::int64_t row, bool first, std::byte* shared, std::byte* own, float* out) const noexcept override {
    preprocessor_.make_row(row, first, shared, own, out, width_);
  }

 private:
  const Preprocessor& preprocessor_;
  bool planar_;
  std::int64_t width_;
};

Status get_tensor(const q_session* session, std::vector<TensorId> Graph::*ids, const char* what, std::int32_t index,
                  q_tensor_info* out) {
  OCTET_TRY(not_null(session, "session"));
  const Graph& graph = *session->session->plan().graph;
  OCTET_TRY(check_index(index, (graph.*ids).size(), what));
  return write_struct(tensor_info(graph.at((graph.*ids)[static_cast<std::size_t>(index)])), "out", out);
}

// The session's own recipe was resolved when it was made; another one is now.
Result<ImageRecipe> recipe_of_run(const q_session& session, const Graph& graph, const q_recipe* given) {
  if (graph.inputs.size() != 1) {
    return fail(Code::argument, "the network has " + std::to_string(graph.inputs.size()) +
                                    " inputs and a picture fills one: use q_pixels_to_input and q_session_run");
  }
  if (given == nullptr && session.recipe.present) return session.recipe;
  return recipe_for(graph, 0, given);
}

}  // namespace
}  // namespace octet::abi

using namespace octet;
using namespace octet::abi;

OCTET_EXPORT q_status q_session_create(const q_model* model, const q_session_options* options, q_session** out,
                                       q_error* error) {
  if (out != nullptr) *out = nullptr;
  return guarded(error, [&]() -> Status {
    OCTET_TRY(not_null(model, "model"));
    OCTET_TRY(not_null(out, "out"));
    OCTET_ASSIGN(Wanted wanted, read_options(*model, options));
    if (wanted.arena_missing) return fail(Code::argument, "options.arena is NULL and options.arena_bytes is not 0");
    auto handle = std::make_unique<q_session>();
    const Graph& graph = *wanted.plan->graph;
    if (auto recipe = graph.inputs.size() == 1 ? recipe_for(graph, 0, nullptr) : Result<ImageRecipe>(ImageRecipe{});
        recipe.ok()) {
      handle->recipe = *recipe;
    }
    OCTET_ASSIGN(handle->session, Session::create(std::move(wanted.plan), wanted.options));
    *out = handle.release();
    return {};
  });
}

OCTET_EXPORT q_status q_session_measure(const q_model* model, const q_session_options* options, q_session_info* out,
                                        q_error* error) {
  return guarded(error, [&]() -> Status {
    OCTET_TRY(not_null(model, "model"));
    OCTET_ASSIGN(const Wanted wanted, read_options(*model, options));
    OCTET_ASSIGN(const std::size_t arena_bytes, Session::measure(*wanted.plan, wanted.options));
    return write_struct(info_of(*wanted.plan, wanted.options.threads, arena_bytes), "out", out);
  });
}

OCTET_EXPORT void q_session_free(q_session* session) { delete session; }

OCTET_EXPORT q_status q_session_run(q_session* session, const q_tensor* inputs, int32_t input_count,
                                    const q_tensor* outputs, int32_t output_count, q_error* error) {
  return guarded(error, [&]() -> Status {
    OCTET_TRY(not_null(session, "session"));
    Binding bound_inputs[kMaxTensors];
    Binding bound_outputs[kMaxTensors];
    const Graph& graph = *session->session->plan().graph;
    OCTET_TRY(bind(inputs, input_count, graph.inputs, "input", bound_inputs));
    OCTET_TRY(bind(outputs, output_count, graph.outputs, "output", bound_outputs));
    return session->session->run({bound_inputs, static_cast<std::size_t>(input_count)},
                                 {bound_outputs, static_cast<std::size_t>(output_count)});
  });
}

OCTET_EXPORT q_status q_session_run_image(q_session* session, const q_pixels* pixels, const q_recipe* recipe,
                                          const q_tensor* outputs, int32_t output_count, q_error* error) {
  return guarded(error, [&]() -> Status {
    OCTET_TRY(not_null(session, "session"));
    OCTET_ASSIGN(const PixelView view, view_of(pixels));
    OCTET_TRY(not_null(view.data, "pixels.data"));
    const Graph& graph = *session->session->plan().graph;
    OCTET_ASSIGN(const ImageRecipe resolved, recipe_of_run(*session, graph, recipe));
    OCTET_ASSIGN(const Preprocessor preprocessor, Preprocessor::create(view, resolved, session->session->plan().isa));
    const PictureRows rows(preprocessor, image_order(graph.at(graph.inputs[0]).dims));
    Binding input;
    input.rows = &rows;
    Binding bound_outputs[kMaxTensors];
    OCTET_TRY(bind(outputs, output_count, graph.outputs, "output", bound_outputs));
    return session->session->run({&input, 1}, {bound_outputs, static_cast<std::size_t>(output_count)});
  });
}

OCTET_EXPORT void q_session_cancel(q_session* session, int32_t cancelled) {
  if (session != nullptr) session->session->cancel(cancelled != 0);
}

OCTET_EXPORT q_status q_session_get_info(const q_session* session, q_session_info* out, q_error* error) {
  return guarded(error, [&]() -> Status {
    OCTET_TRY(not_null(session, "session"));
    const Session& made = *session->session;
    return write_struct(info_of(made.plan(), made.threads(), made.memory_bytes()), "out", out);
  });
}

OCTET_EXPORT q_status q_session_get_input(const q_session* session, int32_t index, q_tensor_info* out, q_error* error) {
  return guarded(error, [&] { return get_tensor(session, &Graph::inputs, "input", index, out); });
}

OCTET_EXPORT q_status q_session_get_output(const q_session* session, int32_t index, q_tensor_info* out,
                                           q_error* error) {
  return guarded(error, [&] { return get_tensor(session, &Graph::outputs, "output", index, out); });
}

OCTET_EXPORT q_status q_session_get_step(const q_session* session, int32_t index, q_step_info* out, q_error* error) {
  return guarded(error, [&]() -> Status {
    OCTET_TRY(not_null(session, "session"));
    const Plan& plan = session->session->plan();
    OCTET_TRY(check_index(index, plan.steps.size(), "step"));
    const auto i = static_cast<std::size_t>(index);
    const PlannedStep& planned = plan.steps[i];
    q_step_info info{};
    info.name = view_of(plan.name_of(planned));
    info.op = q_text("layout");
    if (planned.step.node >= 0) {
      const Node& node = plan.graph->nodes[static_cast<std::size_t>(planned.step.node)];
      info.op = q_text(kind_of(*plan.graph, node));
      info.is_int8 = plan.graph->at(node.inputs[0]).dtype == DType::i8 ? 1 : 0;
      info.macs = count_macs(*plan.graph, node);
    }
    info.kernel = q_text(planned.step.kernel);
    info.last_ms = session->session->times()[i].last_ms;
    info.total_ms = session->session->times()[i].total_ms;
    return write_struct(info, "out", out);
  });
}
