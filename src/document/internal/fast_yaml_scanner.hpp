#pragma once
// The scanner behind read_fast_yaml: a cursor, an explicit stack of open collections, and the
// routines that every line goes through, inline here because they have to be inlined into one
// another. The rest is apart, by kind of scalar:
//   fast_yaml.cpp             lines, keys, entries, values
//   fast_yaml_characters.cpp  which characters a document may hold
//   fast_yaml_plain.cpp       plain scalars of several lines
//   fast_yaml_quoted.cpp      quoted scalars with escapes or line breaks
//   fast_yaml_block.cpp       | and >
//   fast_yaml_flow.cpp        [ and {
//
// The values of all open collections lie on one stack, their keys on another; a collection that
// closes moves its part of both into the arena. The scalar routines follow libyaml 0.2.5
// (scanner.c) step by step: where their text is not a piece of the source it is put together in
// the scratch and copied.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/arena.hpp"
#include "document/internal/byte_scan.hpp"
#include "document/internal/fast_yaml.hpp"
#include "document/internal/fast_yaml_text.hpp"
#include "document/internal/key_hashes.hpp"
#include "document/node.hpp"
#include "document/read.hpp"
#include "document/symbol.hpp"

namespace tally::document {

// libyaml refuses a key that ends more than 1,024 characters after its start; bytes are at least
// as many.
inline constexpr std::ptrdiff_t kKeyBytesMax = 1000;

class FastYamlScanner {
 public:
  FastYamlScanner(std::string_view source_text, std::uint32_t begin, std::uint32_t end,
                  Arena& arena, FastYamlScratch& scratch, const ReadLimits& limits)
      : text_(source_text.data()),
        at_(source_text.data() + begin),
        end_(source_text.data() + end),
        arena_(arena),
        scratch_(scratch),
        limits_(limits) {
    scratch_.frames.clear();
    scratch_.values.clear();
    scratch_.keys.clear();
    scratch_.hashes.clear();
  }

  std::optional<Node> read();

 private:
  using Frame = FastYamlFrame;
  using Kind = FastYamlFrame::Kind;

  // Every bool says "go on"; false gives the document to libyaml.
  [[nodiscard]] bool check_bytes() const;
  [[nodiscard]] bool check_odd_bytes(const char* at, std::size_t size) const;
  void skip_document_start();

  [[nodiscard]] bool read_line();
  [[nodiscard]] bool read_entries(const char* line, const char*& content);
  [[nodiscard]] bool read_token(const char* line, const char* content);
  [[nodiscard]] bool read_key(const char* line, const char* content, std::string_view key,
                              const char* colon);
  [[nodiscard]] bool read_value(const char* content);
  [[nodiscard]] bool read_plain(const char* content);
  [[nodiscard]] bool continue_plain(const char* content);
  [[nodiscard]] bool read_block_text(const char* header);
  [[nodiscard]] bool read_block_lines(const char* at, bool folded, char chomping,
                                      std::int32_t increment, std::uint32_t offset);
  [[nodiscard]] bool read_flow(const char* content);
  [[nodiscard]] const char* read_flow_scalar(const char* at);
  [[nodiscard]] const char* read_flow_key(const char* at);
  [[nodiscard]] const char* skip_flow_blanks(const char* at) const;

  // A quoted scalar that begins at `at`: where it ends (behind the quote), nullptr in doubt.
  struct Quoted {
    const char* end = nullptr;
    std::string_view text;
    bool in_source = false;
  };
  [[nodiscard]] Quoted read_quoted(const char* at);
  [[nodiscard]] Quoted decode_quoted(const char* at);
  [[nodiscard]] const char* decode_escape(const char* at);
  [[nodiscard]] const char* fold_quoted_break(const char* at, bool escaped);

  // The end of a plain scalar on its line, before any blanks.
  enum class PlainEnd : std::uint8_t { Line, Colon, Comment, Tab };
  struct Plain {
    const char* end;   // behind its last character
    const char* stop;  // the line end, colon or number sign
    PlainEnd why;
  };
  [[nodiscard]] static Plain scan_plain(const char* at);

  // What follows a value on its line must be blank or a comment.
  [[nodiscard]] bool finish_line(const char* at);
  // `at` is a line end: the start of the next line.
  [[nodiscard]] const char* next_line(const char* at) const {
    at += *at == '\r' ? 1 : 0;
    return at < end_ ? at + 1 : end_;
  }
  // From inside a comment.
  [[nodiscard]] static const char* find_line_end(const char* at) {
    return find_byte(at, [](__m128i bytes) {
      return _mm_or_si128(equal_bytes(bytes, '\n'), equal_bytes(bytes, '\0'));
    });
  }

  [[nodiscard]] bool open(Kind kind, std::int32_t indent, const char* at);
  [[nodiscard]] bool close();
  [[nodiscard]] bool close_missing();
  [[nodiscard]] bool add_key(std::string_view key, const char* colon);
  [[nodiscard]] bool add_value(const Node& value);
  [[nodiscard]] bool has_duplicate(std::size_t first_key);
  [[nodiscard]] std::optional<Node> resolve(std::string_view plain, std::uint32_t offset);
  [[nodiscard]] std::uint32_t offset_of(const char* at) const {
    return static_cast<std::uint32_t>(at - text_);
  }
  [[nodiscard]] std::int32_t indent() const {
    return scratch_.frames.empty() ? -1 : scratch_.frames.back().indent;
  }

