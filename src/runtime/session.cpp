#include "runtime/session.h"

#include "base/checked.h"
#include "base/text.h"
#include "runtime/float_environment.h"

namespace octet {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kMaxThreads = 1024;

// Makes no message, and so allocates nothing, where all is well.
Status check_binding(const Tensor& tensor, const Binding& binding) {
  if (binding.data == nullptr) return fail(Code::argument, "data is NULL");
  if (binding.dtype != tensor.dtype && !(binding.dtype == DType::f32 && tensor.dtype == DType::i8)) {
    return fail(Code::argument,
                std::string("the tensor is ") + name_of(tensor.dtype) + " but given as " + name_of(binding.dtype));
  }
  if (reinterpret_cast<std::uintptr_t>(binding.data) % size_of(binding.dtype) != 0) {
    return fail(Code::argument, std::string("the memory is not aligned for ") + name_of(binding.dtype));
  }
  const std::int64_t reach = reach_bytes(tensor.dims, binding.dtype, binding.strides);
  if (reach < 0) return fail(Code::argument, "a stride is negative or too large");
  const bool fits = binding.strides != nullptr ? static_cast<std::uint64_t>(reach) <= binding.size_bytes
                                               : static_cast<std::uint64_t>(reach) == binding.size_bytes;
  if (fits) return {};
  return fail(Code::argument, "the shape " + shape_text(tensor.dims) + " takes " + std::to_string(reach) +
                                  " bytes, the memory given has " + std::to_string(binding.size_bytes));
}

Status check_arena(std::span<const std::byte> arena, std::size_t needed) {
  if (reinterpret_cast<std::uintptr_t>(arena.data()) % kAlignment != 0) {
    return fail(Code::argument, "the arena is not aligned to " + std::to_string(kAlignment) + " bytes");
  }
  if (arena.size() >= needed) return {};
  return fail(Code::argument,
              "the arena has " + std::to_string(arena.size()) + " bytes, the session needs " + std::to_string(needed));
}

// An input that comes row by row is an image, and its rows have the room that was taken for them.
Status check_rows(const Tensor& tensor, const RowSource& source, std::int64_t row_floats) {
  const ImageAxes axes = source.axes();
  const bool fits = tensor.dims.size() == 4 && tensor.dims[0] == 1 && row_floats > 0 &&
                    tensor.dims[axes.channels] * tensor.dims[axes.columns] == row_floats;
  return fits ? Status() : fail(Code::argument, "the shape " + shape_text(tensor.dims) + " is no image of this size");
}

void run_transfer(void* transfer, int, std::int64_t begin, std::int64_t end) noexcept {
  static_cast<const Transfer*>(transfer)->run(begin, end);
}

}  // namespace

Result<std::size_t> Session::measure(const Plan& plan, const SessionOptions& options) {
  if (options.threads < 1 || options.threads > kMaxThreads) {
    return fail(Code::argument, std::to_string(options.threads) + " threads are asked for; 1 to " +
                                    std::to_string(kMaxThreads) + " are possible");
  }
  const auto threads = static_cast<std::size_t>(options.threads);
  const std::size_t rows = options.rows.shared + threads * options.rows.own;  // small: a row of an image each
  std::size_t bytes = 0;
  if (!checked_mul(plan.scratch_bytes, threads, &bytes) ||
      !checked_add(std::max(bytes, rows), plan.arena_bytes, &bytes)) {
    return fail(Code::memory, "the network needs more memory than there are addresses");
  }
  return bytes;
}

Result<std::unique_ptr<Session>> Session::create(std::shared_ptr<const Plan> plan, const SessionOptions& options) {
  std::unique_ptr<Session> session(new Session);
  session->threads_ = options.threads;
  session->runner_ = options.runner;
  session->rows_ = options.rows;
  session->row_floats_ = options.row_floats;
  OCTET_ASSIGN(session->memory_bytes_, measure(*plan, options));
  if (options.arena.data() == nullptr) {
    session->arena_ = allocate_aligned(session->memory_bytes_, options.allocator);
  } else {
    OCTET_TRY(check_arena(options.arena, session->memory_bytes_));
    std::fill_n(options.arena.data(), session->memory_bytes_, std::byte{0});
    session->arena_ = {options.arena.data(), [](std::byte*) {}};
  }
  if (options.runner.run == nullptr) {
    OCTET_ASSIGN(session->pool_, ThreadPool::create(options.threads));
  }
  session->scratch_ = session->arena_.get() + plan->arena_bytes;
  session->plan_ = std::move(plan);
  session->profile_ = options.profile;
  session->bind();
  return session;
}

