#include <algorithm>
#include <utility>

#include "net/internal/answer.hpp"
#include "net/internal/mailbox.hpp"

namespace tally::net {

void Mailbox::expect() {
  const std::scoped_lock lock(mutex_);
  if (observer_ != nullptr) {
    ++expected_;
    observer_->requests.fetch_add(1, std::memory_order_relaxed);
    observer_->active_requests.fetch_add(1, std::memory_order_relaxed);
  }
}

void Mailbox::put(Answer answer) {
  const std::scoped_lock lock(mutex_);
  if (observer_ == nullptr) {
    return;
  }
  --expected_;
  observer_->active_requests.fetch_sub(1, std::memory_order_relaxed);
  answers_.push_back(std::move(answer));
  if (answers_.size() == 1) {
    wake_();
  }
}

std::vector<Mailbox::Answer> Mailbox::take() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(answers_, {});
}

void Mailbox::close() {
  const std::scoped_lock lock(mutex_);
  if (observer_ != nullptr) {
    observer_->active_requests.fetch_sub(expected_, std::memory_order_relaxed);
    observer_ = nullptr;
  }
  answers_.clear();
  wake_ = nullptr;
}

Responder::Responder(std::unique_ptr<Route> route) noexcept : route_(std::move(route)) {}
Responder::Responder(Responder&&) noexcept = default;

Responder& Responder::operator=(Responder&& other) noexcept {
  if (this != &other) {
    const Responder unused(std::exchange(route_, std::move(other.route_)));
  }
  return *this;
}

Responder::~Responder() {
  if (route_) {
    (*this)(own_answer(500, "the request was not answered"));
  }
}

void Responder::operator()(ServerResponse response) {
  if (const auto route = std::exchange(route_, nullptr)) {
    route->mailbox->put({.connection = route->connection,
                         .request = route->request,
                         .response = std::move(response)});
  }
}

std::optional<std::string_view> ServerRequest::header(std::string_view name) const {
  const auto found =
      std::ranges::find_if(headers, [&](const Header& row) { return equal_names(row.name, name); });
  return found == headers.end() ? std::nullopt : std::optional<std::string_view>(found->value);
}

std::string_view name_of(Refusal refusal) noexcept {
  switch (refusal) {
    case Refusal::Connections:
      return "connections";
    case Refusal::Malformed:
      return "malformed";
    case Refusal::Timeout:
      return "timeout";
    case Refusal::BodySize:
      return "body_size";
    case Refusal::HeaderSize:
      return "header_size";
    case Refusal::Unsupported:
      return "unsupported";
    case Refusal::Busy:
      return "busy";
    case Refusal::Flood:
      return "flood";
    case Refusal::Protocol:
      return "protocol";
  }
  return "";
}

}  // namespace tally::net
