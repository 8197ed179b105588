#include "net/target.hpp"

#include <gtest/gtest.h>

#include "net/message.hpp"

namespace tally::net {
namespace {

TEST(Target, Urls) {
  struct Row {
    const char* url;
    const char* whole;  // null: refused
    const char* host_port = "";
  };
  const Row rows[] = {
      {"http://example.com", "http://example.com/", "example.com:80"},
      {"https://Example.COM./a/b?c=d#e", "https://example.com/a/b?c=d", "example.com:443"},
      {"https://example.com:8443/x", "https://example.com:8443/x", "example.com:8443"},
      {"http://example.com:80/x", "http://example.com/x", "example.com:80"},
      {"http://[::1]:8080/x", "http://[::1]:8080/x", "[::1]:8080"},
      {"http://example.com?q=1", "http://example.com/?q=1", "example.com:80"},
      {"http://example.com/%20/a%2Fb", "http://example.com/%20/a%2Fb", "example.com:80"},
      {"http://example.com/a b", "http://example.com/a%20b", "example.com:80"},
      {"", nullptr},
      {"example.com/x", nullptr},
      {"//example.com/x", nullptr},
      {"ftp://example.com/", nullptr},
      {"file:///etc/passwd", nullptr},
      {"http:///x", nullptr},
      {"http:example.com", nullptr},
      {"http://user@example.com/", nullptr},
      {"http://user:secret@example.com/", nullptr},
      {"http://example.com:0/", nullptr},
      {"http://example.com:99999/", nullptr},
      {"http://example.com/\r\nX: y", nullptr},
      {"http://example.com/?a b", nullptr},
      {"http://example.com/?a=\xc3\xa9", nullptr},
      {"http://127.1/", nullptr},
      {"http://0x7f000001/", nullptr},
      {"http://[fe80::1%25eth0]/", nullptr},
      {"http://ex ample.com/", nullptr},
      {"http://example.com\\@evil.com/", nullptr},
  };
  for (const Row& row : rows) {
    const auto target = Target::parse(row.url);
    ASSERT_EQ(target.has_value(), row.whole != nullptr) << row.url;
    if (target) {
      EXPECT_EQ(target->url(), row.whole) << row.url;
      EXPECT_EQ(target->host_port(), row.host_port) << row.url;
    }
  }
  EXPECT_FALSE(Target::parse("http://a/" + std::string(kUrlBytesMax, 'x')).has_value());
  // What may be a password is not shown.
  EXPECT_EQ(Target::parse("http://u:secret@h/").error().message,
            "the URL holds user information ('user@'), which is refused");
}

TEST(Target, Redirects) {
  const auto from = Target::parse("https://example.com:8443/a/b");
  ASSERT_TRUE(from.has_value());
  EXPECT_EQ(from->follow("/c?d")->url(), "https://example.com:8443/c?d");
  EXPECT_EQ(from->follow("http://other/x")->url(), "http://other/x");
  EXPECT_FALSE(from->follow("//other/x").has_value());
  EXPECT_FALSE(from->follow("c").has_value());
  EXPECT_FALSE(from->follow("").has_value());
  EXPECT_FALSE(from->follow("file:///etc/passwd").has_value());
  EXPECT_TRUE(from->has_origin_of(*from->follow("/c")));
  EXPECT_FALSE(from->has_origin_of(*from->follow("https://example.com/c")));
}

TEST(Message, Requests) {
  struct Row {
    const char* method;
    std::vector<Header> headers;
    bool is_sent;
  };
  const Row rows[] = {
      {"GET", {}, true},
      {"POST", {{"Authorization", "Bearer x"}, {"Content-Type", "application/json"}}, true},
      {"PATCH", {{"X-A", ""}}, true},
      {"", {}, false},
      {"GET / HTTP/1.1\r\nX: y", {}, false},
      {"CONNECT", {}, false},
      {"TRACE", {}, false},
      {"GET", {{"", "x"}}, false},
      {"GET", {{"A B", "x"}}, false},
      {"GET", {{"A:", "x"}}, false},
      {"GET", {{"A", "x\r\nHost: evil"}}, false},
      {"GET", {{"A", "x\ny"}}, false},
      {"GET", {{"A", std::string("x\0y", 3)}}, false},
      {"GET", {{"hOsT", "evil"}}, false},
      {"GET", {{"content-length", "5"}}, false},
      {"GET", {{"Transfer-Encoding", "chunked"}}, false},
      {"GET", {{"Connection", "keep-alive"}}, false},
      {"GET", {{"Proxy-Authorization", "x"}}, false},
      {"GET", {{"Expect", "100-continue"}}, false},
      {"GET", {{"A", std::string(20'000, 'x')}}, false},
      {"GET", std::vector<Header>(101, Header{"A", "x"}), false},
  };
  for (const Row& row : rows) {
    Request request;
    request.method = row.method;
    request.headers = row.headers;
    EXPECT_EQ(check(request).has_value(), row.is_sent)
        << row.method << " " << (row.headers.empty() ? "" : row.headers.front().name);
  }
  Request request{
      .method = "POST", .url = {}, .headers = {{"X", " y "}}, .body = "{}", .ca_bundle = {}};
  EXPECT_EQ(to_text(request, *Target::parse("http://h:8080/a?b")),
            "POST /a?b HTTP/1.1\r\nHost: h:8080\r\nX: y\r\nUser-Agent: tally\r\nAccept: */*\r\n"
            "Content-Length: 2\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n{}");
}

}  // namespace
}  // namespace tally::net
