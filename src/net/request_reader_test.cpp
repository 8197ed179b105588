// Requests as hostile clients write them: each is refused with its status, or read the same in one
// piece and in single bytes.
#include "net/request_reader.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tally::net {
namespace {

constexpr RequestLimits kLimits{
    .header_bytes = 400, .header_fields = 8, .target_bytes = 100, .body_bytes = 32};

std::string shown(const IncomingRequest& request) {
  std::string out = request.method + " " + request.target + (request.is_old ? " old" : "") +
                    (request.keeps_alive ? " keep" : " close") +
                    (request.expects_continue ? " expect" : "");
  for (const Header& header : request.headers) {
    if (equal_names(header.name, "host")) {
      out += " host=" + header.value;
    }
  }
  return out + " [" + request.body + "]";
}

// "400", or the request and what is left behind it; "..." when it is not complete.
std::string read(std::string_view text, std::size_t piece) {
  RequestReader reader(kLimits);
  while (!text.empty() && !reader.is_done()) {
    const auto used = reader.feed(text.substr(0, piece));
    if (!used) {
      EXPECT_FALSE(used.error().text.empty());
      return std::to_string(used.error().status);
    }
    text.remove_prefix(*used);
  }
  return reader.is_done() ? shown(reader.take()) + (text.empty() ? "" : " + " + std::string(text))
                          : "...";
}

struct Row {
  const char* name;
  std::string text;
  std::string expected;
};

class RequestTable : public ::testing::TestWithParam<Row> {};

TEST_P(RequestTable, IsReadTheSameInPieces) {
  const Row& row = GetParam();
  EXPECT_EQ(read(row.text, row.text.size()), row.expected) << row.text;
  // The rest behind the request is not fed.
  const std::string alone = row.expected.substr(0, row.expected.find(" + "));
  EXPECT_EQ(read(row.text, 1).substr(0, alone.size()), alone) << row.text;
  EXPECT_EQ(read(row.text, 7).substr(0, alone.size()), alone) << row.text;
}

const std::string kHost = "Host: a.test\r\n";

std::string get(const std::string& fields) { return "GET / HTTP/1.1\r\n" + fields + "\r\n"; }
std::string post(const std::string& fields, const std::string& body) {
  return "POST /v HTTP/1.1\r\n" + kHost + fields + "\r\n" + body;
}
std::string chunked(const std::string& body) {
  return post("Transfer-Encoding: chunked\r\n", body);
}
std::string line(const std::string& request_line) { return request_line + "\r\n" + kHost + "\r\n"; }

const Row kAccepted[] = {
    {"Plain", get(kHost), "GET / keep host=a.test []"},
    {"EmptyLineBefore", "\r\n" + get(kHost), "GET / keep host=a.test []"},
    {"Length", post("Content-Length: 5\r\n", "hello"), "POST /v keep host=a.test [hello]"},
    {"LengthZero", post("Content-Length: 0\r\n", ""), "POST /v keep host=a.test []"},
    {"LengthAtLimit", post("Content-Length: 32\r\n", std::string(32, 'x')),
     "POST /v keep host=a.test [" + std::string(32, 'x') + "]"},
    {"Chunks", chunked("5\r\nhello\r\nA;a=b\r\n0123456789\r\n0\r\n\r\n"),
     "POST /v keep host=a.test [hello0123456789]"},
    {"ChunkWithZeros", chunked("0005\r\nhello\r\n000\r\n\r\n"), "POST /v keep host=a.test [hello]"},
    {"Trailers", chunked("1\r\nx\r\n0\r\nA: b\r\nHost: evil\r\n\r\n"),
     "POST /v keep host=a.test [x]"},
    {"CodingOfOtherCase", post("transfer-encoding: Chunked\r\n", "0\r\n\r\n"),
     "POST /v keep host=a.test []"},
    {"Pipelined", get(kHost) + "GET /2 HTTP/1.1\r\n",
     "GET / keep host=a.test [] + GET /2 HTTP/1.1\r\n"},
    {"PipelinedBehindChunks", chunked("0\r\n\r\n") + "GET", "POST /v keep host=a.test [] + GET"},
    {"Close", get(kHost + "Connection: close\r\n"), "GET / close host=a.test []"},
    {"CloseAmongOthers", get(kHost + "Connection: keep-alive, Close\r\n"),
     "GET / close host=a.test []"},
    {"Old", "GET / HTTP/1.0\r\n\r\n", "GET / old close []"},
    {"OldKeepsAlive", "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", "GET / old keep []"},
    {"Expect", post("Expect: 100-Continue\r\nContent-Length: 1\r\n", "x"),
     "POST /v keep expect host=a.test [x]"},
    {"OldExpectIsIgnored", "POST / HTTP/1.0\r\nExpect: tea\r\n\r\n", "POST / old close []"},
    {"Absolute", "GET http://b.test:8080/p?q HTTP/1.1\r\n" + kHost + "\r\n",
     "GET /p?q keep host=b.test:8080 []"},
    {"AbsoluteWithoutPath", "GET HTTPS://b.test?q HTTP/1.1\r\n" + kHost + "\r\n",
     "GET /?q keep host=b.test []"},
    {"Asterisk", line("OPTIONS * HTTP/1.1"), "OPTIONS * keep host=a.test []"},
    {"HostIsAddress", get("Host: [::1]:8443\r\n"), "GET / keep host=[::1]:8443 []"},
    {"UnknownMethod", line("BREW /pot HTTP/1.1"), "BREW /pot keep host=a.test []"},
    {"FieldsAtLimit", get(kHost + "A:\r\nB:\r\nC:\r\nD:\r\nE:\r\nF:\r\nG:\r\n"),
     "GET / keep host=a.test []"},
    {"TargetAtLimit", line("GET /" + std::string(99, 'x') + " HTTP/1.1"),
     "GET /" + std::string(99, 'x') + " keep host=a.test []"},
    {"HeaderIsNotComplete", "GET / HTTP/1.1\r\nHost: a", "..."},
    {"BodyIsNotComplete", post("Content-Length: 5\r\n", "hell"), "..."},
    {"ChunksAreNotComplete", chunked("5\r\nhello\r\n0\r\n"), "..."},
};

const Row kRefused[] = {
    {"BothLengths", post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
     "400"},
    {"BothLengthsTurned", post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", ""), "400"},
    {"LengthTwice", post("Content-Length: 5\r\nContent-Length: 5\r\n", "hello"), "400"},
    {"LengthList", post("Content-Length: 5, 5\r\n", "hello"), "400"},
    {"LengthSigned", post("Content-Length: +5\r\n", "hello"), "400"},
    {"LengthNegative", post("Content-Length: -5\r\n", "hello"), "400"},
    {"LengthHex", post("Content-Length: 0x5\r\n", "hello"), "400"},
    {"LengthEmpty", post("Content-Length:\r\n", ""), "400"},
    {"LengthOverflows", post("Content-Length: 18446744073709551616\r\n", ""), "400"},
    {"LengthTooBig", post("Content-Length: 33\r\n", ""), "413"},
    {"LengthHuge", post("Content-Length: 18446744073709551615\r\n", ""), "413"},
    {"CodingTwice", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", ""),
     "400"},
    {"CodingGzip", post("Transfer-Encoding: gzip, chunked\r\n", ""), "501"},
    {"CodingIdentity", post("Transfer-Encoding: identity\r\n", ""), "501"},
    {"CodingDisguised", post("Transfer-Encoding: xchunked\r\n", ""), "501"},
    {"CodingWithTab", post("Transfer-Encoding:\v chunked\r\n", ""), "400"},
    {"CodingOfOld", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", "400"},
    {"BlankBeforeColon", get(kHost + "Content-Length : 5\r\n"), "400"},
    {"Folded", get(kHost + "A: b\r\n c\r\n"), "400"},
    {"FoldedFirst", get(" A: b\r\n" + kHost), "400"},
    {"BareLf", "GET / HTTP/1.1\nHost: a\n\n", "400"},
    {"BareLfInField", get("Host: a.test\nA: b\r\n"), "400"},
    {"BareCr", get(kHost + "A: b\rC: d\r\n"), "400"},
    {"Nul", get(kHost + "A: b" + std::string(1, '\0') + "\r\n"), "400"},
    {"NoColon", get(kHost + "A\r\n"), "400"},
    {"NoName", get(kHost + ": b\r\n"), "400"},
    {"NameIsNoToken", get(kHost + "A(b): c\r\n"), "400"},
    {"HostMissing", get(""), "400"},
    {"HostTwice", get(kHost + kHost), "400"},
    {"HostTwiceOld", "GET / HTTP/1.0\r\n" + kHost + kHost + "\r\n", "400"},
    {"HostList", get("Host: a b\r\n"), "400"},
    {"HostWithPath", get("Host: a/b\r\n"), "400"},
    {"HostWithUser", get("Host: u@a\r\n"), "400"},
    {"HostMissingAbsolute", "GET http://a/ HTTP/1.1\r\n\r\n", "400"},
    {"AbsoluteWithUser", line("GET http://u@a/ HTTP/1.1"), "400"},
    {"AbsoluteWithoutHost", line("GET http:///x HTTP/1.1"), "400"},
    {"AbsoluteOfOtherScheme", line("GET ftp://a/ HTTP/1.1"), "400"},
    {"TargetIsRelative", line("GET x HTTP/1.1"), "400"},
    {"TargetIsAuthority", line("GET a.test:80 HTTP/1.1"), "400"},
    {"TargetIsAsterisk", line("GET * HTTP/1.1"), "400"},
    {"TargetWithFragment", line("GET /#x HTTP/1.1"), "400"},
    {"TargetWithByte", line("GET /\xc3\xa4 HTTP/1.1"), "400"},
    {"TargetEmpty", line("GET  HTTP/1.1"), "400"},
    {"TwoBlanks", line("GET  / HTTP/1.1"), "400"},
    {"TargetTooLong", line("GET /" + std::string(100, 'x') + " HTTP/1.1"), "414"},
    {"TargetWithoutEnd", "GET /" + std::string(300, 'x'), "414"},
    {"HeaderTooLong", get(kHost + "A: " + std::string(400, 'x') + "\r\n"), "431"},
    {"HeaderWithoutEnd", "GET / HTTP/1.1\r\nA: " + std::string(400, 'x'), "431"},
    {"TooManyFields", get(kHost + "A:\r\nB:\r\nC:\r\nD:\r\nE:\r\nF:\r\nG:\r\nH:\r\n"), "431"},
    {"Connect", line("CONNECT a.test:443 HTTP/1.1"), "501"},
    {"MethodTooLong", line(std::string(33, 'A') + " / HTTP/1.1"), "501"},
    {"MethodIsNoToken", line("G{T / HTTP/1.1"), "400"},
    {"NoVersion", line("GET /"), "400"},
    {"Version2", line("PRI * HTTP/2.0"), "505"},
    {"Version9", line("GET / HTTP/1.9"), "505"},
    {"VersionLowerCase", line("GET / http/1.1"), "400"},
    {"VersionLong", line("GET / HTTP/1.10"), "400"},
    {"TwoEmptyLines", "\r\n\r\n" + get(kHost), "400"},
    {"Garbage", std::string("\x16\x03\x01\x02\x00\x01\n", 7), "400"},
    {"ExpectOther", post("Expect: tea\r\n", ""), "417"},
    {"ChunkTooBig", chunked("21\r\n"), "413"},
    {"ChunksTooBig", chunked("20\r\n" + std::string(32, 'x') + "\r\n1\r\n"), "413"},
    {"ChunkSizeHuge", chunked("ffffffffffffffffff\r\n"), "400"},
    {"ChunkSizeSigned", chunked("+5\r\nhello\r\n"), "400"},
    {"ChunkSizePrefixed", chunked("0x5\r\nhello\r\n"), "400"},
    {"ChunkSizeEmpty", chunked("\r\nhello\r\n"), "400"},
    {"ChunkSizeBlank", chunked("5 \r\nhello\r\n"), "400"},
    {"ChunkSizeBlankBefore", chunked(" 5\r\nhello\r\n"), "400"},
    {"ChunkBareLf", chunked("5\nhello\r\n"), "400"},
    {"ChunkExtensionBareCr", chunked("5;a\rb\r\nhello\r\n"), "400"},
    {"ChunkExtensionNul", chunked("5;" + std::string(1, '\0') + "\r\nhello\r\n"), "400"},
    {"ChunkTooLong", chunked("5\r\nhello!\r\n"), "400"},
    {"ChunkEndsWithLf", chunked("5\r\nhello\n0\r\n\r\n"), "400"},
    {"ChunkExtensionTooLong", chunked("5;" + std::string(5000, 'x') + "\r\n"), "400"},
    {"TrailersTooLong",
     chunked("0\r\n" + std::string("A: " + std::string(200, 'x') + "\r\n") +
             "B: " + std::string(200, 'x') + "\r\n\r\n"),
     "400"},
};

std::string name_of(const ::testing::TestParamInfo<Row>& row) { return row.param.name; }
INSTANTIATE_TEST_SUITE_P(Accepted, RequestTable, ::testing::ValuesIn(kAccepted), name_of);
INSTANTIATE_TEST_SUITE_P(Refused, RequestTable, ::testing::ValuesIn(kRefused), name_of);

}  // namespace
}  // namespace tally::net
