// The digests of FIPS 180-4's examples, and of the lengths at which padding takes another block.
#include <string>

#include "base/sha256.h"
#include "support/cmocka.h"

using namespace octet;

namespace {

std::span<const std::byte> bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

void expect_digest(const std::string& text, const char* digest) {
  assert_string_equal(hex_text(sha256(bytes_of(text))).c_str(), digest);
}

void test_known_texts(void**) {
  expect_digest("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  expect_digest("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  expect_digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  expect_digest(std::string(1000000, 'a'), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

// As Python's hashlib says.
void test_lengths_around_a_block(void**) {
  expect_digest(std::string(55, 'a'), "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318");
  expect_digest(std::string(56, 'a'), "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a");
  expect_digest(std::string(63, 'a'), "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34");
  expect_digest(std::string(64, 'a'), "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb");
}

void test_parts_give_what_the_whole_gives(void**) {
  std::string text;
  for (int i = 0; i < 300; ++i) text += static_cast<char>(i * 7);
  for (std::size_t size = 1; size < 200; size += 13) {
    Sha256 hash;
    for (std::size_t at = 0; at < text.size(); at += size) hash.add(bytes_of(text.substr(at, size)));
    assert_true(hash.finish() == sha256(bytes_of(text)));
  }
}

void test_texts_that_follow_each_other_stay_apart(void**) {
  Sha256 one, other;
  one.add_text("ab");
  one.add_text("c");
  other.add_text("a");
  other.add_text("bc");
  assert_true(one.finish() != other.finish());
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_known_texts),
      cmocka_unit_test(test_lengths_around_a_block),
      cmocka_unit_test(test_parts_give_what_the_whole_gives),
      cmocka_unit_test(test_texts_that_follow_each_other_stay_apart),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
