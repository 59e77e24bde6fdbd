#include "runtime/plan.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/checked.h"
#include "base/file.h"
#include "runtime/float_environment.h"
#include "runtime/phase_plan.h"
#include "runtime/views.h"

namespace octet {
namespace {

class Planner {
 public:
  Planner(std::shared_ptr<const Graph> graph, Isa isa, PlanUse use, const Allocator& allocator)
      : graph_(*graph), use_(use), allocator_(allocator), neighbours_(*graph), plan_(std::make_shared<Plan>()) {
    plan_->graph = std::move(graph);
    plan_->isa = isa;
    plan_->places.resize(graph_.tensors.size());
    for (const Tensor& tensor : graph_.tensors) packed_budget_ += kCopies * tensor.data.size();
  }

  Result<std::shared_ptr<const Plan>> run() {
    for (std::size_t i = 0; i < graph_.tensors.size(); ++i) {
      if (graph_.tensors[i].constant) {
        plan_->places[i] = {Place::Space::constant, static_cast<int>(i), Layout::contiguous};
      }
    }
    for (const TensorId id : graph_.inputs) {
      plan_->places[static_cast<std::size_t>(id)] = new_place(graph_.at(id), usual_layout(graph_.at(id)), -1);
    }
    if (use_ == PlanUse::run) views_ = concat_views(graph_, neighbours_);
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) OCTET_TRY(add_node(static_cast<int>(i)));
    finish();
    return std::shared_ptr<const Plan>(std::move(plan_));
  }

 private:
  static Layout usual_layout(const Tensor& tensor) {
    return tensor.dims.size() == 4 ? Layout::channels_last : Layout::contiguous;
  }

  // Both layouts are the same bytes where there is one channel or one pixel.
  static bool same_bytes(const Dims& dims, Layout a, Layout b) {
    return a == b || dims.size() != 4 || dims[1] == 1 || dims[2] * dims[3] == 1;
  }

  Place new_place(const Tensor& tensor, Layout layout, int step) {
    Buffer buffer;
    buffer.bytes = static_cast<std::size_t>(element_count(tensor.dims)) * size_of(tensor.dtype);
    buffer.first = buffer.last = step;
    plan_->buffers.push_back(buffer);
    return {Place::Space::arena, static_cast<int>(plan_->buffers.size() - 1), layout};
  }

  void touch(const Place& place) {
    if (place.space != Place::Space::arena) return;
    Buffer& buffer = plan_->buffers[static_cast<std::size_t>(place.index)];
    buffer.last = std::max(buffer.last, static_cast<int>(plan_->steps.size()));
  }

  // The tensor in the wanted layout, by a step of its own where it has to be copied.
  Place in_layout(TensorId id, Layout wanted) {
    const Tensor& tensor = graph_.at(id);
    Place place = plan_->places[static_cast<std::size_t>(id)];
    if (place.space != Place::Space::arena || same_bytes(tensor.dims, place.layout, wanted)) {
      if (place.space == Place::Space::arena && tensor.dims.size() == 4) place.layout = wanted;
      return place;
    }
    for (const auto& [copied, copy] : copies_) {
      if (copied == id && copy.layout == wanted) return copy;
    }
    PlannedStep planned;
    planned.step = layout_step(tensor.dtype, tensor.dims, place.layout, wanted, plan_->isa);
    const Place copy = new_place(tensor, wanted, static_cast<int>(plan_->steps.size()));
    planned.inputs = {place};
    planned.outputs = {copy};
    touch(place);
    plan_->steps.push_back(std::move(planned));
    copies_.emplace_back(id, copy);
    return copy;
  }

  Layout follow_layout(const Node& node) const {
    for (const TensorId id : node.inputs) {
      if (id == kNoTensor || graph_.at(id).constant || graph_.at(id).dims.size() != 4) continue;
      return plan_->places[static_cast<std::size_t>(id)].layout;
    }
    return Layout::contiguous;
  }

  // The layout of a transpose's output for which it moves nothing, else contiguous.
  Layout transpose_layout(const Node& node) const {
    const TensorId input = node.input(0);
    if (graph_.at(input).dims.size() != 4) return Layout::contiguous;
    const bool to_channels_first = node.attrs.axes == std::vector<std::int64_t>{0, 3, 1, 2};
    const bool contiguous = plan_->places[static_cast<std::size_t>(input)].layout == Layout::contiguous;
    return to_channels_first && contiguous ? Layout::channels_last : Layout::contiguous;
  }

