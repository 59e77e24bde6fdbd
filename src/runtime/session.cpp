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
  if (profile_) part_ms_.resize(steps_.size() * static_cast<std::size_t>(threads_));
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

void Session::copy_in(TensorId id, const Binding& binding) {
  if (binding.rows != nullptr) return make_rows(id, *binding.rows);
  const Place& place = plan_->places[static_cast<std::size_t>(id)];
  run_transfer(Transfer::inwards(plan_->graph->at(id), place.layout, plan_->isa, binding.data, binding.dtype,
                                 binding.strides, address(place)));
}

void Session::copy_out(TensorId id, const Binding& binding) {
  if (binding.data == nullptr) return;
  const Place& place = plan_->places[static_cast<std::size_t>(id)];
  run_transfer(Transfer::outwards(plan_->graph->at(id), place.layout, plan_->isa, address(place), binding.data,
                                  binding.dtype, binding.strides));
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
  const ThreadPool::Body body = [](void* opaque, int thread, std::int64_t begin, std::int64_t end) noexcept {
    const auto& c = *static_cast<const Context*>(opaque);
    std::byte* const own = c.scratch + c.bytes.shared + c.bytes.own * static_cast<std::size_t>(thread);
    auto* const row = reinterpret_cast<float*>(own + c.bytes.own - c.row_bytes);
    for (std::int64_t y = begin; y < end; ++y) {
      c.source.make_row(y, y == begin, c.scratch, own, row);
      const Transfer transfer = Transfer::row_inwards(c.tensor, c.layout, c.isa, row, c.source.axes(), y, c.to);
      transfer.run(0, transfer.tiles());
    }
  };
  run_tiles(context.tensor.dims[source.axes().rows], body, &context);
}

void Session::run_transfer(const Transfer& transfer) {
  const ThreadPool::Body body = [](void* opaque, int, std::int64_t begin, std::int64_t end) noexcept {
    static_cast<const Transfer*>(opaque)->run(begin, end);
  };
  run_tiles(transfer.tiles(), body, const_cast<Transfer*>(&transfer));
}

void Session::run_step(std::size_t index) {
  struct Context {
    const BoundStep& step;
    std::byte* scratch;
    std::size_t scratch_bytes;
  } context{steps_[index], scratch_, plan_->scratch_bytes};
  const ThreadPool::Body body = [](void* opaque, int thread, std::int64_t begin, std::int64_t end) noexcept {
    const auto& c = *static_cast<const Context*>(opaque);
    const Io io{c.step.inputs, c.step.outputs, c.step.params, c.step.packed,
                c.scratch + c.scratch_bytes * static_cast<std::size_t>(thread)};
    c.step.runner(io, begin, end);
  };
  run_tiles(context.step.tiles, body, &context);
}

void Session::run_chain_of(const Chain& chain) {
  struct Context {
    const Chain& chain;
    std::span<const BoundStep> steps;
    std::byte* scratch;
    std::size_t scratch_bytes;
    double* part_ms;
  } context{chain, std::span(steps_).subspan(static_cast<std::size_t>(chain.first), chain.parts.size()), scratch_,
            plan_->scratch_bytes, profile_ ? part_ms_.data() : nullptr};
  const ThreadPool::Body body = [](void* opaque, int thread, std::int64_t begin, std::int64_t end) noexcept {
    const auto& c = *static_cast<const Context*>(opaque);
    const auto t = static_cast<std::size_t>(thread);
    double* part_ms = c.part_ms == nullptr ? nullptr : c.part_ms + t * c.steps.size();
    run_chain(c.chain, c.steps, c.scratch + c.scratch_bytes * t, begin, end, part_ms);
  };
  run_tiles(chain.tiles(), body, &context);
}

void Session::run_tiles(std::int64_t count, ThreadPool::Body body, void* context) {
  if (pool_ != nullptr) {
    pool_->run(count, body, context);
  } else {
    run_on(runner_, threads_, count, body, context);
  }
}

// Divides the time that a chain took among its steps, as the threads have measured them.
void Session::add_chain_times(const Chain& chain, double wall_ms) {
  const std::size_t parts = chain.parts.size();
  double sum = 0;
  for (std::size_t i = 0; i < parts * static_cast<std::size_t>(threads_); ++i) sum += part_ms_[i];
  for (std::size_t part = 0; part < parts; ++part) {
    double own = 0;
    for (std::size_t i = part; i < parts * static_cast<std::size_t>(threads_); i += parts) {
      own += part_ms_[i];
      part_ms_[i] = 0;
    }
    times_[static_cast<std::size_t>(chain.first) + part].add(sum > 0 ? wall_ms * own / sum : 0);
  }
}

// False: cancelled before the last step.
bool Session::run_steps() {
  auto chain = plan_->chains.begin();
  for (std::size_t i = 0; i < steps_.size();) {
    if (cancelled_.load(std::memory_order_relaxed)) return false;
    const bool chained = chain != plan_->chains.end() && static_cast<std::size_t>(chain->first) == i;
    const auto start = profile_ ? Clock::now() : Clock::time_point();
    if (chained) {
      run_chain_of(*chain);
    } else {
      run_step(i);
    }
    if (profile_) {
      const double wall_ms = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
      if (chained) {
        add_chain_times(*chain, wall_ms);
      } else {
        times_[i].add(wall_ms);
      }
    }
    if (observer_) {
      for (const TensorId id : plan_->steps[i].made) observe(id);
    }
    i += chained ? chain++->parts.size() : 1;
  }
  return true;
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
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    copy_in(graph.inputs[i], inputs[i]);
    if (observer_) observe(graph.inputs[i]);
  }
  if (!run_steps()) return fail(Code::cancelled, "the run was cancelled");
  for (std::size_t i = 0; i < outputs.size(); ++i) copy_out(graph.outputs[i], outputs[i]);
  return {};
}

}  // namespace octet
