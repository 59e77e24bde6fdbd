// Few bytes that stand for many: files whose parts are used again and again, and names that are.
#include "import/justified.h"
#include "import/mnn/network.h"
#include "support/expect.h"

namespace octet::test {
namespace {

void test_names_are_cut_between_characters(void**) {
  assert_true(brief_name("conv1") == "conv1");
  assert_true(derived_name("conv1", 3) == "conv1/3");
  const std::string ascii(5000, 'a');
  assert_int_equal(brief_name(ascii).size(), 1024);
  std::string umlauts = "a";
  for (int i = 0; i < 1000; ++i) umlauts += "\xc3\xbc";
  assert_int_equal(brief_name(umlauts).size(), 1023);  // 1024 is within the 512th
}

// One constant that 12000 operators of the file make.
void test_a_mnn_file_of_shared_tables_is_refused(void**) {
  flatbuffers::FlatBufferBuilder builder;
  const Floats values(12500, 1.0F);
  const Ints dims{12500}, input_dims{1, 2, 2, 2}, x{0}, constant{1}, y{2};
  const Ints* const none = nullptr;
  const auto blob = fb::CreateBlobDirect(builder, &dims, fb::DataFormat::NCHW, fb::DataType::Float, nullptr, nullptr,
                                         nullptr, nullptr, &values);
  const auto shared = fb::CreateOpDirect(builder, none, fb::OpParameter::Blob, blob.Union(), "c", &constant,
                                         fb::OpType::Const, fb::DataFormat::NCHW);
  const auto input = fb::CreateInputDirect(builder, &input_dims, fb::DataType::Float, fb::DataFormat::NCHW);
  std::vector<flatbuffers::Offset<fb::Op>> ops{fb::CreateOpDirect(builder, none, fb::OpParameter::Input, input.Union(),
                                                                  "x", &x, fb::OpType::Input, fb::DataFormat::NCHW)};
  ops.insert(ops.end(), 12000, shared);
  ops.push_back(
      fb::CreateOpDirect(builder, &x, fb::OpParameter::NONE, 0, "y", &y, fb::OpType::ReLU, fb::DataFormat::NCHW));
  const auto all = builder.CreateVector(ops);
  const auto names = builder.CreateVectorOfStrings({"x", "c", "y"});
  fb::NetBuilder net(builder);
  net.add_ops(all);
  net.add_tensor_names(names);
  builder.Finish(net.Finish());
  const std::string_view file(reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize());
  assert_fails(import_mnn(file), Code::format, "larger than the file justifies");
}

// 15000 operands of an operator that becomes as many nodes, and a name that is as long.
void test_a_long_name_is_not_in_every_node(void**) {
  Network network;
  network.input("x", {1, 2, 2, 2});
  const std::string name(40000, 'n');
  const auto sum = fb::CreateEltwise(network.builder, fb::EltwiseType::Sum);
  network.op(fb::OpType::Eltwise, Names(15000, "x"), {name}, Network::main(sum));
  const Graph graph = imported(network);
  std::size_t bytes = 0;
  for (const Tensor& tensor : graph.tensors) bytes += tensor.name.size();
  for (const Node& node : graph.nodes) bytes += node.name.size();
  assert_int_equal(graph.nodes.size(), 14999);
  assert_true(bytes < std::size_t{15000} * 2 * 1100);
  assert_true(graph.at(graph.outputs[0]).name == name);
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_names_are_cut_between_characters),
      cmocka_unit_test(test_a_mnn_file_of_shared_tables_is_refused),
      cmocka_unit_test(test_a_long_name_is_not_in_every_node),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
