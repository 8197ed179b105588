#include "net/response_reader.hpp"

#include <gtest/gtest.h>

#include <span>

namespace tally::net {
namespace {

// "200 body", or "! " and the error, read in pieces of a size. All sizes must agree.
std::string read(std::string_view text, std::size_t piece, bool closes,
                 const ResponseLimits& limits, std::string_view method = "GET") {
  ResponseReader reader(method, limits);
  for (std::size_t at = 0; at < text.size() && !reader.is_done(); at += piece) {
    if (const auto fed = reader.feed(text.substr(at, piece)); !fed) {
      return "! " + fed.error().message;
    }
  }
  if (!reader.is_done()) {
    if (!closes) {
      return "more";
    }
    if (const auto end = reader.finish(); !end) {
      return "! " + end.error().message;
    }
  }
  const Response response = reader.take();
  return std::to_string(response.status) + " " + response.body;
}

struct Row {
  std::string text;
  const char* expected;
};

void check_rows(std::span<const Row> rows, const ResponseLimits& limits = {}) {
  for (const Row& row : rows) {
    for (const std::size_t piece :
         {std::size_t{1}, std::size_t{2}, std::size_t{7}, std::size_t{100'000}}) {
      EXPECT_EQ(read(row.text, piece, true, limits), row.expected)
          << row.text << "\nin pieces of " << piece;
    }
  }
}

TEST(ResponseReader, Accepted) {
  const Row rows[] = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "200 hello"},
      {"HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", "200 "},
      {"HTTP/1.1 404 Not Found\r\ncontent-length:2 \r\n\r\nno", "404 no"},
      {"HTTP/1.0 200 OK\r\n\r\nto the end", "200 to the end"},
      {"HTTP/1.1 200 OK\r\n\r\n", "200 "},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n6;a=b\r\n "
       "world\r\n0\r\n\r\n",
       "200 hello world"},
      {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n"
       "Content-Length: 1\r\n\r\nx",
       "200 x"},
      {"HTTP/1.1 204 No Content\r\n\r\n", "204 "},
      {"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "304 "},
      {"HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\nContent-Length: 1\r\n\r\nx", "200 x"},
      // What comes behind is never read.
      {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 200 OK\r\n\r\nsecond", "200 x"},
  };
  check_rows(rows);
}

TEST(ResponseReader, Refused) {
  const Row rows[] = {
      {"", "! the connection was closed before the response was complete"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
       "! the connection was closed before the response was complete"},
      {"HTTP/1.1 200 OK\r\nContent-",
       "! the connection was closed before the response was complete"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
       "! the connection was closed before the response was complete"},
      {"HTTP/1.1 100 Continue\r\n\r\n",
       "! the connection was closed before the response was complete"},
      {"HTTP/2 200\r\n\r\n", "! the response is malformed: the status line is 'HTTP/2 200'"},
      {"ICY 200 OK\r\n\r\n", "! the response is malformed: the status line is 'ICY 200 OK'"},
      {"\r\nHTTP/1.1 200 OK\r\n\r\n", "! the response is malformed: the status line is ''"},
      {"HTTP/1.1  200 OK\r\n\r\n",
       "! the response is malformed: the status line is 'HTTP/1.1  200 OK'"},
      {"HTTP/1.1 2x0 OK\r\n\r\n", "! the response is malformed: the status is '2x0'"},
      {"HTTP/1.1 099 OK\r\n\r\n", "! the response is malformed: the status is '099'"},
      {"HTTP/1.1 2000 OK\r\n\r\n",
       "! the response is malformed: the status line is 'HTTP/1.1 2000 OK'"},
      {"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n",
       "! the response is malformed: it switches protocols, which was not asked for"},
      // Framing that two readers could see differently.
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       "! the response is malformed: both Transfer-Encoding and Content-Length are given"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
       "! the response is malformed: both Transfer-Encoding and Content-Length are given"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
       "! the response is malformed: Content-Length stands twice"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\nx",
       "! the response is malformed: Content-Length is '1, 1'"},
      {"HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\nx",
       "! the response is malformed: Content-Length is '+1'"},
      {"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nx",
       "! the response is malformed: Content-Length is '-1'"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 0x1\r\n\r\nx",
       "! the response is malformed: Content-Length is '0x1'"},
      {"HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nx",
       "! the response is malformed: Content-Length is ''"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551616\r\n\r\nx",
       "! the response is malformed: Content-Length is '18446744073709551616'"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: "
       "chunked\r\n\r\n0\r\n\r\n",
       "! the response is malformed: Transfer-Encoding stands twice"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
       "! the response is malformed: Transfer-Encoding is 'gzip, chunked'"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
       "! the response is malformed: Transfer-Encoding is 'xchunked'"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\nx",
       "! the response is malformed: Transfer-Encoding is 'identity'"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
       "! the response is malformed: the header line 'Transfer-Encoding : chunked' names no field"},
      {"HTTP/1.1 200 OK\r\nX: a\r\n Transfer-Encoding: chunked\r\n\r\n",
       "! the response is malformed: a header line is folded"},
      {"HTTP/1.1 200 OK\r\nX: a\nContent-Length: 1\r\n\r\nx",
       "! the response is malformed: a header line holds a bare CR, LF or NUL"},
      {"HTTP/1.1 200 OK\r\nX: a\rContent-Length: 1\r\n\r\nx",
       "! the response is malformed: a header line holds a bare CR, LF or NUL"},
      {std::string("HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\nx", 29),
       "! the response is malformed: a header line holds a bare CR, LF or NUL"},
      {"HTTP/1.1 200 OK\r\nX: a\x01\r\n\r\nx",
       "! the response is malformed: the header field X holds a control character"},
      {"HTTP/1.1 200 OK\r\n: a\r\n\r\nx",
       "! the response is malformed: the header line ': a' names no field"},
      {"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       "! the response is malformed: HTTP/1.0 knows no Transfer-Encoding"},
      {"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello",
       "! the response is malformed: a response of status 204 announces a body"},
      {"HTTP/1.1 100 Continue\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       "! the response is malformed: a response of status 100 announces a body"},
      {"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx",
       "! the body is encoded as 'gzip', which was not asked for"},
      {"HTTP/1.1 200\r\n\r\n", "! the response is malformed: the status line is 'HTTP/1.1 200'"},
      // Broken chunks: in Beast's words.
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nContent-Length: "
       "9\r\n\r\n",
       "! the response is malformed: bad Content-Length"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhello\r\n",
       "! the response is malformed: bad chunk"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n",
       "! the response is malformed: bad chunk"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n",
       "! the response is malformed: bad chunk extension"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloX\r\n0\r\n\r\n",
       "! the response is malformed: bad chunk"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000000\r\nx",
       "! the response is malformed: bad chunk"},
  };
  check_rows(rows);
}

TEST(ResponseReader, Limits) {
  const ResponseLimits limits{
      .header_bytes = 100, .header_fields = 3, .body_bytes = 10, .interim_responses = 2};
  const std::string ok = "HTTP/1.1 200 OK\r\n";  // 17 bytes
  const Row rows[] = {
      {ok + "X: " + std::string(76, 'x') + "\r\n\r\n", "200 "},  // 100
      {ok + "X: " + std::string(77, 'x') + "\r\n\r\n",
       "! the header of the response has more than the 100 bytes that are read"},
      {ok + std::string(200, 'x'),
       "! the header of the response has more than the 100 bytes that are read"},
      {ok + "A: 1\r\nB: 2\r\nC: 3\r\n\r\n", "200 "},
      {ok + "A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n\r\n",
       "! the header of the response has more than 3 fields"},
      {ok + "Content-Length: 10\r\n\r\n0123456789", "200 0123456789"},
      {ok + "Content-Length: 11\r\n\r\n",
       "! the body of the response has 11 bytes, more than the 10 that are read"},
      {ok + "\r\n0123456789", "200 0123456789"},
      {ok + "\r\n0123456789a",
       "! the body of the response has more than the 10 bytes that are read"},
      {ok + "Transfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n0\r\n\r\n", "200 0123456789"},
      {ok + "Transfer-Encoding: chunked\r\n\r\nb\r\n0123456789a\r\n0\r\n\r\n",
       "! the body of the response has more than the 10 bytes that are read"},
      {ok + "Transfer-Encoding: chunked\r\n\r\n9\r\n012345678\r\n2\r\n01\r\n0\r\n\r\n",
       "! the body of the response has more than the 10 bytes that are read"},
      {"HTTP/1.1 100 A\r\n\r\nHTTP/1.1 100 A\r\n\r\n" + ok + "\r\n", "200 "},
      {"HTTP/1.1 100 A\r\n\r\nHTTP/1.1 100 A\r\n\r\nHTTP/1.1 100 A\r\n\r\n" + ok,
       "! more than 2 interim responses (1xx)"},
  };
  check_rows(rows, limits);
  // Endless fields behind the chunks, endless extensions.
  for (const char* piece : {"0\r\n", "1;"}) {
    std::string text = ok + "Transfer-Encoding: chunked\r\n\r\n" + piece;
    for (int i = 0; i < 10'000; ++i) {
      text += piece[0] == '0' ? "A: b\r\n" : "abcdef";
    }
    EXPECT_TRUE(read(text, 64, false, limits).starts_with("! ")) << piece;
  }
}

TEST(ResponseReader, HeadHasNoBody) {
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 100, false, {}, "HEAD"), "200 ");
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 100, false, {}, "HEAD"),
            "200 ");
}

TEST(ResponseReader, HeadersAreKept) {
  ResponseReader reader("GET", {});
  ASSERT_TRUE(reader.feed("HTTP/1.1 200 OK\r\nA: 1\r\na: 2\r\nContent-Length: 0\r\n\r\n"));
  ASSERT_TRUE(reader.is_done());
  const Response response = reader.take();
  EXPECT_EQ(response.header("A"), "1");
  EXPECT_EQ(response.header("content-length"), "0");
  EXPECT_EQ(response.header("b"), std::nullopt);
}

}  // namespace
}  // namespace tally::net
