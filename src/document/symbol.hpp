#pragma once
// Symbols: small numbers for the field names that programs and checks use.
//
// A program interns its names when it is loaded; readers only look names up, so hostile input
// cannot grow the table. Symbol 0 means "any other text": such a key is compared as text. A name
// that is interned after a document was read is therefore still found (Node::find compares text
// wherever a key has symbol 0). Threads: find_symbol() is lock-free and may run beside intern();
// intern() takes a lock.

#include <cstdint>
#include <string_view>

namespace tally::document {

using Symbol = std::uint32_t;
inline constexpr Symbol kNoSymbol = 0;

// The symbol of a name, made on first use. Past kSymbolsMax names, or for a name over 255 bytes,
// kNoSymbol: everything still works, by text.
inline constexpr std::uint32_t kSymbolsMax = 1U << 15;
[[nodiscard]] Symbol intern(std::string_view name);

// The symbol of a text if some program interned it, else kNoSymbol. Never allocates.
[[nodiscard]] Symbol find_symbol(std::string_view text) noexcept;

// The same with the hash of the text, for readers that look for duplicate keys as well. Equal texts
// have equal hashes in one process; different texts may.
struct HashedSymbol {
  Symbol symbol = kNoSymbol;
  std::uint32_t hash = 0;
};
[[nodiscard]] HashedSymbol find_hashed_symbol(std::string_view text) noexcept;

// The text of a symbol; empty for kNoSymbol.
[[nodiscard]] std::string_view symbol_text(Symbol symbol) noexcept;

// A field name as programs hold it. Construct as a namespace-scope constant: `const Name
// kSpec{"spec"};`. `text` must outlive the Name (string literals, or text owned by the program).
class Name {
 public:
  explicit Name(std::string_view text) : text_(text), symbol_(intern(text)) {}
  [[nodiscard]] std::string_view text() const noexcept { return text_; }
  [[nodiscard]] Symbol symbol() const noexcept { return symbol_; }

 private:
  std::string_view text_;
  Symbol symbol_;
};

}  // namespace tally::document
