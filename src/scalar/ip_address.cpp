#include "scalar/ip_address.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "scalar/go_quote.hpp"

namespace tally::scalar {

namespace {

std::string quoted(std::string_view text) {
  std::string out;
  append_go_quoted(out, text);
  return out;
}

std::unexpected<Error> refuse(std::string_view text, std::string_view why,
                              std::string_view at = {}) {
  std::string message = "ParseAddr(" + quoted(text) + "): " + std::string(why);
  if (!at.empty()) {
    message += " (at " + quoted(at) + ")";
  }
  return content_error(std::move(message));
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

int hex_value(char c) {
  return is_digit(c)            ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                : -1;
}

}  // namespace

// netip.ParseAddr, step by step, because its errors are what users see.
class AddressReader {
 public:
  explicit AddressReader(std::string_view text) : text_(text) {}

  Result<IpAddress::Parsed> read() {
    for (const char c : text_) {
      switch (c) {
        case '.':
          return read_v4();
        case ':':
          return read_v6();
        case '%':
          return refuse(text_, "missing IPv6 address");
        default:
          break;
      }
    }
    return refuse(text_, "unable to parse IP");
  }

 private:
  Result<void> read_fields(std::string_view s, std::uint8_t* fields) const;
  Result<IpAddress::Parsed> read_v4() const;
  Result<IpAddress::Parsed> read_v6();
  Result<void> read_groups(std::string_view s);