  TensorView view_of(TensorId id, const Place& place) const {
    TensorView view;
    if (id == kNoTensor) return view;
    const Tensor& tensor = graph_.at(id);
    view.dtype = tensor.dtype;
    view.dims = tensor.dims;
    view.quant = tensor.quant;
    view.layout = tensor.dims.size() == 4 ? place.layout : Layout::contiguous;
    view.data = tensor.constant ? tensor.data.data() : nullptr;
    view.pixel_stride = place.pixel_stride;
    return view;
  }

  const ChannelView* view_in_concat(TensorId id) const {
    const auto found = views_.find(id);
    return found == views_.end() ? nullptr : &found->second;
  }

  // Where a node's output goes: into the concat that reads it, into the memory of an input, or into memory of its own.
  Place output_place(const Node& node, const Operator& op, TensorId id, Layout layout) {
    const int step = static_cast<int>(plan_->steps.size());
    if (const ChannelView* view = view_in_concat(id)) {
      Place& whole = plan_->places[static_cast<std::size_t>(view->whole)];
      if (whole.space == Place::Space::none) whole = new_place(graph_.at(view->whole), Layout::channels_last, step);
      touch(whole);
      Place place = whole;
      place.offset = static_cast<std::size_t>(view->channel) * size_of(graph_.at(id).dtype);
      place.pixel_stride = graph_.at(view->whole).dims[1];
      return place;
    }
    if (use_ == PlanUse::run && op.elementwise) {
      for (const TensorId input : node.inputs) {
        if (!dies_here(input, id, layout)) continue;
        const Place place = plan_->places[static_cast<std::size_t>(input)];
        touch(place);
        return place;
      }
    }
    const Place place = plan_->places[static_cast<std::size_t>(id)];  // of a concat whose inputs came first
    return place.space == Place::Space::none ? new_place(graph_.at(id), layout, step) : place;
  }

  // Whether an elementwise node may write its output over this input: nobody else reads it or shares its memory.
  bool dies_here(TensorId input, TensorId output, Layout layout) const {
    if (input == kNoTensor || graph_.is_constant(input) || neighbours_.uses[static_cast<std::size_t>(input)] != 1) {
      return false;
    }
    const Tensor& from = graph_.at(input);
    const Tensor& to = graph_.at(output);
    const Place& place = plan_->places[static_cast<std::size_t>(input)];
    const bool owns = owners_.contains(input) && place.offset == 0 && place.pixel_stride == 0;
    return owns && from.dims == to.dims && from.dtype == to.dtype && (from.dims.size() != 4 || place.layout == layout);
  }

  // A split or slice of channels whose results are read by operators that can step over the other channels: these
  // read them where they are.
  bool becomes_views(const Node& node) {
    if (use_ != PlanUse::run) return false;
    const std::vector<ChannelRange> ranges = channel_ranges(graph_, node);
    const TensorId input = node.input(0);
    const Place& from = plan_->places[static_cast<std::size_t>(input)];
    if (ranges.empty() || from.space != Place::Space::arena || from.layout != Layout::channels_last) return false;
    for (const TensorId id : node.outputs) {
      if (!neighbours_.read_with_strides(graph_, id)) return false;
    }
    for (const ChannelRange& range : ranges) {
      Place place = from;
      place.offset += static_cast<std::size_t>(range.first) * size_of(graph_.at(input).dtype);
      if (place.pixel_stride == 0) place.pixel_stride = graph_.at(input).dims[1];
      plan_->places[static_cast<std::size_t>(range.tensor)] = place;
    }
    return true;
  }

