// Sessions: what they accept, what they leave alone, and that nothing but the network decides the result.
#include <cfenv>

#include "runtime/networks.h"
#include "runtime/session.h"
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace octet::test {
namespace {

std::unique_ptr<Session> make_session(GraphBuilder b, int threads = 1, bool profile = false) {
  auto session = Session::create(plan_of(finish(b)), {threads, profile});
  expect_ok(session.status());
  return std::move(*session);
}

// Memory for all inputs and outputs of a session, contiguous float32.
struct Buffers {
  std::vector<FloatVector> values;
  std::vector<Binding> inputs, outputs;

  explicit Buffers(const Session& session) {
    const Graph& graph = *session.plan().graph;
    values.reserve(graph.inputs.size() + graph.outputs.size());
    for (const TensorId id : graph.inputs) {
      values.push_back(interpreter_input(graph.at(id).dims));
      inputs.push_back({values.back().data(), values.back().size() * sizeof(float), nullptr, DType::f32});
    }
    for (const TensorId id : graph.outputs) {
      values.emplace_back(static_cast<std::size_t>(element_count(graph.at(id).dims)), -99.0F);
      outputs.push_back({values.back().data(), values.back().size() * sizeof(float), nullptr, DType::f32});
    }
  }
  const FloatVector& output(std::size_t i) const { return values[inputs.size() + i]; }
};

FloatVector all_outputs(Session& session) {
  Buffers buffers(session);
  expect_ok(session.run(buffers.inputs, buffers.outputs));
  FloatVector all;
  for (std::size_t i = 0; i < buffers.outputs.size(); ++i) {
    all.insert(all.end(), buffers.output(i).begin(), buffers.output(i).end());
  }
  return all;
}

void test_network_equals_the_interpreter(void**) {
  GraphBuilder b = float_network();
  const auto session = make_session(b);
  const Graph& graph = *session->plan().graph;
  Buffers buffers(*session);
  // The interpreter fills every input from the same seed, as Buffers does.
  expect_ok(session->run(buffers.inputs, buffers.outputs));
  expect_ok(infer_shapes(b.graph));
  GraphBuilder without_softmax = b;
  without_softmax.graph.nodes.pop_back();
  without_softmax.graph.outputs = {b.graph.nodes[b.graph.nodes.size() - 1].inputs[0], b.graph.outputs[1]};
  auto expected = Interpreter(without_softmax.graph).run();
  auto& scores = expected.at("scores:0").values;
  for (std::size_t row = 0; row < scores.size(); row += 4) {
    double sum = 0;
    for (std::size_t i = row; i < row + 4; ++i) sum += std::exp(scores[i]);
    for (std::size_t i = row; i < row + 4; ++i) scores[i] = std::exp(scores[i]) / sum;
  }
  expect_near(scores, buffers.output(0), 1e-5, "probabilities");
  expect_near(expected.at(graph.at(graph.outputs[1]).name).values, buffers.output(1), 1e-5, "features");
}

void test_threads_give_the_same_bytes(void**) {
  for (GraphBuilder (*network)() : {float_network, int8_network}) {
    const FloatVector expected = all_outputs(*make_session(network()));
    for (const int threads : {2, 3, 7}) {
      const auto session = make_session(network(), threads);
      assert_int_equal(session->threads(), threads);
      for (int repeat = 0; repeat < 3; ++repeat) assert_true(all_outputs(*session) == expected);
    }
  }
}

void test_thread_counts_that_make_no_sense(void**) {
  GraphBuilder b = float_network();
  const auto plan = plan_of(finish(b));
  for (const int threads : {0, -1, 1000000}) {
    expect_failure(Session::create(plan, {threads, false}).status(), Code::argument,
                   {"threads", std::to_string(threads)});
  }
}

void test_wrong_bindings(void**) {
  const auto session = make_session(float_network());
  Buffers good(*session);
  const auto refused = [&](auto change, std::initializer_list<std::string_view> words) {
    auto inputs = good.inputs;
    auto outputs = good.outputs;
    change(inputs, outputs);
    expect_failure(session->run(inputs, outputs), Code::argument, words);
  };
  using List = std::vector<Binding>;
  refused([](List& in, List&) { in.pop_back(); }, {"2 inputs", "1 are given"});
  refused([](List&, List& out) { out.pop_back(); }, {"2 outputs"});
  refused([](List& in, List&) { in[0].data = nullptr; }, {"input 0 'image'", "NULL"});
  refused([](List& in, List&) { in[1].size_bytes -= 4; }, {"input 1 'offset'", "1x8x1x1", "32 bytes", "has 28"});
  refused([](List& in, List&) { in[1].size_bytes += 4; }, {"has 36"});
  refused([](List& in, List&) { in[0].dtype = DType::i8; }, {"float32", "int8"});
  refused([](List&, List& out) { out[1].dtype = DType::i32; }, {"output 1"});
  refused([](List&, List& out) { out[0].size_bytes = 0; }, {"output 0 'probabilities:0'", "has 0"});
  refused([](List& in, List&) { in[0].data = static_cast<char*>(in[0].data) + 1; }, {"not aligned"});
  const std::int64_t negative[] = {1, 1, -1, 1};
  const std::int64_t far_apart[] = {1, 1, INT64_MAX / 2, 1};
  const std::int64_t too_wide[] = {270, 91, 10, 1};
  refused([&](List& in, List&) { in[0].strides = negative; }, {"stride"});
  refused([&](List& in, List&) { in[0].strides = far_apart; }, {"stride"});
  refused([&](List& in, List&) { in[0].strides = too_wide; }, {"has 1080"});
  for (const float value : good.output(0)) assert_true(value == -99.0F);  // nothing was run
  expect_ok(session->run(good.inputs, good.outputs));
}

void test_outputs_that_nobody_wants(void**) {
  const auto session = make_session(float_network());
  Buffers all(*session), one(*session);
  expect_ok(session->run(all.inputs, all.outputs));
  one.outputs[0].data = nullptr;
  one.outputs[0].size_bytes = 12345;
  expect_ok(session->run(one.inputs, one.outputs));
  assert_true(one.output(1) == all.output(1));
  for (const float value : one.output(0)) assert_true(value == -99.0F);
}

// A camera's rows with padding, pixels interleaved; and an output into a larger picture.
void test_strided_tensors(void**) {
  const auto session = make_session(float_network());
  Buffers plain(*session);
  expect_ok(session->run(plain.inputs, plain.outputs));
  constexpr std::int64_t kRow = 40;  // floats
  FloatVector camera(9 * kRow, 1e30F);
  for (std::int64_t c = 0; c < 3; ++c) {
    for (std::int64_t y = 0; y < 9; ++y) {
      for (std::int64_t x = 0; x < 10; ++x) {
        camera[static_cast<std::size_t>(y * kRow + x * 3 + c)] =
            plain.values[0][static_cast<std::size_t>((c * 9 + y) * 10 + x)];
      }
    }
  }
  const std::int64_t camera_strides[] = {0, 1, kRow, 3};
  FloatVector wide(8 * 9 * 20, -5.0F);
  const std::int64_t wide_strides[] = {0, 180, 20, 2};
  Buffers strided(*session);
  strided.inputs[0] = {camera.data(), camera.size() * 4, camera_strides, DType::f32};
  strided.outputs[1] = {wide.data(), wide.size() * 4, wide_strides, DType::f32};
  expect_ok(session->run(strided.inputs, strided.outputs));
  assert_true(strided.output(0) == plain.output(0));
  for (std::size_t i = 0; i < wide.size(); ++i) {
    const float expected = i % 2 == 0 ? plain.output(1)[i / 2] : -5.0F;
    assert_true(wide[i] == expected);
  }
}

// int8 tensors are taken and given raw, or as float32 through their scale and zero point: the same numbers.
void test_raw_int8(void**) {
  const auto session = make_session(int8_network());
  const Graph& graph = *session->plan().graph;
  const Quant in = graph.at(graph.inputs[0]).quant;
  const Quant out = graph.at(graph.outputs[0]).quant;
  ByteVector raw_in = random_bytes(120), raw_out(120);
  FloatVector real_in, real_out(120);
  for (const std::int8_t q : raw_in) real_in.push_back(in.scale * static_cast<float>(q - in.zero_point));
  const Binding raw_inputs[] = {{raw_in.data(), 120, nullptr, DType::i8}};
  const Binding raw_outputs[] = {{raw_out.data(), 120, nullptr, DType::i8}};
  const Binding real_inputs[] = {{real_in.data(), 480, nullptr, DType::f32}};
  const Binding real_outputs[] = {{real_out.data(), 480, nullptr, DType::f32}};
  expect_ok(session->run(raw_inputs, real_outputs));
  expect_ok(session->run(real_inputs, raw_outputs));
  for (std::size_t i = 0; i < 120; ++i) {
    assert_true(real_out[i] == out.scale * static_cast<float>(raw_out[i] - out.zero_point));
  }
  // Channels last on the caller's side, as a camera pipeline for int8 has them.
  ByteVector turned(120);
  for (std::size_t c = 0; c < 4; ++c) {
    for (std::size_t i = 0; i < 30; ++i) turned[i * 4 + c] = raw_in[c * 30 + i];
  }
  const std::int64_t strides[] = {120, 1, 24, 4};
  ByteVector again(120);
  const Binding turned_inputs[] = {{turned.data(), 120, strides, DType::i8}};
  const Binding again_outputs[] = {{again.data(), 120, nullptr, DType::i8}};
  expect_ok(session->run(turned_inputs, again_outputs));
  assert_true(again == raw_out);
}

void test_observer_sees_each_tensor(void**) {
  GraphBuilder b = float_network();
  const auto plan = make_plan(finish(b), tested_isa(), PlanUse::observe);
  expect_ok(plan.status());
  const auto session = session_of(*plan, {});
  const Graph& graph = *session->plan().graph;
  std::vector<TensorId> seen;
  bool features_equal = false;
  Buffers buffers(*session);
  FloatVector features(static_cast<std::size_t>(element_count(graph.at(graph.outputs[1]).dims)));
  session->set_observer([&](const Observed& observed) {
    seen.push_back(observed.id);
    if (observed.id != graph.outputs[1]) return;
    const auto* values = static_cast<const float*>(observed.data);
    features.assign(values, values + features.size());
  });
  expect_ok(session->run(buffers.inputs, buffers.outputs));
  // Channels-last inside, the file's order outside.
  features_equal = true;
  for (std::size_t c = 0; c < 8; ++c) {
    for (std::size_t i = 0; i < 90; ++i)
      features_equal = features_equal && features[i * 8 + c] == buffers.output(1)[c * 90 + i];
  }
  assert_true(features_equal);
  assert_true(seen[0] == graph.inputs[0] && seen[1] == graph.inputs[1]);
  for (const char* name : {"first", "shifted", "act", "depthwise", "sum", "pool", "scores", "probabilities"}) {
    const TensorId id = find_node(graph, name)->outputs[0];
    assert_int_equal(std::count(seen.begin(), seen.end(), id), 1);
  }
  const std::size_t before = seen.size();
  session->set_observer({});
  expect_ok(session->run(buffers.inputs, buffers.outputs));
  assert_int_equal(seen.size(), before);
}

void test_profile(void**) {
  const auto session = make_session(float_network(), 1, true);
  Buffers buffers(*session);
  for (const StepTime& time : session->times()) assert_true(time.total_ms == 0);
  expect_ok(session->run(buffers.inputs, buffers.outputs));
  const double first = session->times()[0].total_ms;
  expect_ok(session->run(buffers.inputs, buffers.outputs));
  assert_int_equal(session->times().size(), session->plan().steps.size());
  assert_true(first > 0 && session->times()[0].total_ms >= first);
  assert_true(session->times()[0].last_ms <= session->times()[0].total_ms);
}

// Whatever the program around has set, when the plan is made and when it runs, the bytes are the same and the setting
// is left as it was.
void test_rounding_mode_of_the_caller(void**) {
  for (GraphBuilder (*network)() : {float_network, int8_network}) {
    const FloatVector expected = all_outputs(*make_session(network()));
    for (const int mode : {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO}) {
      GraphBuilder b = network();
      const auto graph = finish(b);
      std::fesetround(mode);
      const auto plan = make_plan(graph, tested_isa());
      auto session = Session::create(*plan, {2, false});
      std::fesetround(FE_TONEAREST);
      Buffers buffers(**session);
      std::fesetround(mode);
      const Status status = (*session)->run(buffers.inputs, buffers.outputs);
      const int after = std::fegetround();
      std::fesetround(FE_TONEAREST);
      expect_ok(status);
      assert_int_equal(after, mode);
      FloatVector found;
      for (std::size_t i = 0; i < buffers.outputs.size(); ++i) {
        found.insert(found.end(), buffers.output(i).begin(), buffers.output(i).end());
      }
      assert_true(found == expected);
    }
  }
}

void test_flush_to_zero_of_the_caller(void**) {
#if defined(__x86_64__)
  GraphBuilder b;
  const TensorId x = b.input("x", {4});
  b.output(b.binary(BinaryKind::mul, "tiny", x, b.floats("c", {4}, {1e-20F, 1e-20F, 1e-20F, 1})));
  const auto session = make_session(b);
  FloatVector in{1e-20F, -1e-20F, 1, 1e-40F}, out(4);
  const Binding inputs[] = {{in.data(), 16, nullptr, DType::f32}};
  const Binding outputs[] = {{out.data(), 16, nullptr, DType::f32}};
  const unsigned saved = _mm_getcsr();
  const unsigned flushing = saved | 0x8040U;  // flush to zero, denormals are zero
  _mm_setcsr(flushing);
  const Status status = session->run(inputs, outputs);
  const unsigned after = _mm_getcsr();
  _mm_setcsr(saved);
  expect_ok(status);
  assert_int_equal(after, flushing);
  std::uint32_t bits[4];
  std::memcpy(bits, out.data(), sizeof bits);
  assert_true(bits[0] != 0 && (bits[0] & 0x7F800000U) == 0);  // denormal, not flushed
  assert_true(bits[3] != 0);
#else
  skip();
#endif
}

// A session keeps plan and graph alive.
void test_session_outlives_what_made_it(void**) {
  std::unique_ptr<Session> session;
  {
    GraphBuilder b = float_network();
    session = make_session(std::move(b));
  }
  assert_true(all_outputs(*session) == all_outputs(*make_session(float_network())));
}

void test_sessions_of_one_plan_on_several_threads(void**) {
  GraphBuilder b = float_network();
  const auto plan = plan_of(finish(b));
  auto first = Session::create(plan, {1, false});
  const FloatVector expected = all_outputs(**first);
  std::vector<std::thread> threads;
  std::atomic<int> different{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      auto session = Session::create(plan, {1 + t % 2, false});
      Buffers buffers(**session);
      for (int i = 0; i < 20; ++i) {
        if (!(*session)->run(buffers.inputs, buffers.outputs).ok()) ++different;
        if (std::memcmp(buffers.output(0).data(), expected.data(), buffers.output(0).size() * 4) != 0) ++different;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  assert_int_equal(different.load(), 0);
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_network_equals_the_interpreter),
      cmocka_unit_test(test_threads_give_the_same_bytes),
      cmocka_unit_test(test_thread_counts_that_make_no_sense),
      cmocka_unit_test(test_wrong_bindings),
      cmocka_unit_test(test_outputs_that_nobody_wants),
      cmocka_unit_test(test_strided_tensors),
      cmocka_unit_test(test_raw_int8),
      cmocka_unit_test(test_observer_sees_each_tensor),
      cmocka_unit_test(test_profile),
      cmocka_unit_test(test_rounding_mode_of_the_caller),
      cmocka_unit_test(test_flush_to_zero_of_the_caller),
      cmocka_unit_test(test_session_outlives_what_made_it),
      cmocka_unit_test(test_sessions_of_one_plan_on_several_threads),
  };
  return cmocka_run_group_tests_name("sessions", tests, nullptr, nullptr);
}
