#pragma once
// For tests: a collector on loopback that keeps the requests it gets, whole. One at a time; the
// answer is a status with an empty JSON object.

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace tally::telemetry::testing {

class Collector {
 public:
  explicit Collector(std::string status = "200 OK") : status_(std::move(status)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(::listen(listener_, 8), 0);
    socklen_t size = sizeof(address);
    EXPECT_EQ(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    url_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    thread_ = std::thread([this] { serve(); });
  }
  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;
  ~Collector() {
    stop_ = true;
    thread_.join();
    ::close(listener_);
  }

  [[nodiscard]] const std::string& url() const { return url_; }
  // Header and body.
  [[nodiscard]] std::vector<std::string> requests() const {
    const std::scoped_lock lock(mutex_);
    return requests_;
  }

 private:
  void serve() {
    while (!stop_) {
      pollfd entry{listener_, POLLIN, 0};
      if (::poll(&entry, 1, 10) <= 0) {
        continue;
      }
      const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      timeval limit{.tv_sec = 5, .tv_usec = 0};
      ::setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
      std::string request = read_request(descriptor);
      {
        const std::scoped_lock lock(mutex_);
        requests_.push_back(std::move(request));
      }
      const std::string answer =
          "HTTP/1.1 " + status_ + "\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";
      EXPECT_EQ(::send(descriptor, answer.data(), answer.size(), MSG_NOSIGNAL),
                static_cast<ssize_t>(answer.size()));
      ::close(descriptor);
    }
  }

  static std::string read_request(int descriptor) {
    std::string text;
    std::array<char, 4096> bytes{};
    std::size_t size = std::string::npos;
    while (text.size() < size) {
      const ssize_t count = ::recv(descriptor, bytes.data(), bytes.size(), 0);
      if (count <= 0) {
        break;
      }
      text.append(bytes.data(), static_cast<std::size_t>(count));
      const std::size_t end = text.find("\r\n\r\n");
      constexpr std::string_view kLength = "\r\nContent-Length: ";
      const std::size_t length = text.find(kLength);
      if (end != std::string::npos && length < end) {
        size = end + 4 + std::stoul(text.substr(length + kLength.size()));
      }
    }
    return text;
  }

  std::string status_;
  std::string url_;
  int listener_ = -1;
  std::atomic<bool> stop_ = false;
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::thread thread_;
};

}  // namespace tally::telemetry::testing
