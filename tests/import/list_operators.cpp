// Prints what the importers' tables and the integer contract hold, for the checks that make documents and tests of it.
//
//     import_list_operators
//
// A line each, separated by tabs: "FORMAT NAME" for every operator that an importer has a row for ("onnx NAME SINCE
// UNTIL", the opsets, with them), and "octet NAME int8|float" for the engine's operators, by whether they have an int8
// form beside the float one.
#include <cstdio>
#include <string>

#include "import/mnn/convert.h"
#include "import/onnx/operators.h"
#include "passes/int8_form.h"
#if __has_include("import/tflite/convert.h")
#include "import/tflite/convert.h"
#define OCTET_HAS_TFLITE
#endif

namespace octet {
namespace {

void list_onnx() {
  for (const auto list : onnx::all_operators()) {
    for (const onnx::Operator& row : list) {
      std::printf("onnx\t%s\t%d\t%d\n", std::string(row.name).c_str(), row.since, row.until);
    }
  }
}

void list_mnn() {
  for (const auto type : mnn::fb::EnumValuesOpType()) {
    if (mnn::find_convert(type) != nullptr) std::printf("mnn\t%s\n", mnn::fb::EnumNameOpType(type));
  }
}

void list_tflite() {
#ifdef OCTET_HAS_TFLITE
  for (const auto kind : tflite::fb::EnumValuesBuiltinOperator()) {
    if (tflite::find_convert(kind) != nullptr) {
      std::printf("tflite\t%s\n", tflite::fb::EnumNameBuiltinOperator(kind));
    }
  }
#endif
}

// A node of the kind over x [1, 4, 8, 8], with constant weights where it has some.
void list_node(const std::string& name, Op op, const Attributes& attrs = {}) {
  Graph graph;
  const TensorId x = graph.add_tensor("x", DType::f32, {1, 4, 8, 8});
  Node node;
  node.op = op;
  node.attrs = attrs;
  node.inputs = {x};
  const std::vector<float> ones(16, 1.0f);
  if (op == Op::conv || op == Op::conv_transpose) {
    node.inputs.push_back(graph.add_constant("w", DType::f32, {4, 4, 1, 1}, ones));
  } else if (op == Op::gemm) {
    node.inputs.push_back(graph.add_constant("w", DType::f32, {2, 8}, ones));
  } else if (op == Op::prelu) {
    node.inputs.push_back(graph.add_constant("slope", DType::f32, {4, 1, 1}, std::vector<float>(4, 1.0f)));
  } else if (op == Op::binary || op == Op::mat_mul || op == Op::concat) {
    node.inputs.push_back(x);
  }
  std::printf("octet\t%s\t%s\n", name.c_str(), has_int8_form(graph, node) ? "int8" : "float");
}

void list_functions() {
  Attributes attrs;
  for (int kind = 0; kind < static_cast<int>(UnaryKind::logical_not); ++kind) {
    attrs.unary = static_cast<UnaryKind>(kind);
    list_node(name_of(attrs.unary), Op::unary, attrs);
  }
  for (int kind = 0; kind <= static_cast<int>(BinaryKind::pow); ++kind) {
    attrs.binary = static_cast<BinaryKind>(kind);
    list_node(name_of(attrs.binary), Op::binary, attrs);
  }
  static constexpr const char* kReductions[] = {"mean", "sum", "max",        "min",     "prod",
                                                "l1",   "l2",  "sum_square", "log_sum", "log_sum_exp"};
  attrs.axes = {2, 3};
  for (int kind = 0; kind <= static_cast<int>(ReduceKind::log_sum_exp); ++kind) {
    attrs.reduce = static_cast<ReduceKind>(kind);
    list_node(std::string("reduce_") + kReductions[kind], Op::reduce, attrs);
  }
}

void list_octet() {
  for (const Op op : {Op::conv, Op::conv_transpose, Op::gemm, Op::mat_mul, Op::max_pool, Op::average_pool, Op::prelu,
                      Op::concat, Op::split, Op::slice, Op::pad, Op::reshape, Op::transpose, Op::depth_to_space,
                      Op::space_to_depth, Op::softmax, Op::gather, Op::expand}) {
    list_node(name_of(op), op);
  }
  Attributes attrs;
  attrs.resize = ResizeKind::nearest;
  list_node("resize_nearest", Op::resize, attrs);
  attrs.resize = ResizeKind::linear;
  list_node("resize_linear", Op::resize, attrs);
  attrs.resize = ResizeKind::cubic;
  list_node("resize_cubic", Op::resize, attrs);
  attrs.log = true;
  list_node("log_softmax", Op::softmax, attrs);
  list_functions();
}

}  // namespace
}  // namespace octet

int main() {
  octet::list_onnx();
  octet::list_mnn();
  octet::list_tflite();
  octet::list_octet();
}
