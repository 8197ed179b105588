#include "document/internal/encoding.hpp"

#include <emmintrin.h>
#include <fmt/format.h>

#include <array>
#include <cstring>

#include "base/text.hpp"

namespace tally::document {

namespace {

struct Mark {
  std::string_view bytes;
  std::string_view name;
};

// The longer mark of UTF-32LE begins with that of UTF-16LE, so it comes first. The patterns without
// a mark are the first two ASCII characters of a manifest (YAML 1.2.2 section 5.2).
using namespace std::string_view_literals;
constexpr std::array kMarks = {
    Mark{"\xFF\xFE\0\0"sv, "UTF-32LE"},
    Mark{"\0\0\xFE\xFF"sv, "UTF-32BE"},
    Mark{"\xFF\xFE"sv, "UTF-16LE"},
    Mark{"\xFE\xFF"sv, "UTF-16BE"},
};

bool ascii(char byte) {
  return byte == '\t' || byte == '\n' || byte == '\r' || (byte >= ' ' && byte < 0x7F);
}

// Name of a UTF-16 or UTF-32 encoding, or empty.
std::string_view wide_encoding(std::string_view whole) {
  for (const Mark& mark : kMarks) {
    if (whole.starts_with(mark.bytes)) {
      return mark.name;
    }
  }
  if (whole.size() < 4) {
    return {};
  }
  const auto zero = [whole](std::size_t i) { return whole[i] == '\0'; };
  if (ascii(whole[0]) && zero(1) && zero(2) && zero(3)) {
    return "UTF-32LE";
  }
  if (zero(0) && zero(1) && zero(2) && ascii(whole[3])) {
    return "UTF-32BE";
  }
  if (ascii(whole[0]) && zero(1) && ascii(whole[2]) && zero(3)) {
    return "UTF-16LE";
  }
  if (zero(0) && ascii(whole[1]) && zero(2) && ascii(whole[3])) {
    return "UTF-16BE";
  }
  return {};
}

// True if every byte is ASCII and none is NUL: what nearly every manifest is.
bool plain_ascii(std::string_view text) {
  __m128i bad = _mm_setzero_si128();
  const __m128i zero = _mm_setzero_si128();
  std::size_t at = 0;
  for (; at + 16 <= text.size(); at += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
    bad = _mm_or_si128(
        bad, _mm_or_si128(bytes, _mm_cmpeq_epi8(bytes, zero)));  // the top bit of a lane tells
  }
  bool plain = _mm_movemask_epi8(bad) == 0;
  for (; at < text.size(); ++at) {
    plain = plain && text[at] > 0;
  }
  return plain;
}

}  // namespace

bool has_foreign_encoding(std::string_view text) {
  return text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF") ||
         std::memchr(text.data(), 0, text.size()) != nullptr;
}

std::optional<EncodingProblem> find_encoding_problem(std::string_view text,
                                                     std::string_view whole) {
  if (plain_ascii(text)) {
    return std::nullopt;
  }
  if (const std::string_view name = wide_encoding(whole); !name.empty()) {
    return EncodingProblem{
        .offset = 0,
        .message = fmt::format("the text is encoded as {}; UTF-8 is expected", name),
        .hint = fmt::format("convert it: iconv -f {} -t UTF-8", name)};
  }
  const std::size_t nul = text.find('\0');
  const auto invalid = find_invalid_utf8(text);
  if (nul != std::string_view::npos && (!invalid || nul <= *invalid)) {
    return EncodingProblem{
        .offset = nul,
        .message = fmt::format("found a NUL byte at byte {}: this is binary data, "
                               "not a manifest",
                               static_cast<std::size_t>(text.data() - whole.data()) + nul),
        .hint = {}};
  }
  if (!invalid) {
    return std::nullopt;
  }
  const std::size_t in_whole = static_cast<std::size_t>(text.data() - whole.data()) + *invalid;
  return EncodingProblem{
      .offset = *invalid,
      .message =
          fmt::format("found the byte 0x{:02X} at byte {}, which is not valid UTF-8",
                      static_cast<unsigned>(static_cast<unsigned char>(text[*invalid])), in_whole),
      .hint = nul == std::string_view::npos
                  ? "if the text is in an older encoding, convert it: iconv -f "
                    "ISO-8859-1 -t UTF-8"
                  : ""};
}

}  // namespace tally::document
