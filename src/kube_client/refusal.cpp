#include "kube_client/internal/refusal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/arena.hpp"
#include "document/read.hpp"

namespace tally::kube_client {
namespace {

using document::Node;

constexpr std::size_t kWordsMax = 500;  // of the server's message
constexpr std::size_t kCausesMax = 20;
constexpr std::chrono::seconds kRetryAfterMax{300};

// What a proxy on the way says instead is quoted in part, without what a terminal would obey.
std::string quoted(const Node& node, std::string_view key) {
  const Node* value = node.find(key);
  std::string text(value != nullptr && value->is_string() ? value->text() : std::string_view{});
  std::erase_if(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
  return text.substr(0, kWordsMax);
}

std::string_view words_of(unsigned status) {
  switch (status) {
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 422:
      return "Unprocessable Entity";
    case 429:
      return "Too Many Requests";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    default:
      return "";
  }
}

void read_details(const Node& status, Refusal& refusal) {
  const Node* details = status.find("details");
  if (details == nullptr) {
    return;
  }
  if (const Node* after = details->find("retryAfterSeconds"); after != nullptr) {
    if (const auto seconds = after->integer(); seconds && *seconds > 0) {
      refusal.retry_after =
          std::chrono::seconds(std::min<std::int64_t>(*seconds, kRetryAfterMax.count()));
    }
  }
  const Node* causes = details->find("causes");
  if (causes == nullptr || !causes->is_array()) {
    return;
  }
  for (const Node& cause : causes->items().first(std::min(causes->size(), kCausesMax))) {
    refusal.causes.push_back({.reason = quoted(cause, "reason"),
                              .field = quoted(cause, "field"),
                              .message = quoted(cause, "message")});
  }
}

// RFC 9110 section 10.2.3: seconds; API servers send no dates.
std::optional<std::chrono::seconds> read_retry_after(std::string_view text) {
  std::int64_t seconds = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (problem != std::errc{} || end != text.data() + text.size() || seconds < 0) {
    return std::nullopt;
  }
  return std::chrono::seconds(std::min<std::int64_t>(seconds, kRetryAfterMax.count()));
}

}  // namespace

Refusal refusal_of(std::string_view what, unsigned code, const Node* status) {
  Refusal refusal{.status = code, .error = {}};
  std::string message;
  if (status != nullptr) {
    refusal.reason = quoted(*status, "reason");
    read_details(*status, refusal);
    message = quoted(*status, "message");
  }
  std::string text = fmt::format("{}: {}", what, code);
  if (const std::string_view words = words_of(code); !words.empty()) {
    text.append(" ").append(words);
  }
  if (!message.empty()) {
    text.append(": ").append(message);
  }
  refusal.error = environment_error(std::move(text)).error();
  return refusal;
}

Refusal refusal_of(std::string_view what, const net::Response& response) {
  const auto source = document::Source::from_text("status", response.body);
  Arena arena;
  const auto status = document::read_one(*source, arena);
  Refusal refusal = refusal_of(what, response.status, status ? &*status : nullptr);
  if (const auto after = response.header("retry-after")) {
    if (const auto seconds = read_retry_after(*after)) {
      refusal.retry_after = seconds;
    }
  }
  return refusal;
}

}  // namespace tally::kube_client
