// An open-addressing table of fixed size, filled under a lock and read without one: a slot goes
// from null to its entry exactly once (release store, acquire load), and entries are never changed
// or freed.
#include "document/symbol.hpp"

#include <array>
#include <atomic>
#include <cstring>
#include <deque>
#include <mutex>
#include <string>

namespace tally::document {

namespace {

struct Entry {
  std::string text;
  std::uint32_t hash = 0;
  Symbol symbol = kNoSymbol;
};

constexpr std::uint32_t kSlots = kSymbolsMax * 2;
constexpr std::size_t kNameBytesMax = 255;

struct Table {
  std::array<std::atomic<const Entry*>, kSlots> slots{};
  std::array<std::atomic<const Entry*>, kSymbolsMax> by_symbol{};
  std::mutex writing;
  std::deque<Entry> entries;  // stable addresses
};

Table& table() {
  static Table the_table;  // function-local: names are interned during static initialisation
  return the_table;
}

std::uint64_t load(const char* at, std::size_t bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, bytes);
  return word;
}

// Multiply-mix over the first and last eight bytes and the length: field names differ there.
std::uint32_t hash_text(std::string_view text) {
  const std::size_t n = text.size();
  std::uint64_t a = 0;
  std::uint64_t b = 0;
  if (n >= 8) {
    a = load(text.data(), 8);
    b = load(text.data() + n - 8, 8);
    if (n > 16) {
      b ^= load(text.data() + n / 2 - 4, 8) * 0x9E3779B97F4A7C15ULL;
    }
  } else if (n >= 4) {
    a = load(text.data(), 4);
    b = load(text.data() + n - 4, 4);
  } else if (n > 0) {
    a = static_cast<unsigned char>(text[0]);
    b = static_cast<std::uint64_t>(static_cast<unsigned char>(text[n / 2])) << 8U |
        static_cast<std::uint64_t>(static_cast<unsigned char>(text[n - 1])) << 16U;
  }
  std::uint64_t mixed = (a ^ (n * 0xD6E8FEB86659FD93ULL)) * 0xA0761D6478BD642FULL;
  mixed ^= (b + 0xE7037ED1A0B428DBULL) * 0x8EBC6AF09C88C6E3ULL;
  mixed ^= mixed >> 32U;
  return static_cast<std::uint32_t>(mixed);
}

}  // namespace

Symbol find_symbol(std::string_view text) noexcept { return find_hashed_symbol(text).symbol; }

HashedSymbol find_hashed_symbol(std::string_view text) noexcept {
  static const Table& names = table();
  const std::uint32_t hash = hash_text(text);
  for (std::uint32_t at = hash % kSlots;; at = (at + 1) % kSlots) {
    const Entry* entry = names.slots[at].load(std::memory_order_acquire);
    if (entry == nullptr) {
      return {.symbol = kNoSymbol, .hash = hash};
    }
    if (entry->hash == hash && entry->text == text) {
      return {.symbol = entry->symbol, .hash = hash};
    }
  }
}

Symbol intern(std::string_view name) {
  if (const Symbol known = find_symbol(name); known != kNoSymbol || name.size() > kNameBytesMax) {
    return known;
  }
  Table& names = table();
  const std::scoped_lock lock(names.writing);
  if (const Symbol known = find_symbol(name); known != kNoSymbol) {
    return known;
  }
  const auto symbol = static_cast<Symbol>(names.entries.size() + 1);
  if (symbol >= kSymbolsMax) {
    return kNoSymbol;
  }
  const std::uint32_t hash = hash_text(name);
  const Entry& entry =
      names.entries.emplace_back(Entry{.text = std::string(name), .hash = hash, .symbol = symbol});
  std::uint32_t at = hash % kSlots;
  while (names.slots[at].load(std::memory_order_relaxed) != nullptr) {
    at = (at + 1) % kSlots;
  }
  names.by_symbol[symbol].store(&entry, std::memory_order_release);
  names.slots[at].store(&entry, std::memory_order_release);
  return symbol;
}

std::string_view symbol_text(Symbol symbol) noexcept {
  if (symbol == kNoSymbol || symbol >= kSymbolsMax) {
    return {};
  }
  const Entry* entry = table().by_symbol[symbol].load(std::memory_order_acquire);
  return entry == nullptr ? std::string_view{} : std::string_view{entry->text};
}

}  // namespace tally::document