void Session::bind() {
  std::size_t inputs = 0;
  std::size_t outputs = 0;
  for (const PlannedStep& planned : plan_->steps) {
    inputs += planned.inputs.size();
    outputs += planned.outputs.size();
  }
  input_pointers_.reserve(inputs);  // steps point into these: they must not move
  output_pointers_.reserve(outputs);
  for (const PlannedStep& planned : plan_->steps) {
    BoundStep step{};
    step.runner = runner_of(planned.step);
    step.bands = band_runner_of(planned.step);
    step.tiles = planned.step.tiles;
    step.inputs = input_pointers_.data() + input_pointers_.size();
    step.outputs = output_pointers_.data() + output_pointers_.size();
    step.params = planned.step.params.data();
    step.packed = planned.step.packed.data();
    for (const Place& place : planned.inputs) input_pointers_.push_back(address(place));
    for (const Place& place : planned.outputs) output_pointers_.push_back(address(place));
    steps_.push_back(step);
  }
  times_.resize(steps_.size());
  phases_.emplace(threads_);
  transfers_.reserve(plan_->graph->inputs.size());
  if (!profile_) return;
  part_ms_.resize(steps_.size() * static_cast<std::size_t>(threads_));
  wall_ms_.resize(plan_->phases.size());
}

std::byte* Session::address(const Place& place) const {
  switch (place.space) {
    case Place::Space::arena:
      return arena_.get() + plan_->buffers[static_cast<std::size_t>(place.index)].offset + place.offset;
    case Place::Space::constant:  // only ever read
      return const_cast<std::byte*>(plan_->graph->at(place.index).data.data());
    case Place::Space::none:
      break;
  }
  return nullptr;
}

Status Session::check(std::span<const Binding> bindings, std::span<const TensorId> ids, Side side) const {
  if (bindings.size() != ids.size()) {
    return fail(Code::argument, "the network has " + std::to_string(ids.size()) + " " + name_of(side) + "s, " +
                                    std::to_string(bindings.size()) + " are given");
  }
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (side == Side::output && bindings[i].data == nullptr) continue;
    const Tensor& tensor = plan_->graph->at(ids[i]);
    const RowSource* const rows = bindings[i].rows;
    const Status status = rows != nullptr ? check_rows(tensor, *rows, row_floats_) : check_binding(tensor, bindings[i]);
    if (!status.ok()) {
      return status.within(std::string(name_of(side)) + " " + std::to_string(i) + " '" + printable(tensor.name) + "'");
    }
  }
  return {};
}

Transfer Session::copy_in(TensorId id, const Binding& binding) const {
  const Place& place = plan_->places[static_cast<std::size_t>(id)];
  return Transfer::inwards(plan_->graph->at(id), place.layout, plan_->isa, binding.data, binding.dtype, binding.strides,
                           address(place));
}

void Session::copy_out(TensorId id, const Binding& binding) {
  constexpr std::int64_t kLeastShared = 1 << 16;  // elements; fewer are copied before another thread hears of them
  if (binding.data == nullptr) return;
  const Place& place = plan_->places[static_cast<std::size_t>(id)];
  const Tensor& tensor = plan_->graph->at(id);
  Transfer transfer = Transfer::outwards(tensor, place.layout, plan_->isa, address(place), binding.data, binding.dtype,
                                         binding.strides);
  if (element_count(tensor.dims) < kLeastShared) {
    transfer.run(0, transfer.tiles());
    return;
  }
  run_alone(transfer.tiles(), run_transfer, &transfer);
}