  Status add_node(int index) {
    const Node& node = graph_.nodes[static_cast<std::size_t>(index)];
    const Operator* op = find_operator(node.op);
    if (op == nullptr) return fail(Code::unsupported, describe(node) + ": this operator cannot be executed");
    if (becomes_views(node)) return {};
    std::vector<Place> inputs;
    std::vector<TensorView> input_views;
    for (const TensorId id : node.inputs) {
      Place place;
      if (id != kNoTensor) {
        place = plan_->places[static_cast<std::size_t>(id)];
        if (op->layout == LayoutRule::channels_last && graph_.at(id).dims.size() == 4) {
          place = in_layout(id, Layout::channels_last);
        } else if (op->layout == LayoutRule::contiguous) {
          place = in_layout(id, Layout::contiguous);
        }
      }
      inputs.push_back(place);
      input_views.push_back(view_of(id, place));
      input_views.back().in_place = view_in_concat(id) != nullptr;
    }
    const Layout layout = op->layout == LayoutRule::channels_last ? Layout::channels_last
                          : op->layout == LayoutRule::contiguous  ? Layout::contiguous
                          : op->layout == LayoutRule::transpose   ? transpose_layout(node)
                                                                  : follow_layout(node);
    std::vector<TensorView> output_views;
    for (const TensorId id : node.outputs) {
      Place place;
      place.layout = layout;
      if (const ChannelView* view = view_in_concat(id)) place.pixel_stride = graph_.at(view->whole).dims[1];
      output_views.push_back(view_of(id, place));
    }
    Prepare prepare(graph_, node, plan_->isa, input_views, output_views);
    prepare.allocator = allocator_;
    OCTET_TRY(op->prepare(prepare));
    if (prepare.alias) {
      Place place = inputs[0];
      place.layout = layout;
      if (graph_.at(node.outputs[0]).dims.size() != 4) place.layout = Layout::contiguous;
      plan_->places[static_cast<std::size_t>(node.outputs[0])] = place;
      return {};
    }
    OCTET_TRY(count_packed(node, prepare.step));
    if (!prepare.step.packed.empty()) {
      for (const TensorId id : node.inputs) {
        if (graph_.is_constant(id)) let_pages_go(graph_.at(id).data);
      }
    }
    PlannedStep planned;
    planned.step = std::move(prepare.step);
    planned.step.node = index;
    for (const Place& place : inputs) touch(place);
    for (std::size_t i = 0; i < node.outputs.size(); ++i) {
      const TensorId id = node.outputs[i];
      const Place place = output_place(node, *op, id, output_views[i].layout);
      plan_->places[static_cast<std::size_t>(id)] = place;
      owners_.insert(id);
      planned.outputs.push_back(place);
      planned.made.push_back(id);
    }
    planned.inputs = std::move(inputs);
    if (planned.step.tiles > 0) plan_->steps.push_back(std::move(planned));  // none: a concat of views
    return {};
  }

  // Every node packs its own copy. A file in which tens of thousands share one large weight would fill the memory.
  Status count_packed(const Node& node, const Step& step) {
    plan_->packed_bytes += step.packed.size();
    if (plan_->packed_bytes <= packed_budget_) return {};
    return fail(Code::unsupported, describe(node) +
                                       ": too many operators share the same weights; their packed copies " +
                                       "would take more than " + std::to_string(packed_budget_ >> 20) + " MiB");
  }

  void finish() {
    for (const TensorId id : graph_.outputs) touch(plan_->places[static_cast<std::size_t>(id)]);
    if (use_ == PlanUse::run) make_chains(*plan_, neighbours_);
    make_phases(*plan_, use_);
    plan_->arena_bytes = place_buffers(plan_->buffers);
    for (const PlannedStep& planned : plan_->steps) {
      plan_->scratch_bytes = std::max(plan_->scratch_bytes, align_up(planned.step.scratch_bytes, kAlignment));
    }
    for (const Phase& phase : plan_->phases) {
      plan_->scratch_bytes = std::max(plan_->scratch_bytes, align_up(phase.scratch_bytes, kAlignment));
    }
    for (const Chain& chain : plan_->chains) {
      plan_->scratch_bytes = std::max(plan_->scratch_bytes, align_up(chain.scratch_bytes, kAlignment));
    }
  }

  static constexpr std::size_t kCopies = 64;  // of every weight, on average

  const Graph& graph_;
  const PlanUse use_;
  const Allocator allocator_;
  const Neighbours neighbours_;
  std::shared_ptr<Plan> plan_;
  std::map<TensorId, ChannelView> views_;               // outputs that are written into the concat that reads them
  std::set<TensorId> owners_;                           // tensors that a step makes: not other names of these
  std::size_t packed_budget_ = std::size_t{256} << 20;  // bytes; tables beside the weights are within this
  std::vector<std::pair<TensorId, Place>> copies_;      // tensors that exist in a second layout
};

}  // namespace

const std::string& Plan::name_of(const PlannedStep& planned) const {
  static const std::string layout_change = "(layout)";
  return planned.step.node < 0 ? layout_change : graph->nodes[static_cast<std::size_t>(planned.step.node)].name;
}

Result<std::shared_ptr<const Plan>> make_plan(std::shared_ptr<const Graph> graph, Isa isa, PlanUse use,
                                              const Allocator& allocator) {
  const DefaultFloatEnvironment environment;  // factors and tables are computed here
  return Planner(std::move(graph), isa, use, allocator).run();
}

}  // namespace octet
