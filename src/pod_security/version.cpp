#include <fmt/format.h>

#include <array>
#include <charconv>
#include <map>
#include <mutex>
#include <string>

#include "base/text.hpp"
#include "pod_security/pod_security.hpp"

namespace tally::pod_security {

namespace {

// Larger minor versions all mean "newer than anything"; they keep this one.
constexpr std::uint16_t kMinorMax = Version::kLatest - 1;

// "v1.N" of every N that a cluster may have, and on demand of those that a text may hold.
class VersionTexts {
 public:
  VersionTexts() {
    for (std::size_t minor = 0; minor < usual_.size(); ++minor) {
      usual_[minor] = fmt::format("v1.{}", minor);
    }
  }
  [[nodiscard]] std::string_view of(std::uint16_t minor) {
    if (minor < usual_.size()) {
      return usual_[minor];
    }
    const std::scoped_lock lock(adding_);
    std::string& text = unusual_[minor];
    if (text.empty()) {
      text = fmt::format("v1.{}", minor);
    }
    return text;
  }

 private:
  std::array<std::string, 128> usual_;
  std::mutex adding_;
  std::map<std::uint16_t, std::string> unusual_;  // stable addresses
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::string_view to_text(Level level) noexcept {
  switch (level) {
    case Level::Privileged:
      return "privileged";
    case Level::Baseline:
      return "baseline";
    case Level::Restricted:
      return "restricted";
  }
  return "restricted";
}

Result<Level> parse_level(std::string_view text) {
  for (const Level level : {Level::Privileged, Level::Baseline, Level::Restricted}) {
    if (text == to_text(level)) {
      return level;
    }
  }
  return content_error(fmt::format(
      "Pod Security level \"{}\": must be one of privileged, baseline, restricted", excerpt(text)));
}

std::string_view Version::to_text() const noexcept {
  static VersionTexts texts;
  return is_latest() ? std::string_view{"latest"} : texts.of(minor_);
}

// policy API helpers.go, ParseVersion: `latest` or ^v1\.([0-9]|[1-9][0-9]*)$.
Result<Version> Version::parse(std::string_view text) {
  if (text == "latest") {
    return latest();
  }
  const std::string_view digits = text.starts_with("v1.") ? text.substr(3) : std::string_view{};
  bool valid = !digits.empty() && (digits.size() == 1 || digits.front() != '0');
  for (const char c : digits) {
    valid = valid && is_digit(c);
  }
  if (!valid) {
    return content_error(
        fmt::format("Pod Security version \"{}\": must be \"latest\" or \"v1.x\"", excerpt(text)));
  }
  std::uint16_t number = kMinorMax;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || number > kMinorMax) {
    number = kMinorMax;
  }
  return minor(number);
}

}  // namespace tally::pod_security