// The steps' scratch memory is free before the first of them: shared memory of the source, then own memory and a row
// for each thread.
void Session::make_rows(TensorId id, const RowSource& source) {
  const Place& place = plan_->places[static_cast<std::size_t>(id)];
  struct Context {
    const RowSource& source;
    const Tensor& tensor;
    Layout layout;
    Isa isa;
    RowScratch bytes;
    std::size_t row_bytes;
    std::byte* scratch;
    void* to;
  } context{source,       plan_->graph->at(id),
            place.layout, plan_->isa,
            rows_,        static_cast<std::size_t>(row_floats_) * sizeof(float),
            scratch_,     address(place)};
  source.start(scratch_);
  const Phases::Body body = [](void* opaque, int thread, std::int64_t begin, std::int64_t end) noexcept {
    const auto& c = *static_cast<const Context*>(opaque);
    std::byte* const own = c.scratch + c.bytes.shared + c.bytes.own * static_cast<std::size_t>(thread);
    auto* const row = reinterpret_cast<float*>(own + c.bytes.own - c.row_bytes);
    for (std::int64_t y = begin; y < end; ++y) {
      c.source.make_row(y, y == begin, c.scratch, own, row);
      const Transfer transfer = Transfer::row_inwards(c.tensor, c.layout, c.isa, row, c.source.axes(), y, c.to);
      transfer.run(0, transfer.tiles());
    }
  };
  run_alone(context.tensor.dims[source.axes().rows], body, &context);
}

void Session::run_on_threads(ThreadPool::Program program, void* context) {
  if (pool_ != nullptr) {
    pool_->run(program, context);
  } else {
    run_on(runner_, threads_, program, context);
  }
}

// A run of one phase.
void Session::run_alone(std::int64_t count, Phases::Body body, void* context) {
  struct Context {
    Phases& phases;
    std::int64_t count;
    Phases::Body body;
    void* context;
  } whole{*phases_, count, body, context};
  phases_->begin(1);
  run_on_threads(
      [](void* opaque, int thread) noexcept {
        const auto& c = *static_cast<const Context*>(opaque);
        Phases::Walk walk(c.phases, thread);
        if (walk.next() == 0) walk.run(c.count, true, c.body, c.context);
      },
      &whole);
}

// Phases [first, first + count) of those of the inputs and then of the plan; false: cancelled before the last one.
bool Session::run_phases(std::size_t first, std::size_t count) {
  struct Context {
    Session& session;
    std::size_t first, count;
    bool finished;  // as the caller's thread sees it
  } context{*this, first, count, false};
  phases_->begin(static_cast<std::int64_t>(count));
  run_on_threads(
      [](void* opaque, int thread) noexcept {
        auto& c = *static_cast<Context*>(opaque);
        const bool finished = c.session.walk(thread, c.first, c.count);
        if (thread == 0) c.finished = finished;
      },
      &context);
  return context.finished;
}

// What one thread does of them.
bool Session::walk(int thread, std::size_t first, std::size_t count) {
  Phases::Walk walk(*phases_, thread);
  while (walk.next() < static_cast<std::int64_t>(count)) {
    if (cancelled_.load(std::memory_order_relaxed)) return false;
    const std::size_t index = first + static_cast<std::size_t>(walk.next());
    if (!profile_ || thread != 0 || index < transfers_.size()) {
      run_phase(walk, index);
      continue;
    }
    const auto start = Clock::now();
    run_phase(walk, index);
    wall_ms_[index - transfers_.size()] = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
  }
  return true;
}

void Session::run_phase(Phases::Walk& walk, std::size_t index) {
  if (index < transfers_.size()) {
    walk.run(transfers_[index].tiles(), false, run_transfer, &transfers_[index]);
    return;
  }
  const Phase& phase = plan_->phases[index - transfers_.size()];
  if (phase.kind == Phase::Kind::tiles) {
    run_step(walk, phase);
  } else {
    run_together(walk, phase);
  }
}

void Session::run_step(Phases::Walk& walk, const Phase& phase) {
  struct Context {
    const BoundStep& step;
    std::byte* scratch;
    std::size_t scratch_bytes;
  } context{steps_[static_cast<std::size_t>(phase.first)], scratch_, plan_->scratch_bytes};
  const Phases::Body body = [](void* opaque, int thread, std::int64_t begin, std::int64_t end) noexcept {
    const auto& c = *static_cast<const Context*>(opaque);
    const Io io{c.step.inputs, c.step.outputs, c.step.params, c.step.packed,
                c.scratch + c.scratch_bytes * static_cast<std::size_t>(thread)};
    c.step.runner(io, begin, end);
  };
  walk.run(phase.items, phase.long_lasting, body, &context);
}

