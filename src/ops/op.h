// Operators: prepare once, run often. prepare checks, chooses kernels, packs weights and sizes memory, and may fail;
// run does none of this and cannot. What prepare leaves behind is a Step: plain data without pointers.
#pragma once

#include <cstring>
#include <type_traits>

#include "base/bytes.h"
#include "cpu/cpu.h"
#include "graph/graph.h"

namespace octet {

// Where the elements of a tensor of 4 dimensions lie in memory: in the order N, C, H, W or N, H, W, C. Tensors of
// other ranks are contiguous.
enum class Layout : std::uint8_t { contiguous = 0, channels_last = 1 };

// How the layouts of an operator's activations are chosen.
enum class LayoutRule : std::uint8_t {
  channels_last,  // inputs and outputs of rank 4 are channels-last
  follow,         // inputs as they are; outputs of rank 4 get the layout of the first input of rank 4
  contiguous,     // all contiguous
  transpose,      // input as it is; output the layout that makes the move cheapest
};

// A tensor as an operator sees it while it is prepared.
struct TensorView {
  DType dtype = DType::f32;
  Dims dims;
  Layout layout = Layout::contiguous;
  Quant quant;
  const std::byte* data = nullptr;  // constants
  // Elements from a pixel to the next where a channels-last tensor is some of the channels of a wider one; 0: dense.
  std::int64_t pixel_stride = 0;
  bool in_place = false;  // an input of concat that its maker has written where it belongs
  std::int64_t count() const { return element_count(dims); }
};

// How the rows of an output of rank 4 follow from the rows of the inputs: row y needs `span` rows of input from row
// y * stride - pad_top on, as far as these exist.
struct RowWindow {
  std::int32_t span = 0;  // 0: the step cannot make rows one by one
  std::int32_t stride = 1;
  std::int32_t pad_top = 0;
  std::uint32_t inputs = 1;           // bit i: input i is taken by rows; others, such as weights, are as they are
  bool pixels = false;                // a row may also be one pixel: each depends on the same pixel of the inputs alone
  std::int64_t macs_per_element = 0;  // of the output

  // Whether row y needs nothing but row y.
  bool same_row() const { return span == 1 && stride == 1 && pad_top == 0; }

  // Rows that a window spans. Windows that reach far, as a damaged file may ask for, are not taken by rows.
  static std::int32_t span_of(std::int64_t kernel, std::int64_t dilation) {
    constexpr std::int64_t kMostRows = 4096;
    const std::int64_t rows = (kernel - 1) * dilation + 1;
    return rows <= kMostRows ? static_cast<std::int32_t>(rows) : 0;
  }
};

// Some rows of a step's output, made from the rows of the inputs that they need. Pointers of an Io are then those of
// the first of these rows.
struct Band {
  std::int32_t in_rows = 0;  // that exist and are needed
  std::int32_t out_rows = 0;
  std::int32_t pad_top = 0;  // rows that the first window reaches over the first of in_rows
  bool pixels = false;       // rows are single pixels
};

// The prepared form of a node.
struct Step {
  std::uint8_t runner = 0;        // index into the table of runners: what `run` to call
  int node = -1;                  // of the graph; -1: a change of layout
  std::vector<std::byte> params;  // of the runner
  Bytes packed;                   // weights and tables, shared by the sessions of a model
  std::size_t scratch_bytes = 0;  // for each thread
  std::int64_t tiles = 1;         // parts that may run at the same time, in any order
  const char* kernel = "";        // name of the row, static storage
  RowWindow rows;
};

// Handed to prepare.
class Prepare {
 public:
  Prepare(const Graph& graph, const Node& node, Isa isa, std::span<const TensorView> inputs,
          std::span<const TensorView> outputs)
      : graph_(graph), node_(node), isa_(isa), inputs_(inputs), outputs_(outputs) {}

