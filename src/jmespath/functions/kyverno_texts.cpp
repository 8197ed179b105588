// Kyverno's functions over texts (pkg/engine/jmespath/functions.go, v1.19.1), which are those of
// Go's package strings.
#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include "base/text.hpp"
#include "jmespath/functions/all.hpp"
#include "jmespath/internal/call.hpp"
#include "jmespath/internal/numbers.hpp"
#include "jmespath/internal/runes.hpp"

namespace tally::jmespath {

namespace {

using Arguments = std::span<const Node>;

// From here on int(x) of Go on amd64 is the smallest integer.
constexpr double kIntegerEnd = 9223372036854775808.0;

bool apply_compare(Call& call, Arguments arguments, Node& out) {
  const auto order = arguments[0].text() <=> arguments[1].text();
  out = make_integer(order < 0 ? -1 : order > 0 ? 1 : 0);
  return call.charge_steps(std::min(arguments[0].text().size(), arguments[1].text().size()));
}

// strings.EqualFold.
bool apply_equal_fold(Call& call, Arguments arguments, Node& out) {
  const std::string_view a = arguments[0].text();
  const std::string_view b = arguments[1].text();
  std::size_t i = 0;
  std::size_t k = 0;
  bool equal = true;
  while (equal && i < a.size() && k < b.size()) {
    const Rune x = rune_at(a, i);
    const Rune y = rune_at(b, k);
    equal = folded_rune(x.code) == folded_rune(y.code);
    i += x.size;
    k += y.size;
  }
  return call.charge_steps(i) && call.give_bool(equal && i == a.size() && k == b.size(), out);
}

// strings.Map: bytes that are no UTF-8 become U+FFFD, unless the text is plain ASCII.
bool apply_case(Call& call, std::string_view text, char32_t (*change)(char32_t), Node& out) {
  std::string changed;
  changed.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const Rune rune = rune_at(text, at);
    append_utf8(changed, change(rune.code));
    at += rune.size;
  }
  return call.charge_steps(text.size()) && call.give_text(changed, out);
}
bool apply_to_upper(Call& call, Arguments arguments, Node& out) {
  return apply_case(call, arguments[0].text(), upper_rune, out);
}
bool apply_to_lower(Call& call, Arguments arguments, Node& out) {
  return apply_case(call, arguments[0].text(), lower_rune, out);
}

bool apply_to_boolean(Call& call, Arguments arguments, Node& out) {
  const std::string_view text = arguments[0].text();
  Node lower;
  if (!apply_case(call, text, lower_rune, lower)) {
    return false;
  }
  if (lower.text() == "true" || lower.text() == "false") {
    return call.give_bool(lower.text() == "true", out);
  }
  return call.fail_function(
      "to_boolean",
      "lowercase argument must be 'true' or 'false' (provided: '" + std::string(text) + "')");
}

// strings.Replace. An empty `old` stands before each character and at the end.
bool replace(Call& call, Arguments arguments, std::uint64_t times, Node& out) {
  const std::string_view text = arguments[0].text();
  const std::string_view old = arguments[1].text();
  const std::string_view with = arguments[2].text();
  if (!call.charge_steps(text.size())) {
    return false;
  }
  std::string replaced;
  std::size_t done = 0;
  for (std::size_t at = 0; times > 0; --times) {
    std::size_t found = at;
    if (!old.empty()) {
      found = text.find(old, at);
      if (found == std::string_view::npos) {
        break;
      }
    }
    replaced += text.substr(done, found - done);
    replaced += with;
    if (!call.charge_bytes(with.size())) {
      return false;
    }
    done = found + old.size();
    at = done;
    if (old.empty()) {
      if (at == text.size()) {
        break;
      }
      at += rune_at(text, at).size;
    }
  }
  replaced += text.substr(done);
  return call.give_text(replaced, out);
}

bool apply_replace_all(Call& call, Arguments arguments, Node& out) {
  return replace(call, arguments, std::numeric_limits<std::uint64_t>::max(), out);
}

// A negative number means all.
bool apply_replace(Call& call, Arguments arguments, Node& out) {
  const double times = std::trunc(number_of(arguments[3]));
  const bool all = !(times >= 0 && times < kIntegerEnd);
  return replace(
      call, arguments,
      all ? std::numeric_limits<std::uint64_t>::max() : static_cast<std::uint64_t>(times), out);
}

bool is_in_set(char32_t code, std::string_view set) {
  for (std::size_t at = 0; at < set.size();) {
    const Rune rune = rune_at(set, at);
    if (rune.code == code) {
      return true;
    }
    at += rune.size;
  }
  return false;
}

// strings.Trim: the second argument is a set of characters.
bool apply_trim(Call& call, Arguments arguments, Node& out) {
  std::string_view text = arguments[0].text();
  const std::string_view set = arguments[1].text();
  if (!call.charge_steps((text.size() + 1) * (set.size() + 1))) {
    return false;
  }
  while (!text.empty()) {
    const Rune first = rune_at(text, 0);
    if (!is_in_set(first.code, set)) {
      break;
    }
    text.remove_prefix(first.size);
  }
  while (!text.empty()) {
    std::size_t last = text.size() - 1;
    while (last > 0 && text.size() - last < 4 &&
           (static_cast<unsigned char>(text[last]) & 0xC0U) == 0x80) {
      --last;
    }
    if (rune_at(text, last).size != text.size() - last) {
      last = text.size() - 1;  // a byte that is no UTF-8
    }
    if (!is_in_set(rune_at(text, last).code, set)) {
      break;
    }
    text.remove_suffix(text.size() - last);
  }
  return call.give_own_text(text, out);
}

bool apply_trim_prefix(Call& call, Arguments arguments, Node& out) {
  std::string_view text = arguments[0].text();
  if (text.starts_with(arguments[1].text())) {
    text.remove_prefix(arguments[1].text().size());
  }
  return call.give_own_text(text, out);
}

// strings.Split: an empty separator splits between characters.
bool apply_split(Call& call, Arguments arguments, Node& out) {
  const std::string_view text = arguments[0].text();
  const std::string_view separator = arguments[1].text();
  std::vector<std::string_view> parts;
  if (!call.charge_steps(text.size())) {
    return false;
  }
  if (separator.empty()) {
    for (std::size_t at = 0; at < text.size();) {
      const Rune rune = rune_at(text, at);
      parts.push_back(text.substr(at, rune.size));
      at += rune.size;
    }
    return call.give_texts(parts, out);
  }
  std::size_t begin = 0;
  for (std::size_t found = text.find(separator); found != std::string_view::npos;
       found = text.find(separator, begin)) {
    parts.push_back(text.substr(begin, found - begin));
    begin = found + separator.size();
  }
  parts.push_back(text.substr(begin));
  return call.give_texts(parts, out);
}

// github.com/aquilax/truncate v1.0.1: so many characters, nothing instead of the rest.
bool apply_truncate(Call& call, Arguments arguments, Node& out) {
  const std::string_view text = arguments[0].text();
  const double length = std::trunc(number_of(arguments[1]));
  const double wanted = length < kIntegerEnd ? length : 0;
  std::size_t at = 0;
  for (double kept = 0; kept < wanted && at < text.size(); ++kept) {
    at += rune_at(text, at).size;
  }
  return call.charge_steps(at) && call.give_own_text(text.substr(0, at), out);
}

// path/filepath.Join of one element: Clean (https://pkg.go.dev/path#Clean), but "" stays "".
bool apply_path_canonicalize(Call& call, Arguments arguments, Node& out) {
  const std::string_view path = arguments[0].text();
  if (path.empty()) {
    return call.give_own_text({}, out);
  }
  const bool rooted = path[0] == '/';
  std::vector<std::string_view> kept;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const std::string_view element = path.substr(at, end - at);
    at = end + 1;
    if (element.empty() || element == ".") {
      continue;
    }
    if (element != "..") {
      kept.push_back(element);
    } else if (!kept.empty() && kept.back() != "..") {
      kept.pop_back();
    } else if (!rooted) {
      kept.push_back(element);
    }
  }
  std::string clean = rooted ? "/" : "";
  for (std::size_t i = 0; i < kept.size(); ++i) {
    clean += i == 0 ? "" : "/";
    clean += kept[i];
  }
  return call.charge_steps(path.size()) && call.give_text(clean.empty() ? "." : clean, out);
}

