// HTTP responses: whatever a server sends is an answer or an error, the same in one piece and in
// many; a body is never longer than its limit; and nobody can read a length and chunks in it.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "net/response_reader.hpp"

using tally::net::equal_names;
using tally::net::Response;
using tally::net::ResponseLimits;
using tally::net::ResponseReader;

namespace {

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

constexpr ResponseLimits kLimits{
    .header_bytes = 512, .header_fields = 16, .body_bytes = 256, .interim_responses = 2};

// Nothing: refused.
std::optional<Response> read(std::string_view text, std::size_t piece) {
  ResponseReader reader("GET", kLimits);
  while (!text.empty() && !reader.is_done()) {
    const std::string_view part = text.substr(0, piece);
    text.remove_prefix(part.size());
    if (const auto fed = reader.feed(part); !fed) {
      require(!fed.error().message.empty());
      return std::nullopt;
    }
  }
  if (!reader.is_done() && !reader.finish()) {
    return std::nullopt;
  }
  require(reader.is_done());
  return reader.take();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) {
    return 0;
  }
  const std::size_t piece = std::size_t{data[0]} + 1;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto whole = read(text, size);
  const auto parts = read(text, piece);
  require(whole.has_value() == parts.has_value());
  if (!whole) {
    return 0;
  }
  require(whole->status == parts->status && whole->body == parts->body &&
          whole->headers == parts->headers);
  require(whole->status >= 200 && whole->status <= 599 && whole->body.size() <= kLimits.body_bytes);
  const auto count = [&](std::string_view name) {
    return std::ranges::count_if(whole->headers,
                                 [&](const auto& row) { return equal_names(row.name, name); });
  };
  require(count("content-length") + count("transfer-encoding") <= 1);
  if (const auto length = whole->header("content-length"); length && whole->status != 304) {
    require(std::to_string(whole->body.size()) ==
            length->substr(std::min(length->find_first_not_of('0'), length->size() - 1)));
  }
  return 0;
}
