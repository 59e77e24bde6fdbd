// q_session: running a model.
#include "abi/abi.h"
#include "base/text.h"

namespace octet::abi {
namespace {

constexpr int kMaxThreads = 256;
constexpr std::int32_t kMaxTensors = 64;  // inputs or outputs of one call, converted on the stack

Result<std::shared_ptr<const Plan>> plan_for(const q_model& model, Isa isa) {
  const std::lock_guard lock(model.plans->mutex);
  auto& plan = model.plans->by_isa[static_cast<std::size_t>(isa)];
  if (plan == nullptr) {
    OCTET_ASSIGN(plan, make_plan(model.graph, isa));
  }
  return plan;
}

Status bind(const q_tensor* tensors, std::int32_t count, const char* what, Binding* bindings) {
  if (count < 0 || count > kMaxTensors) {
    return fail(Code::argument, std::to_string(count) + " " + what + "s are given; 0 to 64 are possible");
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

// More threads than CPUs would wait for each other; how many pieces suit a caller's threads, the caller knows.
Status set_threads(const q_session_options& given, SessionOptions& options) {
  const bool own = given.runner == nullptr;
  OCTET_ASSIGN(const int threads, thread_count(given.threads, own ? 1 : std::min(usable_cpu_count(), kMaxThreads)));
  options.threads = own ? std::min(threads, usable_cpu_count()) : threads;
  options.runner = {given.runner, given.runner_user};
  return {};
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
    q_session_options given{};
    OCTET_TRY(read_struct(options, "options", &given));
    OCTET_ASSIGN(const std::string isa_name, text_of(given.isa, "options.isa"));
    OCTET_ASSIGN(const Isa isa, choose_isa(isa_name));
    SessionOptions session_options;
    OCTET_TRY(set_threads(given, session_options));
    session_options.profile = given.profile != 0;
    OCTET_ASSIGN(const auto plan, plan_for(*model, isa));
    auto handle = std::make_unique<q_session>();
    OCTET_ASSIGN(handle->session, Session::create(plan, session_options));
    *out = handle.release();
    return {};
  });
}

OCTET_EXPORT void q_session_free(q_session* session) { delete session; }

OCTET_EXPORT q_status q_session_run(q_session* session, const q_tensor* inputs, int32_t input_count,
                                    const q_tensor* outputs, int32_t output_count, q_error* error) {
  return guarded(error, [&]() -> Status {
    OCTET_TRY(not_null(session, "session"));
    Binding bound_inputs[kMaxTensors];
    Binding bound_outputs[kMaxTensors];
    OCTET_TRY(bind(inputs, input_count, "input", bound_inputs));
    OCTET_TRY(bind(outputs, output_count, "output", bound_outputs));
    return session->session->run({bound_inputs, static_cast<std::size_t>(input_count)},
                                 {bound_outputs, static_cast<std::size_t>(output_count)});
  });
}

OCTET_EXPORT q_status q_session_get_info(const q_session* session, q_session_info* out, q_error* error) {
  return guarded(error, [&]() -> Status {
    OCTET_TRY(not_null(session, "session"));
    const Plan& plan = session->session->plan();
    q_session_info info{};
    info.threads = session->session->threads();
    info.step_count = static_cast<std::int32_t>(plan.steps.size());
    info.arena_bytes = static_cast<std::int64_t>(session->session->memory_bytes());
    info.packed_bytes = static_cast<std::int64_t>(plan.packed_bytes);
    info.isa = q_text(name_of(plan.isa));
    return write_struct(info, "out", out);
  });
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
