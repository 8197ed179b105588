#pragma once
// Writers: an Assessment in the formats that people and machines read. A writer reads an Assessment
// and nothing else; the same Assessment gives the same bytes (times come from WriteOptions, never
// from the clock).

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "finding/assessment.hpp"

namespace tally::report {

enum class Format : std::uint8_t {
  Table,
  Json,
  Yaml,
  Sarif,
  Junit,
  Markdown,
  Html,
  PolicyReport,
  OpenReports,
  Github,
};
[[nodiscard]] Result<Format> parse_format(std::string_view text);
[[nodiscard]] std::string_view to_text(Format format) noexcept;

// Where the bytes go. Returns false when the reader is gone (closed pipe): the writer then stops.
class Sink {
 public:
  virtual ~Sink() = default;
  [[nodiscard]] virtual bool write(std::string_view bytes) = 0;
};

class StringSink final : public Sink {
 public:
  [[nodiscard]] bool write(std::string_view bytes) override {
    text.append(bytes);
    return true;
  }
  std::string text;
};

struct WriteOptions {
  std::string tally_version;  // "0.1.0"
  std::string created;  // RFC 3339, for formats that carry a time; empty: left out where allowed
  const finding::Severity* fail_on = nullptr;  // null: never
  unsigned width = 100;                        // terminal columns, table only
  bool color = false;                          // table only
  bool verbose = false;                        // table: every finding in full, not the grouped form
  unsigned threads = 1;
};

// Returns false when the sink was closed.
[[nodiscard]] bool write(Format format, const finding::Assessment& assessment,
                         const WriteOptions& options, Sink& sink);

}  // namespace tally::report
