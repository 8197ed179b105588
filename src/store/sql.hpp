#pragma once
// SQL texts and the values that go with them. A text is put together of literals of the program
// only: nothing that was read can become SQL, because it does not convert to Sql. Values are
// bound: $1, $2, ... in both dialects.

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace tally::store {

// A text of the program: a literal, or literals behind each other.
class SqlText;
class Sql {
 public:
  consteval Sql(const char* text) noexcept : text_(text) {}  // NOLINT(google-explicit-constructor)
  // A view of it, as a parameter of a call.
  Sql(const SqlText& text
      [[clang::lifetimebound]]) noexcept;  // NOLINT(google-explicit-constructor)
  [[nodiscard]] constexpr std::string_view text() const noexcept { return text_; }

 private:
  std::string_view text_;
};

// For a query whose conditions vary.
class SqlText {
 public:
  explicit SqlText(Sql sql) : text_(sql.text()) {}
  SqlText& operator+=(Sql sql) {
    text_ += sql.text();
    return *this;
  }
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  std::string text_;
};

inline Sql::Sql(const SqlText& text) noexcept : text_(text.text()) {}

// NULL, an integer or a text; a text is a view that must live until the call returns. Flags are
// integers: 0 and 1 mean the same to both dialects.
using Value = std::variant<std::monostate, std::int64_t, std::string_view>;

// A row of an answer, for as long as the callback runs.
class Row {
 public:
  [[nodiscard]] virtual bool is_null(int column) const = 0;
  // 0 for NULL and for what is no number.
  [[nodiscard]] virtual std::int64_t integer(int column) const = 0;
  // Empty for NULL.
  [[nodiscard]] virtual std::string_view text(int column) const = 0;

 protected:
  ~Row() = default;
};

}  // namespace tally::store