constexpr std::array kOneText{kString};
constexpr std::array kTwoTexts{kString, kString};
constexpr std::array kThreeTexts{kString, kString, kString};
constexpr std::array kReplace{kString, kString, kString, kNumber};
constexpr std::array kTruncate{kString, kNumber};

constexpr auto kFunctions = std::to_array<Function>({
    {.name = "compare",
     .parameters = kTwoTexts,
     .returns = kNumber,
     .apply = apply_compare,
     .summary =
         "-1, 0 or 1: how the first text stands to the second, byte by byte. As upstream, an "
         "integer that equals no number; to_string() makes it one that can be compared.",
     .example = "to_string(compare('a', 'b')) == '-1'"},
    {.name = "equal_fold",
     .parameters = kTwoTexts,
     .returns = kBoolean,
     .apply = apply_equal_fold,
     .summary = "Whether two texts are equal but for their case.",
     .example = "equal_fold('Go', 'GO')"},
    {.name = "path_canonicalize",
     .parameters = kOneText,
     .returns = kString,
     .apply = apply_path_canonicalize,
     .summary = "A path without `.`, `..` and needless slashes.",
     .example = "path_canonicalize('/var//lib/../run/./docker.sock') == '/var/run/docker.sock'"},
    {.name = "replace",
     .parameters = kReplace,
     .returns = kString,
     .apply = apply_replace,
     .summary = "The first text with the first so many occurrences of the second replaced by the "
                "third; a negative number means all.",
     .example = "replace('aaa', 'a', 'b', `2`) == 'bba'"},
    {.name = "replace_all",
     .parameters = kThreeTexts,
     .returns = kString,
     .apply = apply_replace_all,
     .summary = "The first text with all occurrences of the second replaced by the third.",
     .example = "replace_all('aaa', 'a', 'b') == 'bbb'"},
    {.name = "split",
     .parameters = kTwoTexts,
     .returns = kStrings,
     .apply = apply_split,
     .summary = "The parts of a text between separators.",
     .example = "split('a,b', ',') == ['a', 'b']"},
    {.name = "to_boolean",
     .parameters = kOneText,
     .returns = kBoolean,
     .apply = apply_to_boolean,
     .summary = "The truth value that a text names, in any case.",
     .example = "to_boolean('True')"},
    {.name = "to_lower",
     .parameters = kOneText,
     .returns = kString,
     .apply = apply_to_lower,
     .summary = "A text in lower case.",
     .example = "to_lower('NGINX') == 'nginx'"},
    {.name = "to_upper",
     .parameters = kOneText,
     .returns = kString,
     .apply = apply_to_upper,
     .summary = "A text in upper case.",
     .example = "to_upper('nginx') == 'NGINX'"},
    {.name = "trim",
     .parameters = kTwoTexts,
     .returns = kString,
     .apply = apply_trim,
     .summary = "A text without the characters of the second at both ends.",
     .example = "trim('--a-b--', '-') == 'a-b'"},
    {.name = "trim_prefix",
     .parameters = kTwoTexts,
     .returns = kString,
     .apply = apply_trim_prefix,
     .summary = "A text without the prefix, if it has it.",
     .example = "trim_prefix('docker.io/nginx', 'docker.io/') == 'nginx'"},
    {.name = "truncate",
     .parameters = kTruncate,
     .returns = kString,
     .apply = apply_truncate,
     .summary = "The first so many characters of a text.",
     .example = "truncate('kubernetes', `4`) == 'kube'"},
});

}  // namespace

std::span<const Function> kyverno_text_functions() noexcept { return kFunctions; }

}  // namespace tally::jmespath