  const Graph& graph() const { return graph_; }
  const Node& node() const { return node_; }
  const Attributes& attrs() const { return node_.attrs; }
  Isa isa() const { return isa_; }
  std::size_t input_count() const { return inputs_.size(); }
  std::size_t output_count() const { return outputs_.size(); }
  bool has_input(std::size_t i) const { return node_.input(i) != kNoTensor; }
  const TensorView& in(std::size_t i) const { return inputs_[i]; }
  const TensorView& out(std::size_t i) const { return outputs_[i]; }

  // Stores the runner's parameters: a trivially copyable struct, or an array of them.
  template <class T>
  void set_params(const T& params) {
    set_params(std::span<const T>(&params, 1));
  }
  template <class T>
  void set_params(std::span<const T> params) {
    static_assert(std::is_trivially_copyable_v<T>);
    step.params.resize(params.size_bytes());
    std::memcpy(step.params.data(), params.data(), params.size_bytes());
  }

  // Of operators on images: their kernels count pixels in 32 bits, with room for windows that reach over the border.
  Status check_sides() const;

  Status unsupported(const std::string& what) const { return fail(Code::unsupported, describe(node_) + ": " + what); }

  Allocator allocator;  // for packed weights
  Step step;
  bool alias = false;  // output 0 has the bytes of input 0: nothing is run

 private:
  const Graph& graph_;
  const Node& node_;
  Isa isa_;
  std::span<const TensorView> inputs_;
  std::span<const TensorView> outputs_;
};

// Handed to run. Pointers of absent optional inputs are null.
struct Io {
  const void* const* inputs;
  void* const* outputs;
  const std::byte* params;
  const std::byte* packed;
  std::byte* scratch;

  template <class T>
  const T& as() const {
    return *reinterpret_cast<const T*>(params);
  }
  template <class T>
  const T* in(std::size_t i) const {
    return static_cast<const T*>(inputs[i]);
  }
  template <class T>
  T* out(std::size_t i) const {
    return static_cast<T*>(outputs[i]);
  }
};

// Runs tiles [begin, end) of a step.
using Runner = void (*)(const Io& io, std::int64_t begin, std::int64_t end) noexcept;
Runner runner_of(const Step& step);
// The number of a runner in the table; a runner that is not there is a defect.
std::uint8_t index_of(Runner runner);

// How a step with a RowWindow runs on a band of rows; null where it cannot.
struct BandRunner {
  void (*run)(const Io& io, const Band& band) noexcept;
  std::size_t (*scratch_bytes)(const std::byte* params, const Band& band);
};
const BandRunner* band_runner_of(const Step& step);

struct Operator {
  Op op;
  LayoutRule layout;
  Status (*prepare)(Prepare& prepare);
  bool strided = false;      // input 0 and output 0 may have a pixel_stride
  bool elementwise = false;  // the output may have the memory of an input of the same type and shape
};

// The operator, or null for one that is resolved before execution.
const Operator* find_operator(Op op);

// One prepare function per file of this folder; registry.cpp lists them.
Status prepare_conv(Prepare&);
Status prepare_conv_transpose(Prepare&);
Status prepare_gemm(Prepare&);
Status prepare_mat_mul(Prepare&);
Status prepare_pool(Prepare&);
Status prepare_reduce(Prepare&);
Status prepare_unary(Prepare&);
Status prepare_prelu(Prepare&);
Status prepare_binary(Prepare&);
Status prepare_concat(Prepare&);
Status prepare_split(Prepare&);
Status prepare_slice(Prepare&);
Status prepare_pad(Prepare&);
Status prepare_reshape(Prepare&);
Status prepare_transpose(Prepare&);
Status prepare_resize(Prepare&);
Status prepare_depth_to_space(Prepare&);
Status prepare_space_to_depth(Prepare&);
Status prepare_softmax(Prepare&);
Status prepare_gather(Prepare&);
Status prepare_expand(Prepare&);
Status prepare_quantize(Prepare&);
Status prepare_dequantize(Prepare&);
Status prepare_requantize(Prepare&);

// A step that copies a tensor of rank 4 from one layout to the other.
Step layout_step(DType dtype, const Dims& dims, Layout from, Layout to, Isa isa);

}  // namespace octet
