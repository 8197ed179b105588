#pragma once
// For tests of the server: the client's side of HTTP/2 over a RawClient, by nghttp2.

#include <nghttp2/nghttp2.h>

#include <list>
#include <map>
#include <set>
#include <string>

#include "net/testing/raw_client.hpp"

namespace tally::net::testing {

inline const std::string kOffersHttp2 = "\x02h2";

class Http2Client {
 public:
  struct Answer {
    std::string status;
    std::string body;
    std::map<std::string, std::string> fields;
    bool is_closed = false;
    std::uint32_t error = 0;
  };

  explicit Http2Client(RawClient& client) : client_(client) {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(
        callbacks, [](nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                      std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                      std::uint8_t, void* self) {
          Answer& answer = static_cast<Http2Client*>(self)->answers[frame->hd.stream_id];
          const std::string key(reinterpret_cast<const char*>(name), name_size);
          const std::string text(reinterpret_cast<const char*>(value), value_size);
          (key == ":status" ? answer.status : answer.fields[key]) = text;
          return 0;
        });
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
        callbacks, [](nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* bytes,
                      std::size_t size, void* self) {
          static_cast<Http2Client*>(self)->answers[id].body.append(
              reinterpret_cast<const char*>(bytes), size);
          return 0;
        });
    nghttp2_session_callbacks_set_on_stream_close_callback(
        callbacks, [](nghttp2_session*, std::int32_t id, std::uint32_t error, void* self) {
          Answer& answer = static_cast<Http2Client*>(self)->answers[id];
          answer.is_closed = true;
          answer.error = error;
          return 0;
        });
    nghttp2_session_callbacks_set_on_frame_recv_callback(
        callbacks, [](nghttp2_session*, const nghttp2_frame* frame, void* self) {
          if (frame->hd.type == NGHTTP2_GOAWAY) {
            static_cast<Http2Client*>(self)->goaways.insert(frame->goaway.error_code);
          }
          return 0;
        });
    nghttp2_session_client_new(&session_, callbacks, this);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, nullptr, 0);
  }
  Http2Client(const Http2Client&) = delete;
  Http2Client& operator=(const Http2Client&) = delete;
  ~Http2Client() { nghttp2_session_del(session_); }

  using Fields = std::vector<std::pair<std::string, std::string>>;
  // Not `ends`: more of the body is never sent.
  std::int32_t submit(const std::string& method, const std::string& path, std::string body = {},
                      const Fields& fields = {}, bool ends = true) {
    Fields all = {{":method", method}, {":scheme", "https"}, {":authority", "h"}, {":path", path}};
    all.insert(all.end(), fields.begin(), fields.end());
    std::vector<nghttp2_nv> list;
    for (auto& [name, value] : all) {
      list.push_back({reinterpret_cast<std::uint8_t*>(name.data()),
                      reinterpret_cast<std::uint8_t*>(value.data()), name.size(), value.size(),
                      NGHTTP2_NV_FLAG_NONE});
    }
    auto& sent = bodies_.emplace_back(Sent{std::move(body), 0, ends});
    nghttp2_data_provider source{};
    source.source.ptr = &sent;
    source.read_callback = [](nghttp2_session*, std::int32_t, std::uint8_t* out, std::size_t size,
                              std::uint32_t* flags, nghttp2_data_source* from, void*) -> ssize_t {
      Sent& text = *static_cast<Sent*>(from->ptr);
      const std::size_t count = text.body.copy(reinterpret_cast<char*>(out), size, text.at);
      text.at += count;
      if (text.at == text.body.size()) {
        if (!text.ends && count == 0) {
          return NGHTTP2_ERR_DEFERRED;
        }
        *flags |= text.ends ? static_cast<std::uint32_t>(NGHTTP2_DATA_FLAG_EOF) : 0U;
      }
      return static_cast<ssize_t>(count);
    };
    return nghttp2_submit_request(session_, nullptr, list.data(), list.size(),
                                  sent.body.empty() && ends ? nullptr : &source, nullptr);
  }
  // False: the server does not take it.
  bool flush() {
    const std::uint8_t* bytes = nullptr;
    for (auto count = nghttp2_session_mem_send(session_, &bytes); count > 0;
         count = nghttp2_session_mem_send(session_, &bytes)) {
      if (!client_.send({reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(count)})) {
        return false;
      }
    }
    return true;
  }
  // Until it holds; false: the connection has ended, or ten seconds are over.
  template <class Condition>
  bool run(const Condition& condition) {
    flush();
    while (!condition()) {
      const std::string part = client_.receive();
      if (part.empty() ||
          nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(part.data()),
                                   part.size()) < 0) {
        return condition();
      }
      flush();
    }
    return true;
  }
  std::string ask(const std::string& method, const std::string& path, std::string body = {},
                  const Fields& fields = {}, bool ends = true) {
    const std::int32_t id = submit(method, path, std::move(body), fields, ends);
    if (!run([&] { return answers[id].is_closed; })) {
      return "ended";
    }
    const Answer& answer = answers[id];
    return answer.status + " " + answer.body;
  }

  [[nodiscard]] nghttp2_session* session() const { return session_; }
  std::map<std::int32_t, Answer> answers;
  std::set<std::uint32_t> goaways;

 private:
  struct Sent {
    std::string body;
    std::size_t at = 0;
    bool ends = true;
  };
  RawClient& client_;
  nghttp2_session* session_ = nullptr;
  std::list<Sent> bodies_;
};

}  // namespace tally::net::testing
