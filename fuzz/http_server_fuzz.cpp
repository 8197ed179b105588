// The server's protocols without sockets: whatever a client sends is a request or a refusal. A
// request is read the same in one piece and in many, and nobody can read a length and chunks in it;
// a session never holds more than its budget lets it, answers what it began, and ends in time.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/request_reader.hpp"
#include "net/session.hpp"

namespace {

namespace net = tally::net;

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

constexpr net::RequestLimits kLimits{
    .header_bytes = 512, .header_fields = 16, .target_bytes = 128, .body_bytes = 256};

// Nothing: refused, or not complete.
std::optional<net::IncomingRequest> read(std::string_view text, std::size_t piece) {
  net::RequestReader reader(kLimits);
  while (!text.empty() && !reader.is_done()) {
    const std::string_view part = text.substr(0, piece);
    const auto used = reader.feed(part);
    if (!used) {
      require(used.error().status >= 400 && used.error().status <= 505);
      return std::nullopt;
    }
    require(*used <= part.size() && (*used == part.size() || reader.is_done()));
    text.remove_prefix(*used);
  }
  return reader.is_done() ? std::optional(reader.take()) : std::nullopt;
}

void check_reader(std::string_view text, std::size_t piece) {
  const auto whole = read(text, text.size());
  const auto parts = read(text, piece);
  require(whole.has_value() == parts.has_value());
  if (!whole) {
    return;
  }
  require(whole->body == parts->body && whole->headers == parts->headers &&
          whole->method == parts->method && whole->target == parts->target);
  require(whole->body.size() <= kLimits.body_bytes &&
          whole->headers.size() <= kLimits.header_fields);
  const auto count = [&](std::string_view name) {
    return std::ranges::count_if(whole->headers,
                                 [&](const auto& row) { return net::equal_names(row.name, name); });
  };
  require(count("content-length") + count("transfer-encoding") <= 1);
  require(count("host") == 1 || (whole->is_old && count("host") == 0));
}

// Keeps requests until they are answered.
struct Requests final : net::ServerRequests {
  void begin(std::uint64_t id, net::ServerRequest request, net::Charge charge) override {
    require(!request.method.empty() && request.body.size() <= kLimits.body_bytes);
    ids.push_back(id);
    charges.push_back(std::move(charge));
  }
  std::vector<std::uint64_t> ids;
  std::vector<net::Charge> charges;
};

void check_session(std::string_view text, std::size_t piece, bool is_http2) {
  constexpr std::size_t kBudget = 4096;
  net::ServerLimits limits;
  limits.header_bytes = kLimits.header_bytes;
  limits.header_fields = kLimits.header_fields;
  limits.target_bytes = kLimits.target_bytes;
  limits.body_bytes = kLimits.body_bytes;
  limits.streams = 8;
  const auto budget = std::make_shared<net::Budget>(kBudget);
  Requests requests;
  net::TimePoint now{};
  net::SessionOptions options{.limits = &limits,
                              .observer = nullptr,
                              .requests = &requests,
                              .budget = budget,
                              .peer = {},
                              .now = now};
  const auto session = is_http2 ? net::make_http2_session(std::move(options))
                                : net::make_http1_session(std::move(options));
  const auto turn = [&] {
    std::string out;
    do {
      out.clear();
      session->take_output(out, 1024, now);
    } while (!out.empty());
  };
  while (!text.empty() && session->wants_input() && !session->is_finished()) {
    const std::string_view part = text.substr(0, piece);
    text.remove_prefix(part.size());
    now += std::chrono::milliseconds(10);
    session->receive(part, now);
    turn();
    while (!requests.ids.empty()) {
      const std::uint64_t id = requests.ids.back();
      requests.ids.pop_back();
      requests.charges.clear();
      session->answer(id, {.status = 200, .headers = {{"X", "y"}}, .body = "z"}, now);
      turn();
    }
    require(budget->used() <= 2 * kBudget);
  }
  // Left alone, it ends.
  for (int round = 0; round < 100 && !session->is_finished(); ++round) {
    const auto end = session->deadline();
    require(end.has_value());
    now = std::max(now, *end);
    session->expire(now);
    turn();
  }
  require(session->is_finished() && requests.ids.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) {
    return 0;
  }
  const std::size_t piece = std::size_t{data[1]} + 1;
  const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
  if (text.empty()) {
    return 0;
  }
  switch (data[0] % 4) {
    case 0:
      check_reader(text, piece);
      break;
    case 1:
      check_session(text, piece, false);
      break;
    case 2:
      check_session(text, piece, true);
      break;
    default:
      check_session(std::string(net::kHttp2Preface) + std::string(text), piece, true);
      break;
  }
  return 0;
}
