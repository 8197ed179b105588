#pragma once
// Pattern: the `pattern` of a Kyverno validation rule, compiled once into a flat program.
//
// A pattern is a tree that lies over a resource. Maps descend by key, where a key may carry an
// anchor (anchor.hpp); of a list of maps only the first element counts and is laid over every
// element of the resource's list; everything else is a scalar pattern (scalar_pattern.hpp). In the
// labels and annotations of a `metadata`, keys may have wildcards: they stand for the first key of
// the resource, in byte order, that matches.
//
// Order of judgement in a map, which decides what failure is told (Kyverno 1.19.1,
// pkg/engine/validate/validate.go): first the anchors () ^() =() X(), by key; then global anchors
// <() and keys whose value has anchors, by key backwards; then the other keys.
//
// A mismatch under () skips the element: the list goes on without it, and a list of which all
// elements are skipped, or a map with no anchor left that applies, skips what holds it, up to the
// rule. A mismatch under <() skips what holds it likewise.
//
// Threads: a Pattern is immutable; match() uses the caller's arena only.

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "base/arena.hpp"
#include "base/result.hpp"
#include "document/node.hpp"
#include "pattern/number_reading.hpp"

namespace tally::pattern {

struct Limits {
  std::uint32_t depth = 500;                // nesting of maps and lists in a pattern
  std::uint32_t nodes = 1'000'000;          // of a pattern
  std::uint32_t text_bytes = 65'536;        // of one text in a pattern, keys included
  std::uint64_t steps = 200'000'000;        // of one match; about one a node, one a byte looked at
  std::uint32_t message_bytes = 16 * 1024;  // of an Outcome's message
};

// What is wrong with a pattern, and where: a byte offset in its source, and a JSON pointer
// (RFC 6901) from the root of the pattern.
struct CompileError {
  ErrorKind kind = ErrorKind::Limit;
  std::string message;
  std::string pointer;
  std::uint32_t offset = 0;
};

enum class Verdict : std::uint8_t {
  Pass,
  Fail,   // path says where
  Skip,   // the pattern does not apply to the resource
  Error,  // upstream reports an error of the rule: a condition that is absent from the resource
          // beside a failure, nested lists of unequal length; also a match beyond its steps
};

struct Outcome {
  Verdict verdict = Verdict::Pass;
  // Where it failed, as upstream prints it: "/spec/containers/0/image/". Empty unless Fail.
  std::string_view path;
  // Upstream's reason; empty for Pass.
  std::string_view message;
  // The same place as a JSON pointer from the root of the resource, and the deepest node on the way
  // to it that exists. Set for Fail.
  std::string_view pointer;
  const document::Node* at = nullptr;
};

struct PatternProgram;  // internal/program.hpp

class Pattern {
 public:
  // Nothing of the Node is kept.
  [[nodiscard]] static std::expected<Pattern, CompileError> compile(
      const document::Node& pattern, const Limits& limits = {},
      NumberReading numbers = NumberReading::AsWritten);

  Pattern(Pattern&&) noexcept;
  Pattern& operator=(Pattern&&) noexcept;
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;
  ~Pattern();

  // The texts of the outcome lie in the arena. Allocates nothing on the heap if the outcome is Pass
  // (and the arena is warm).
  [[nodiscard]] Outcome match(const document::Node& resource, Arena& arena) const;

 private:
  friend class PatternCompiler;
  explicit Pattern(std::unique_ptr<const PatternProgram> program) noexcept;

  std::unique_ptr<const PatternProgram> program_;
};

}  // namespace tally::pattern
