#include "scalar/base64.hpp"

#include <gtest/gtest.h>

namespace tally::scalar {
namespace {

TEST(Base64, Reads) {
  struct Row {
    std::string_view text;
    std::string_view octets;
  };
  // RFC 4648 section 10, and what Go takes besides: line breaks, unused bits.
  for (const auto& [text, octets] :
       {Row{"", ""}, Row{"Zg==", "f"}, Row{"Zm8=", "fo"}, Row{"Zm9v", "foo"},
        Row{"Zm9vYg==", "foob"}, Row{"Zm9vYmE=", "fooba"}, Row{"Zm9vYmFy", "foobar"},
        Row{"Zm9v\r\nYmFy\n", "foobar"}, Row{"Zh==", "f"}}) {
    const Base64Decoded decoded = decode_base64(text);
    EXPECT_FALSE(decoded.bad_offset.has_value()) << text;
    EXPECT_EQ(decoded.octets, octets);
  }
}

TEST(Base64, Refuses) {
  struct Row {
    std::string_view text;
    std::size_t at;
  };
  for (const auto& [text, at] :
       {Row{"Zg", 0}, Row{"Zg=", 3}, Row{"Z", 0}, Row{"Zm9vYg", 4}, Row{"Zm9*", 3}, Row{"=", 0},
        Row{"Z===", 1}, Row{"Zg==Zg==", 4}, Row{"Zg=a", 2}, Row{"Zm-_", 2}, Row{"Zm 9", 2}}) {
    const Base64Decoded decoded = decode_base64(text);
    EXPECT_EQ(decoded.bad_offset, at) << text;
    EXPECT_EQ(decoded.octets, "") << text;
  }
}

TEST(Base64, WithoutPadding) {
  char octets[base64_octets_max(16)];
  const auto read = [&octets](std::string_view text) {
    const Base64Read done = read_base64(text, Base64Padding::Forbidden, octets);
    return done.bad_offset ? std::string("bad") : std::string(octets, done.size);
  };
  EXPECT_EQ(read("Zm8"), "fo");
  EXPECT_EQ(read("Zg"), "f");
  EXPECT_EQ(read("Z"), "bad");
  EXPECT_EQ(read("Zm8="), "bad");
}

TEST(Base64, WritesWhatItReads) {
  std::string octets;
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(decode_base64(encode_base64(octets)).octets, octets);
    octets += static_cast<char>(i * 7);
  }
}

}  // namespace
}  // namespace tally::scalar