  const char* text_;
  const char* at_;  // start of the next line
  const char* end_;
  Arena& arena_;
  FastYamlScratch& scratch_;
  const ReadLimits& limits_;
  std::optional<Node> root_;
  const char* continuable_ = nullptr;  // start of the plain scalar that the last line ended with
  std::uint32_t nodes_ = 0;
};

// ---------------------------------------------------------------- collections

inline bool FastYamlScanner::open(Kind kind, std::int32_t column, const char* at) {
  if (scratch_.frames.size() >= limits_.depth) {
    return false;
  }
  Frame& frame = scratch_.frames.emplace_back();
  frame.kind = kind;
  frame.indent = column;
  frame.offset = offset_of(at);
  frame.values = static_cast<std::uint32_t>(scratch_.values.size());
  frame.keys = static_cast<std::uint32_t>(scratch_.keys.size());
  return true;
}

inline bool FastYamlScanner::add_value(const Node& value) {
  if (++nodes_ > limits_.nodes) {
    return false;
  }
  if (scratch_.frames.empty()) {
    root_ = value;
    return true;
  }
  Frame& frame = scratch_.frames.back();
  scratch_.values.push_back(value.with_key(frame.symbol));
  frame.pending = false;
  return true;
}

// A key or dash without a value: null behind it (yaml_parser_process_empty_scalar).
inline bool FastYamlScanner::close_missing() {
  return add_value(Node::make_null(scratch_.frames.back().after));
}

inline bool FastYamlScanner::add_key(std::string_view key, const char* colon) {
  const auto [symbol, hash] = find_hashed_symbol(key);
  Frame& frame = scratch_.frames.back();
  const std::uint64_t bit = key_bit(hash);
  frame.suspicious = frame.suspicious || (frame.seen & bit) != 0;
  frame.seen |= bit;
  frame.pending = true;
  frame.symbol = symbol;
  frame.after = offset_of(colon) + 1;
  scratch_.keys.push_back({offset_of(key.data()), static_cast<std::uint32_t>(key.size())});
  scratch_.hashes.push_back(hash);
  return true;
}

// ---------------------------------------------------------------- scalars on one line

inline std::optional<Node> FastYamlScanner::resolve(std::string_view plain, std::uint32_t offset) {
  if (is_certainly_text(plain)) {
    return Node::make_string(plain, offset);
  }
  if (is_small_integer(plain)) {
    return Node::make_number(plain, offset);
  }
  return make_plain_scalar(plain, offset, arena_);
}

// yaml_parser_scan_plain_scalar, one line of it, in a block collection: it ends before `: `,
// before ` #` and at the end of the line.
inline FastYamlScanner::Plain FastYamlScanner::scan_plain(const char* at) {
  const auto trimmed = [](const char* stop) {
    while (stop[-1] == ' ') {
      --stop;
    }
    return stop;
  };
  for (const char* block = at;; block += 16) {
    const __m128i bytes = load_bytes(block);
    std::uint32_t mask = byte_mask(_mm_or_si128(
        at_most(bytes, '\r'), _mm_or_si128(equal_bytes(bytes, ':'), equal_bytes(bytes, '#'))));
    for (; mask != 0; mask &= mask - 1) {
      const char* stop = block + std::countr_zero(mask);
      if (*stop == ':') {
        if (is_blank_or_end(stop[1])) {
          return {.end = stop == at ? stop : trimmed(stop),
                  .stop = stop,
                  .why = stop[1] == '\t' ? PlainEnd::Tab : PlainEnd::Colon};
        }
      } else if (*stop == '#') {
        if (stop[-1] == ' ') {
          return {.end = trimmed(stop), .stop = stop, .why = PlainEnd::Comment};
        }
      } else {
        return {.end = trimmed(stop),
                .stop = stop,
                .why = *stop == '\t' ? PlainEnd::Tab : PlainEnd::Line};
      }
    }
  }
}

// yaml_parser_scan_flow_scalar.
inline FastYamlScanner::Quoted FastYamlScanner::read_quoted(const char* at) {
  const char quote = *at;
  const char* stop = quote == '"'
                         ? find_byte(at + 1,
                                     [](__m128i bytes) {
                                       return _mm_or_si128(at_most(bytes, '\r'),
                                                           _mm_or_si128(equal_bytes(bytes, '"'),
                                                                        equal_bytes(bytes, '\\')));
                                     })
                         : find_byte(at + 1, [](__m128i bytes) {
                             return _mm_or_si128(at_most(bytes, '\r'), equal_bytes(bytes, '\''));
                           });
  if (*stop == quote && stop < end_ && (quote == '"' || stop[1] != '\'')) {
    return {.end = stop + 1,
            .text = {at + 1, static_cast<std::size_t>(stop - at - 1)},
            .in_source = true};
  }
  return decode_quoted(at);
}

inline bool FastYamlScanner::finish_line(const char* at) {
  const char* rest = skip_spaces(at);
  if (*rest == '#' && rest != at) {
    rest = find_line_end(rest);
  }
  at_ = ends_line(*rest) ? next_line(rest) : at_;
  return ends_line(*rest);
}

}  // namespace tally::document
