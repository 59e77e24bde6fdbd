// Sessions in the caller's memory: what they ask for beforehand, an arena, an allocator; and stopping them.
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <map>
#include <thread>

#include "abi/network.h"

namespace octet::test {
namespace {

q_session_info measure(const q_model* model, const q_session_options& options) {
  auto info = sized<q_session_info>();
  Error error;
  expect_ok(q_session_measure(model, &options, &info, &error), error);
  return info;
}
q_session_info info_of(const q_session* session) {
  auto info = sized<q_session_info>();
  Error error;
  expect_ok(q_session_get_info(session, &info, &error), error);
  return info;
}

struct FreeMemory {
  void operator()(unsigned char* memory) const { std::free(memory); }
};
using Memory = std::unique_ptr<unsigned char, FreeMemory>;
Memory aligned(std::size_t bytes) {
  return Memory(static_cast<unsigned char*>(std::aligned_alloc(64, (bytes + 63) / 64 * 64)));
}

// What is measured is what comes out, for every number of threads and with the caller's.
void test_measuring(void**) {
  const Model real = load_bytes(small_network());
  const Model int8 = quantize(real.get());
  for (const q_model* model : {real.get(), int8.get()}) {
    for (const int threads : {0, 1, 2, 3}) {
      for (const char* isa : {"", "ref"}) {
        auto options = sized<q_session_options>();
        options.threads = threads;
        options.isa = q_text(isa);
        const q_session_info asked = measure(model, options);
        q_session* out = nullptr;
        Error error;
        expect_ok(q_session_create(model, &options, &out, &error), error);
        const Session session(out);
        const q_session_info found = info_of(out);
        assert_true(asked.arena_bytes > 0 && asked.packed_bytes > 0);
        assert_int_equal(asked.arena_bytes, found.arena_bytes);
        assert_int_equal(asked.packed_bytes, found.packed_bytes);
        assert_int_equal(asked.threads, found.threads);
        assert_int_equal(asked.step_count, found.step_count);
        assert_true(text(asked.isa) == text(found.isa));
      }
    }
  }
}

// Exactly as much as was measured does, at the very end of a block; nothing around it is written, and its content
// before does not matter.
void test_arena(void**) {
  const Model real = load_bytes(small_network());
  const Model int8 = quantize(real.get());
  for (const q_model* model : {real.get(), int8.get()}) {
    for (const int threads : {1, 3}) {
      const std::vector<float> expected = run(make_session(model, threads).get(), sample(2));
      auto options = sized<q_session_options>();
      options.threads = threads;
      const auto needed = static_cast<std::size_t>(measure(model, options).arena_bytes);
      const Memory block = aligned(needed + 128);
      std::memset(block.get(), 0xA5, needed + 128);
      options.arena = block.get() + 64;
      options.arena_bytes = needed;
      assert_int_equal(measure(model, options).arena_bytes, needed);  // the arena is not looked at
      options.arena = nullptr;
      assert_int_equal(measure(model, options).arena_bytes, needed);
      options.arena = block.get() + 64;
      q_session* out = nullptr;
      Error error;
      expect_ok(q_session_create(model, &options, &out, &error), error);
      Session session(out);
      for (int i = 0; i < 2; ++i) {
        assert_true(run(out, sample(2)) == expected);
        assert_true(run(out, sample(4)) != expected);
      }
      session.reset();
      for (std::size_t i = 0; i < 64; ++i) {
        assert_int_equal(block.get()[i], 0xA5);
        assert_int_equal(block.get()[64 + needed + i], 0xA5);
      }
    }
  }
}

void test_arenas_that_do_not_do(void**) {
  const Model model = load_bytes(small_network());
  auto options = sized<q_session_options>();
  const auto needed = static_cast<std::size_t>(measure(model.get(), options).arena_bytes);
  const Memory block = aligned(needed + 64);
  const auto refused = [&](void* arena, std::size_t bytes, const char* word) {
    options.arena = arena;
    options.arena_bytes = bytes;
    q_session* out = reinterpret_cast<q_session*>(std::uintptr_t{16});
    Error error;
    expect_failure(q_session_create(model.get(), &options, &out, &error), Q_E_ARGUMENT, error, word);
    assert_null(out);
  };
  refused(block.get(), needed - 1, "arena");
  refused(block.get(), 0, "arena");
  refused(nullptr, needed, "arena");
  for (const std::size_t shift : {1, 4, 32}) refused(block.get() + shift, needed, "64");
}

// Memory from the test, which keeps account.
struct Account {
  std::map<void*, std::size_t> taken;
  std::size_t calls = 0, bytes = 0, most = 0;
  std::size_t fail_at = SIZE_MAX;
  bool sound = true;
  std::thread::id thread = std::this_thread::get_id();