  std::string_view text_;
  IpAddress address_;
};

Result<void> AddressReader::read_fields(std::string_view s, std::uint8_t* fields) const {
  int value = 0;
  int position = 0;
  int digits = 0;
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (is_digit(s[i])) {
      if (digits == 1 && value == 0) {
        return refuse(text_, "IPv4 field has octet with leading zero");
      }
      value = value * 10 + (s[i] - '0');
      ++digits;
      if (value > 255) {
        return refuse(text_, "IPv4 field has value >255");
      }
    } else if (s[i] == '.') {
      if (i == 0 || i == s.size() - 1 || s[i - 1] == '.') {
        return refuse(text_, "IPv4 field must have at least one digit", s.substr(i));
      }
      if (position == 3) {
        return refuse(text_, "IPv4 address too long");
      }
      fields[position++] = static_cast<std::uint8_t>(value);
      value = 0;
      digits = 0;
    } else {
      return refuse(text_, "unexpected character", s.substr(i));
    }
  }
  if (position < 3) {
    return refuse(text_, "IPv4 address too short");
  }
  fields[3] = static_cast<std::uint8_t>(value);
  return {};
}

Result<IpAddress::Parsed> AddressReader::read_v4() const {
  IpAddress address;
  TALLY_CHECK(read_fields(text_, address.octets_.data()));
  return IpAddress::Parsed{.address = address, .zone = {}};
}

Result<IpAddress::Parsed> AddressReader::read_v6() {
  std::string_view s = text_;
  std::string_view zone;
  if (const std::size_t percent = s.find('%'); percent != std::string_view::npos) {
    zone = s.substr(percent + 1);
    s = s.substr(0, percent);
    if (zone.empty()) {
      return refuse(text_, "zone must be a non-empty string");
    }
  }
  address_.is_v4_ = false;
  TALLY_CHECK(read_groups(s));
  return IpAddress::Parsed{.address = address_, .zone = zone};
}

Result<void> AddressReader::read_groups(std::string_view s) {
  auto& octets = address_.octets_;
  std::optional<std::size_t> ellipsis;
  if (s.starts_with("::")) {
    ellipsis = 0;
    s.remove_prefix(2);
    if (s.empty()) {
      return {};
    }
  }
  std::size_t i = 0;
  while (i < 16) {
    std::size_t digits = 0;
    unsigned group = 0;
    for (; digits < s.size() && hex_value(s[digits]) >= 0; ++digits) {
      group = group * 16 + static_cast<unsigned>(hex_value(s[digits]));
      if (digits > 3) {
        return refuse(text_, "each group must have 4 or less digits", s);
      }
    }
    if (digits == 0) {
      return refuse(text_, "each colon-separated field must have at least one digit", s);
    }
    if (digits < s.size() && s[digits] == '.') {
      if (!ellipsis && i != 12) {
        return refuse(text_, "embedded IPv4 address must replace the final 2 fields of the address",
                      s);
      }
      if (i + 4 > 16) {
        return refuse(text_,
                      "too many hex fields to fit an embedded IPv4 at the end of the address", s);
      }
      TALLY_CHECK(read_fields(s, octets.data() + i));
      s = {};
      i += 4;
      break;
    }
    octets[i] = static_cast<std::uint8_t>(group >> 8U);
    octets[i + 1] = static_cast<std::uint8_t>(group & 0xFFU);
    i += 2;
    s.remove_prefix(digits);
    if (s.empty()) {
      break;
    }
    if (s[0] != ':') {
      return refuse(text_, "unexpected character, want colon", s);
    }
    if (s.size() == 1) {
      return refuse(text_, "colon must be followed by more characters", s);
    }
    s.remove_prefix(1);
    if (s[0] == ':') {
      if (ellipsis) {
        return refuse(text_, "multiple :: in address", s);
      }
      ellipsis = i;
      s.remove_prefix(1);
      if (s.empty()) {
        break;
      }
    }
  }
  if (!s.empty()) {
    return refuse(text_, "trailing garbage after address", s);
  }
  if (i < 16) {
    if (!ellipsis) {
      return refuse(text_, "address string too short");
    }
    std::copy_backward(octets.begin() + static_cast<std::ptrdiff_t>(*ellipsis),
                       octets.begin() + static_cast<std::ptrdiff_t>(i), octets.end());
    std::fill_n(octets.begin() + static_cast<std::ptrdiff_t>(*ellipsis), 16 - i, std::uint8_t{0});
  } else if (ellipsis) {
    return refuse(text_, "the :: must expand to at least one field of zeros");
  }
  return {};
}

Result<IpAddress::Parsed> IpAddress::parse_with_zone(std::string_view text) {
  return AddressReader(text).read();
}

Result<IpAddress> IpAddress::parse(std::string_view text) {
  TALLY_TRY(const Parsed parsed, parse_with_zone(text));
  if (!parsed.zone.empty()) {
    return content_error("address " + quoted(text) + " with zone value is not allowed");
  }
  return parsed.address;
}

IpAddress IpAddress::from_v4(const std::array<std::uint8_t, 4>& octets) noexcept {
  IpAddress address;
  std::ranges::copy(octets, address.octets_.begin());
  return address;
}

IpAddress IpAddress::from_v6(const std::array<std::uint8_t, 16>& octets) noexcept {
  IpAddress address;
  address.octets_ = octets;
  address.is_v4_ = false;
  return address;
}

bool IpAddress::is_v4_mapped() const noexcept {
  return !is_v4_ &&
         std::all_of(octets_.begin(), octets_.begin() + 10, [](auto o) { return o == 0; }) &&
         octets_[10] == 0xFF && octets_[11] == 0xFF;
}

namespace {

// The octets that say what kind of address it is: those of IPv4 also for a mapped one.
struct Effective {
  bool is_v4;
  const std::uint8_t* octets;
};

Effective effective(const IpAddress& address) {
  const auto* const octets = reinterpret_cast<const std::uint8_t*>(address.octets().data());
  if (address.is_v4_mapped()) {
    return {.is_v4 = true, .octets = octets + 12};
  }
  return {.is_v4 = address.is_v4(), .octets = octets};
}

}  // namespace

bool IpAddress::is_unspecified() const noexcept {
  return std::ranges::all_of(octets_, [](auto o) { return o == 0; });
}

bool IpAddress::is_loopback() const noexcept {
  const Effective e = effective(*this);
  return e.is_v4 ? e.octets[0] == 127
                 : std::all_of(e.octets, e.octets + 15, [](auto o) { return o == 0; }) &&
                       e.octets[15] == 1;
}

bool IpAddress::is_multicast() const noexcept {
  const Effective e = effective(*this);
  return e.is_v4 ? (e.octets[0] & 0xF0U) == 0xE0 : e.octets[0] == 0xFF;
}

bool IpAddress::is_link_local_multicast() const noexcept {
  const Effective e = effective(*this);
  return e.is_v4 ? e.octets[0] == 224 && e.octets[1] == 0 && e.octets[2] == 0
                 : e.octets[0] == 0xFF && (e.octets[1] & 0x0FU) == 0x02;
}

bool IpAddress::is_link_local_unicast() const noexcept {
  const Effective e = effective(*this);
  return e.is_v4 ? e.octets[0] == 169 && e.octets[1] == 254
                 : e.octets[0] == 0xFE && (e.octets[1] & 0xC0U) == 0x80;
}

bool IpAddress::is_global_unicast() const noexcept {
  const Effective e = effective(*this);
  if (e.is_v4 && (std::all_of(e.octets, e.octets + 4, [](auto o) { return o == 0; }) ||
                  std::all_of(e.octets, e.octets + 4, [](auto o) { return o == 0xFF; }))) {
    return false;
  }
  return !is_unspecified() && !is_loopback() && !is_multicast() && !is_link_local_unicast();
}

IpAddress IpAddress::masked(unsigned bits) const noexcept {
  IpAddress address = *this;
  for (unsigned i = 0; i < octets_.size(); ++i) {
    const unsigned begin = i * 8;
    if (begin >= bits) {
      address.octets_[i] = 0;
    } else if (begin + 8 > bits) {
      address.octets_[i] &= static_cast<std::uint8_t>(0xFFU << (begin + 8 - bits));
    }
  }
  return address;
}

bool IpAddress::shares(unsigned bits, const IpAddress& other) const noexcept {
  return is_v4_ == other.is_v4_ && masked(bits) == other.masked(bits);
}

std::string IpAddress::to_string() const {
  if (is_v4_ || is_v4_mapped()) {
    const std::uint8_t* const o = octets_.data() + (is_v4_ ? 0 : 12);
    return std::string(is_v4_ ? "" : "::ffff:") + std::to_string(o[0]) + "." +
           std::to_string(o[1]) + "." + std::to_string(o[2]) + "." + std::to_string(o[3]);
  }
  // RFC 5952 section 4: lower case, no leading zeros, the longest run of at least two zero groups
  // is "::", the first one of several.
  std::array<unsigned, 8> groups{};
  for (std::size_t i = 0; i < 8; ++i) {
    groups[i] = static_cast<unsigned>(octets_[2 * i]) << 8U | octets_[2 * i + 1];
  }
  std::size_t zeros_begin = 8;
  std::size_t zeros_end = 8;
  for (std::size_t i = 0; i < 8; ++i) {
    std::size_t end = i;
    while (end < 8 && groups[end] == 0) {
      ++end;
    }
    if (end - i >= 2 && end - i > zeros_end - zeros_begin) {
      zeros_begin = i;
      zeros_end = end;
    }
  }
  std::string text;
  for (std::size_t i = 0; i < 8; ++i) {
    if (i == zeros_begin) {
      text += "::";
      i = zeros_end;
      if (i == 8) {
        break;
      }
    } else if (i > 0) {
      text += ':';
    }
    std::array<char, 4> digits{};
    char* const end =
        std::to_chars(digits.data(), digits.data() + digits.size(), groups[i], 16).ptr;
    text.append(digits.data(), end);
  }
  return text;
}

Result<Cidr> Cidr::parse(std::string_view text) {
  const auto refuse_prefix = [text](std::string_view why) {
    return content_error("netip.ParsePrefix(" + quoted(text) + "): " + std::string(why));
  };
  const std::size_t slash = text.rfind('/');
  if (slash == std::string_view::npos) {
    return refuse_prefix("no '/'");
  }
  const auto parsed = IpAddress::parse_with_zone(text.substr(0, slash));
  if (!parsed) {
    return refuse_prefix(parsed.error().message);
  }
  if (!parsed->zone.empty()) {
    return refuse_prefix("IPv6 zones cannot be present in a prefix");
  }
  const std::string_view digits = text.substr(slash + 1);
  const auto bad_bits = [&] { return refuse_prefix("bad bits after slash: " + quoted(digits)); };
  if (digits.empty() || (digits.size() > 1 && (digits[0] < '1' || digits[0] > '9'))) {
    return bad_bits();
  }
  std::int64_t bits = 0;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  if (failure != std::errc{} || end != digits.data() + digits.size()) {
    return bad_bits();
  }
  if (bits > parsed->address.bit_count()) {
    return refuse_prefix("prefix length out of range");
  }
  return Cidr{.address = parsed->address, .bits = static_cast<std::uint8_t>(bits)};
}

std::string Cidr::to_string() const { return address.to_string() + "/" + std::to_string(bits); }

}  // namespace tally::scalar
