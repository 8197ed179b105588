#pragma once
// NameTable: from the key of a member to a small number, by the key's symbol.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "document/node.hpp"
#include "document/symbol.hpp"

namespace tally::pod_security {

// Meaning is an enum of one byte whose value 0 says "any other name".
template <class Meaning>
class NameTable {
 public:
  struct Row {
    std::string_view name;
    Meaning meaning;
  };

  // `rows` must outlive the table.
  explicit NameTable(std::span<const Row> rows) : rows_(rows) {
    for (const Row& row : rows) {
      const document::Symbol symbol = document::intern(row.name);
      if (symbol == document::kNoSymbol) {
        complete_ = false;
        continue;
      }
      if (symbol >= meanings_.size()) {
        meanings_.resize(symbol + 1, Meaning{});
      }
      meanings_[symbol] = row.meaning;
    }
  }

  // The meaning of the key of the i-th member of an object; `value` is that member.
  [[nodiscard]] Meaning of(const document::Node& object, std::size_t i,
                           const document::Node& value) const noexcept {
    const document::Symbol symbol = value.key_symbol();
    return symbol == document::kNoSymbol ? by_text(object.key(i)) : by_symbol(symbol);
  }

 private:
  [[nodiscard]] Meaning by_symbol(document::Symbol symbol) const noexcept {
    return symbol < meanings_.size() ? meanings_[symbol] : Meaning{};
  }

  // A key without a symbol is a name of ours only when its document was read before this table was
  // made, or when the table of symbols is full.
  [[nodiscard]] Meaning by_text(std::string_view key) const noexcept {
    if (const document::Symbol symbol = document::find_symbol(key); symbol != document::kNoSymbol) {
      return by_symbol(symbol);
    }
    if (!complete_) {
      for (const Row& row : rows_) {
        if (row.name == key) {
          return row.meaning;
        }
      }
    }
    return Meaning{};
  }

  std::span<const Row> rows_;
  std::vector<Meaning> meanings_;
  bool complete_ = true;
};

}  // namespace tally::pod_security
