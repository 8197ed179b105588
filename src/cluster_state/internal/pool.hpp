#pragma once
// Pool: document nodes of which equal parts exist once (hash consing).
//
// A text is the bytes of a string, of a number, or of all keys of a map in a row. A block is the
// children of a list or a map in the layout of document/node.hpp. Both are found by their content
// and counted by the pointers that lead to them, from blocks and from owned nodes. As children are
// there before their block, two blocks are equal if their nodes are equal bit by bit: no comparison
// looks deeper.
//
// Symbols of keys do not count: names that were interned since give a key another symbol, and an
// equal block that is there already, with the old one, is as right (Node::find compares such keys
// as text). Positions do not exist.
//
// An owned node is worth one count: it is given back by release(), or handed to the map or list
// that it becomes a child of.
// Threads: one at a time; nodes may be read by any thread as long as they are owned.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cluster_state/internal/chains.hpp"
#include "document/node.hpp"

namespace tally::cluster_state {

class Pool {
 public:
  explicit Pool(std::uint64_t hash_seed) noexcept : seed_(hash_seed) {}
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // The same value, owned. Recursive.
  [[nodiscard]] document::Node keep(const document::Node& node);
  [[nodiscard]] document::Node keep_text(std::string_view text);

  // A map, member by member. Maps may be open inside one another, the last one is closed first.
  //   const std::size_t map = pool.open();
  //   pool.add("kind", kKind.symbol(), pool.keep_text("Pod"));
  //   const Node owned = pool.close(map);
  [[nodiscard]] std::size_t open() const noexcept { return members_.size(); }
  // The key must live until close().
  void add(std::string_view key, document::Symbol symbol, const document::Node& owned) {
    members_.push_back({owned.with_key(symbol), key});
  }
  [[nodiscard]] document::Node close(std::size_t map) { return close(map, true); }

  void release(const document::Node& owned);

  struct Usage {
    std::size_t texts = 0;
    std::size_t blocks = 0;
    std::size_t blocks_shared = 0;
    std::size_t bytes = 0;
  };
  [[nodiscard]] Usage usage() const;

 private:
  struct Text;
  struct Block;
  struct Member {
    document::Node value;
    std::string_view key;
  };

  [[nodiscard]] const char* own_text(std::string_view text);
  void release_text(const char* bytes, std::size_t size);
  [[nodiscard]] document::Node close(std::size_t first, bool is_map);
  [[nodiscard]] Block* make_block(std::span<const Member> members, const char* keys,
                                  std::uint32_t hash, bool long_keys);

  std::uint64_t seed_;
  Chains<Text> texts_;
  Chains<Block> blocks_;
  std::size_t bytes_ = 0;        // of texts and blocks
  std::vector<Member> members_;  // of the lists and maps that are open
  std::string keys_;             // of the map that is being closed
};

}  // namespace tally::cluster_state