  static void* allocate(void* user, std::size_t size, std::size_t alignment) {
    auto& a = *static_cast<Account*>(user);
    const bool power = alignment > 0 && alignment <= 64 && (alignment & (alignment - 1)) == 0;
    a.sound = a.sound && size > 0 && power && std::this_thread::get_id() == a.thread;
    if (a.calls++ == a.fail_at) return nullptr;
    void* memory = std::aligned_alloc(64, (size + 63) / 64 * 64);
    std::memset(memory, 0x5A, size);  // it need not be zero
    a.taken[memory] = size;
    a.bytes += size;
    a.most = std::max(a.most, a.bytes);
    return memory;
  }
  static void release(void* user, void* memory, std::size_t size) {
    auto& a = *static_cast<Account*>(user);
    const auto found = a.taken.find(memory);
    a.sound = a.sound && found != a.taken.end() && found->second == size && std::this_thread::get_id() == a.thread;
    if (found == a.taken.end()) return;
    a.bytes -= found->second;
    a.taken.erase(found);
    std::memset(memory, 0xDD, size);
    std::free(memory);
  }
};

q_allocator allocator_of(Account& account) {
  auto allocator = sized<q_allocator>();
  allocator.allocate = Account::allocate;
  allocator.release = Account::release;
  allocator.user = &account;
  return allocator;
}

// Arena and packed weights come from the allocator, and all goes back: packed weights with the last of model and
// sessions.
void test_allocator(void**) {
  const std::string bytes = small_network();
  for (const bool model_first : {true, false}) {
    Account account;
    Model model = load_bytes(bytes);
    const std::vector<float> expected = run(make_session(load_bytes(bytes).get()).get(), sample(1));
    q_session* out = nullptr;
    Error error;
    {
      const q_allocator allocator = allocator_of(account);  // copied: it may go
      auto options = sized<q_session_options>();
      options.allocator = &allocator;
      expect_ok(q_session_create(model.get(), &options, &out, &error), error);
    }
    Session session(out);
    const q_session_info info = info_of(out);
    assert_true(account.bytes >= static_cast<std::size_t>(info.arena_bytes + info.packed_bytes));
    const std::size_t calls = account.calls;
    for (int i = 0; i < 3; ++i) assert_true(run(out, sample(1)) == expected);
    assert_int_equal(account.calls, calls);  // a run takes nothing
    // A second session of the model shares the packed weights.
    const std::size_t before = account.bytes;
    auto options = sized<q_session_options>();
    const q_allocator allocator = allocator_of(account);
    options.allocator = &allocator;
    expect_ok(q_session_create(model.get(), &options, &out, &error), error);
    Session second(out);
    assert_true(account.bytes - before < before);
    if (model_first) model.reset();
    assert_true(run(second.get(), sample(1)) == expected);
    session.reset();
    assert_true(run(second.get(), sample(1)) == expected);
    second.reset();
    model.reset();
    assert_true(account.sound);
    assert_int_equal(account.bytes, 0);
    assert_true(account.taken.empty());
  }
}

// With an arena of the caller's, the allocator gives the packed weights alone.
void test_allocator_and_arena(void**) {
  Account account;
  Model model = load_bytes(small_network());
  const q_allocator allocator = allocator_of(account);
  auto options = sized<q_session_options>();
  const q_session_info info = measure(load_bytes(small_network()).get(), options);
  const Memory arena = aligned(static_cast<std::size_t>(info.arena_bytes));
  options.allocator = &allocator;
  options.arena = arena.get();
  options.arena_bytes = static_cast<std::size_t>(info.arena_bytes);
  q_session* out = nullptr;
  Error error;
  expect_ok(q_session_create(model.get(), &options, &out, &error), error);
  assert_true(account.bytes >= static_cast<std::size_t>(info.packed_bytes));
  assert_true(account.bytes < static_cast<std::size_t>(info.packed_bytes + info.arena_bytes));
  q_session_free(out);
  model.reset();
  assert_true(account.sound && account.taken.empty());
}

// What measuring takes for the packed weights is the model's, and goes back with it; no arena is taken.
void test_measuring_with_an_allocator(void**) {
  Account account;
  Model model = load_bytes(small_network());
  const q_allocator allocator = allocator_of(account);
  auto options = sized<q_session_options>();
  options.allocator = &allocator;
  const q_session_info info = measure(model.get(), options);
  const std::size_t taken = account.bytes;
  assert_true(taken >= static_cast<std::size_t>(info.packed_bytes));
  assert_int_equal(measure(model.get(), options).arena_bytes, info.arena_bytes);
  assert_int_equal(account.bytes, taken);
  q_session* out = nullptr;
  Error error;
  expect_ok(q_session_create(model.get(), &options, &out, &error), error);
  assert_true(account.bytes - taken >= static_cast<std::size_t>(info.arena_bytes));
  model.reset();
  run(out, sample(0));
  q_session_free(out);
  assert_true(account.sound && account.taken.empty());
}

// The n-th request refused, for every n: Q_E_MEMORY, and nothing is kept.
void test_allocator_that_refuses(void**) {
  const Model real = load_bytes(small_network());
  const Model int8 = quantize(real.get());
  std::string bytes;
  Error error;
  const auto append = [](void* user, q_bytes part) -> std::int32_t {
    static_cast<std::string*>(user)->append(static_cast<const char*>(part.data), part.size);
    return 0;
  };
  expect_ok(q_model_write(int8.get(), q_text("octet"), append, &bytes, &error), error);
  for (const std::string& file : {small_network(), bytes}) {
    std::size_t refused = 0;
    for (;; ++refused) {
      Account account;
      account.fail_at = refused;
      const q_allocator allocator = allocator_of(account);
      Model model = load_bytes(file, "model");
      auto options = sized<q_session_options>();
      options.threads = 2;
      options.allocator = &allocator;
      q_session* out = reinterpret_cast<q_session*>(std::uintptr_t{16});
      const q_status status = q_session_create(model.get(), &options, &out, &error);
      if (status != Q_OK) {
        expect_failure(status, Q_E_MEMORY, error, "");
        assert_null(out);
        // The model is none the worse for it.
        account.fail_at = SIZE_MAX;
        expect_ok(q_session_create(model.get(), &options, &out, &error), error);
        run(out, sample(0));
      }
      q_session_free(out);
      model.reset();
      assert_true(account.sound && account.taken.empty());
      if (status == Q_OK) break;
    }
    assert_true(refused >= 2);
  }
}

// A session that is stopped says so until it may run again; its outputs stay as they were.
void test_cancelling(void**) {
  const Model model = load_bytes(small_network());
  const Session session = make_session(model.get(), 2);
  const std::vector<float> expected = run(session.get(), sample(0));
  auto input = sample(0);
  std::vector<float> output(kOutputCount, 7);
  const q_tensor in = {input.data(), input.size() * 4, nullptr, Q_FLOAT32, 0};
  const q_tensor out = {output.data(), output.size() * 4, nullptr, Q_FLOAT32, 0};
  Error error;
  for (const std::int32_t flag : {1, -1, 77}) {
    q_session_cancel(session.get(), flag);
    for (int i = 0; i < 2; ++i) {
      expect_failure(q_session_run(session.get(), &in, 1, &out, 1, &error), Q_E_CANCELLED, error, "cancel");
      assert_true(output == std::vector<float>(kOutputCount, 7));
    }
    q_session_cancel(session.get(), 0);
    assert_true(run(session.get(), sample(0)) == expected);
  }
}

// In the middle of a run, on a thread of the caller's: between its first step and the second one.
void test_cancelling_in_the_middle(void**) {
  struct Middle {
    q_session* session = nullptr;
    bool cancel = false;
    int calls = 0;
    static void run(void* user, q_piece_fn piece, void* arg, std::int64_t count) {
      auto& middle = *static_cast<Middle*>(user);
      ++middle.calls;
      if (middle.cancel) q_session_cancel(middle.session, 1);
      for (std::int64_t i = 0; i < count; ++i) piece(arg, i);
    }
  };
  const Model model = load_bytes(small_network());
  Middle middle;
  auto options = sized<q_session_options>();
  options.threads = 2;
  options.runner = Middle::run;
  options.runner_user = &middle;
  q_session* made = nullptr;
  Error error;
  expect_ok(q_session_create(model.get(), &options, &made, &error), error);
  const Session session(made);
  middle.session = made;
  const std::vector<float> expected = run(made, sample(0));
  assert_true(middle.calls > 0);
  middle.cancel = true;
  auto input = sample(0);
  std::vector<float> output(kOutputCount, 7);
  const q_tensor in = {input.data(), input.size() * 4, nullptr, Q_FLOAT32, 0};
  const q_tensor out = {output.data(), output.size() * 4, nullptr, Q_FLOAT32, 0};
  expect_failure(q_session_run(made, &in, 1, &out, 1, &error), Q_E_CANCELLED, error, "cancel");
  assert_true(output == std::vector<float>(kOutputCount, 7));
  middle.cancel = false;
  q_session_cancel(made, 0);
  assert_true(run(made, sample(0)) == expected);
}

// From another thread, at any moment: each run is whole or says that it was stopped. Also under ThreadSanitizer.
void test_cancelling_from_another_thread(void**) {
  const Model model = quantize(load_bytes(small_network()).get());
  for (const int threads : {1, 3}) {
    const Session session = make_session(model.get(), threads);
    const std::vector<float> expected = run(session.get(), sample(0));
    auto input = sample(0);
    std::atomic<bool> over{false};
    std::thread other([&] {
      for (int i = 0; !over; ++i) {
        q_session_cancel(session.get(), i & 1);
        std::this_thread::yield();
      }
    });
    long stopped = 0;
    long whole = 0;
    long neither = 0;
    // Until both have been seen often; on a busy machine the other thread may be away for a while.
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (neither == 0 && (stopped < 20 || whole < 20) && std::chrono::steady_clock::now() < end) {
      std::vector<float> output(kOutputCount, 7);
      const q_tensor in = {input.data(), input.size() * 4, nullptr, Q_FLOAT32, 0};
      const q_tensor out = {output.data(), output.size() * 4, nullptr, Q_FLOAT32, 0};
      const q_status status = q_session_run(session.get(), &in, 1, &out, 1, nullptr);
      if (status == Q_OK && output == expected) {
        ++whole;
      } else if (status == Q_E_CANCELLED && output == std::vector<float>(kOutputCount, 7)) {
        ++stopped;
      } else {
        ++neither;
      }
    }
    over = true;
    other.join();
    assert_int_equal(neither, 0);
    assert_true(stopped >= 20 && whole >= 20);
    q_session_cancel(session.get(), 0);
    assert_true(run(session.get(), sample(0)) == expected);
  }
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_measuring),
      cmocka_unit_test(test_arena),
      cmocka_unit_test(test_arenas_that_do_not_do),
      cmocka_unit_test(test_allocator),
      cmocka_unit_test(test_allocator_and_arena),
      cmocka_unit_test(test_measuring_with_an_allocator),
      cmocka_unit_test(test_allocator_that_refuses),
      cmocka_unit_test(test_cancelling),
      cmocka_unit_test(test_cancelling_in_the_middle),
      cmocka_unit_test(test_cancelling_from_another_thread),
  };
  return cmocka_run_group_tests_name("sessions in the caller's memory", tests, nullptr, nullptr);
}
