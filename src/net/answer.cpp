#include "net/internal/answer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace tally::net {

namespace {

constexpr std::array<std::string_view, 8> kOwnFields = {
    "connection", "content-length", "keep-alive", "proxy-connection",
    "te",         "trailer",        "upgrade",    "transfer-encoding"};

bool is_own(const Header& header) noexcept {
  return std::ranges::any_of(kOwnFields,
                             [&](std::string_view own) { return equal_names(own, header.name); });
}

bool can_be_sent(const Header& header) noexcept {
  return is_token(header.name) && std::ranges::none_of(header.value, [](char c) {
           return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == '\x7f';
         });
}

}  // namespace

ServerResponse own_answer(unsigned status, std::string_view text) {
  return {.status = status,
          .headers = {{"Content-Type", "text/plain; charset=utf-8"}},
          .body = fmt::format("{} {}: {}\n", status, phrase_of(status), text)};
}

ServerResponse checked_answer(ServerResponse response) {
  if (response.status < 200 || response.status > 599 ||
      !std::ranges::all_of(response.headers, can_be_sent)) {
    return own_answer(500, "the answer cannot be sent");
  }
  std::erase_if(response.headers, is_own);
  return response;
}

bool allows_body(unsigned status) noexcept { return status != 204 && status != 304; }

std::string_view phrase_of(unsigned status) noexcept {
  switch (status) {
    case 200:
      return "OK";
    case 204:
      return "No Content";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "";
  }
}

void count(ServerObserver* observer, Refusal refusal) noexcept {
  if (observer != nullptr) {
    observer->refused[static_cast<std::size_t>(refusal)].fetch_add(1, std::memory_order_relaxed);
  }
}

Refusal refusal_of_status(unsigned status) noexcept {
  switch (status) {
    case 408:
      return Refusal::Timeout;
    case 413:
      return Refusal::BodySize;
    case 414:
    case 431:
      return Refusal::HeaderSize;
    case 417:
    case 501:
    case 505:
      return Refusal::Unsupported;
    case 503:
      return Refusal::Busy;
    default:
      return Refusal::Malformed;
  }
}

void set_target(ServerRequest& request, std::string_view target) {
  const std::size_t mark = std::min(target.find('?'), target.size());
  request.path = target.substr(0, mark);
  request.query = target.substr(std::min(mark + 1, target.size()));
}

}  // namespace tally::net
