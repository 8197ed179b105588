#include "crypto/secret_bytes.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <type_traits>

namespace tally::crypto {
namespace {

template <class T>
concept Printable = requires(std::ostream& out, const T& value) { out << value; };

// What must not compile.
static_assert(!std::is_copy_constructible_v<SecretBytes>);
static_assert(!std::is_copy_assignable_v<SecretBytes>);
static_assert(!std::is_convertible_v<SecretBytes, std::string_view>);
static_assert(!std::is_convertible_v<std::string, SecretBytes>);
static_assert(!Printable<SecretBytes>);
static_assert(Printable<std::string>);
static_assert(!fmt::is_formattable<SecretBytes>::value);
static_assert(std::is_nothrow_move_constructible_v<SecretBytes>);

TEST(SecretBytes, TakesAndWipes) {
  for (const std::size_t size : {std::size_t{1}, std::size_t{15}, std::size_t{1000}}) {
    std::string source(size, 'k');
    const char* const bytes = source.data();
    const SecretBytes secret(std::move(source));
    EXPECT_EQ(secret.reveal(), std::string(size, 'k'));
    EXPECT_EQ(source.size(), 0U);  // NOLINT(bugprone-use-after-move)
    // The buffer is still the string's: clear() gives nothing back.
    for (std::size_t i = 1; i < size; ++i) {
      ASSERT_EQ(bytes[i], '\0') << i;
    }
  }
}

TEST(SecretBytes, Moves) {
  SecretBytes a = SecretBytes::copy_of("first");
  SecretBytes b = std::move(a);
  EXPECT_TRUE(a.is_empty());  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(a.reveal(), "");
  EXPECT_EQ(b.reveal(), "first");
  b = SecretBytes::copy_of("second");
  EXPECT_EQ(b.reveal(), "second");
  const SecretBytes c = b.duplicate();
  b = SecretBytes();
  EXPECT_EQ(c.reveal(), "second");
  EXPECT_TRUE(b.is_empty());
}

TEST(SecretBytes, Compares) {
  struct Row {
    const char* a;
    const char* b;
    bool equal;
  };
  const Row rows[] = {{"", "", true},       {"abc", "abc", true}, {"abc", "abd", false},
                      {"abc", "ab", false}, {"", "a", false},     {"xbc", "abc", false}};
  for (const Row& row : rows) {
    EXPECT_EQ(SecretBytes::copy_of(row.a) == SecretBytes::copy_of(row.b), row.equal)
        << row.a << " and " << row.b;
  }
}

}  // namespace
}  // namespace tally::crypto