void Session::run_together(Phases::Walk& walk, const Phase& phase) {
  struct Context {
    const Session& session;
    const Phase& phase;
  } context{*this, phase};
  const Phases::Body body = [](void* opaque, int thread, std::int64_t begin, std::int64_t end) noexcept {
    const auto& [session, part] = *static_cast<const Context*>(opaque);
    const Plan& plan = *session.plan_;
    const auto t = static_cast<std::size_t>(thread);
    const auto first = static_cast<std::size_t>(part.first);
    const auto steps = std::span(session.steps_).subspan(first, static_cast<std::size_t>(part.count));
    std::byte* scratch = session.scratch_ + plan.scratch_bytes * t;
    double* part_ms =
        session.profile_ ? const_cast<double*>(session.part_ms_.data()) + t * plan.steps.size() + first : nullptr;
    if (part.kind == Phase::Kind::chain) {
      run_chain(plan.chains[static_cast<std::size_t>(part.chain)], steps, scratch, begin, end, part_ms);
    } else {
      run_joined(part, steps, scratch, begin, end, part_ms);
    }
  };
  walk.run(phase.items, phase.long_lasting, body, &context);
}

// For those who look at what is made, or take times where the first of the caller's own threads may come late or never.
bool Session::run_one_by_one() {
  for (std::size_t i = 0; i < transfers_.size(); ++i) {
    if (!run_phases(i, 1)) return false;
  }
  for (std::size_t i = 0; observer_ && i < plan_->graph->inputs.size(); ++i) observe(plan_->graph->inputs[i]);
  for (std::size_t i = 0; i < plan_->phases.size(); ++i) {
    if (!run_phases(transfers_.size() + i, 1)) return false;
    if (!observer_) continue;
    for (const TensorId id : plan_->steps[static_cast<std::size_t>(plan_->phases[i].first)].made) observe(id);
  }
  return true;
}

// Divides the time that a phase took among its steps, as the threads have measured them.
void Session::set_times() {
  const std::size_t steps = steps_.size();
  for (std::size_t p = 0; p < plan_->phases.size(); ++p) {
    const auto first = static_cast<std::size_t>(plan_->phases[p].first);
    const std::size_t last = first + static_cast<std::size_t>(plan_->phases[p].count);
    double sum = 0;
    for (std::size_t step = first; step < last; ++step) {
      for (std::size_t i = steps + step; i < part_ms_.size(); i += steps) part_ms_[step] += part_ms_[i];
      sum += part_ms_[step];
    }
    for (std::size_t step = first; step < last; ++step) {
      times_[step].add(last - first == 1 ? wall_ms_[p] : sum > 0 ? wall_ms_[p] * part_ms_[step] / sum : 0);
    }
  }
}

void Session::observe(TensorId id) {
  const Place& place = plan_->places[static_cast<std::size_t>(id)];
  observer_({id, address(place), place.layout});
}

Status Session::run(std::span<const Binding> inputs, std::span<const Binding> outputs) {
  const Graph& graph = *plan_->graph;
  OCTET_TRY(check(inputs, graph.inputs, Side::input));
  OCTET_TRY(check(outputs, graph.outputs, Side::output));
  const DefaultFloatEnvironment environment;
  std::ranges::fill(part_ms_, 0);  // a run that was cancelled has left its own
  transfers_.clear();
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i].rows != nullptr) {
      make_rows(graph.inputs[i], *inputs[i].rows);
    } else {
      transfers_.push_back(copy_in(graph.inputs[i], inputs[i]));
    }
  }
  const bool one_by_one = observer_ || (profile_ && pool_ == nullptr);
  if (!(one_by_one ? run_one_by_one() : run_phases(0, transfers_.size() + plan_->phases.size()))) {
    return fail(Code::cancelled, "the run was cancelled");
  }
  if (profile_) set_times();
  for (std::size_t i = 0; i < outputs.size(); ++i) copy_out(graph.outputs[i], outputs[i]);
  return {};
}

}  // namespace octet
