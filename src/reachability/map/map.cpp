// Fills the page of src/reachability/map/html.
#include "reachability/map/map.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "crypto/sha256.hpp"
#include "reachability/connections.hpp"
#include "reachability/map/internal/map_data.hpp"
#include "reachability/map/internal/page.hpp"
#include "scalar/base64.hpp"

namespace tally::reachability {
namespace {

using network_policy::Direction;

constexpr std::size_t kStaticRowsMax = 300;  // of each table that works without JavaScript

// Characters that change what a reader sees without being seen: directions, zero widths, byte order
// marks, controls.
std::size_t deceptive_bytes(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  if (byte(0) < 0x20 || byte(0) == 0x7F) {
    return 1;
  }
  const bool is_general =
      byte(0) == 0xE2 && byte(1) == 0x80 &&
      ((byte(2) >= 0x8B && byte(2) <= 0x8F) || (byte(2) >= 0xA8 && byte(2) <= 0xAE));
  const bool is_isolate = byte(0) == 0xE2 && byte(1) == 0x81 && byte(2) >= 0xA0 && byte(2) <= 0xAF;
  const bool is_mark = byte(0) == 0xEF && byte(1) == 0xBB && byte(2) == 0xBF;
  if (is_general || is_isolate || is_mark) {
    return 3;
  }
  return byte(0) == 0xC2 && byte(1) >= 0x80 && byte(1) <= 0x9F ? 2 : 0;
}

std::string html(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    if (const std::size_t hidden = deceptive_bytes(text); hidden != 0) {
      out += "\xEF\xBF\xBD";
      text.remove_prefix(hidden);
      continue;
    }
    switch (text.front()) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += text.front();
    }
    text.remove_prefix(1);
  }
  return out;
}

std::string digest(std::string_view text) {
  const crypto::Sha256Digest bytes = crypto::sha256(text);
  return scalar::encode_base64({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

// https://www.w3.org/TR/CSP3/: nothing from anywhere, but this style and this script.
std::string content_security_policy() {
  return fmt::format(
      "default-src &#39;none&#39;; style-src &#39;sha256-{}&#39;; script-src &#39;sha256-{}&#39;; "
      "base-uri &#39;none&#39;; form-action &#39;none&#39;",
      digest(kMapStyle), digest(map_script()));
}

std::string count_text(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

class Page {
 public:
  Page(World& world, const MapOptions& options) : world_(world), options_(options) {}

  [[nodiscard]] std::string part(std::string_view name) const {
    if (name == "policy") {
      return content_security_policy();
    }
    if (name == "generator") {
      return html("tally " + options_.tally_version);
    }
    if (name == "style") {
      return std::string(kMapStyle);
    }
    if (name == "script") {
      return map_script();
    }
    if (name == "judged") {
      return html(judged());
    }
    if (name == "tables") {
      return isolation_table() + connection_table();
    }
    if (name == "data") {
      return map_data(world_, options_);
    }
    return {};
  }

 private:
  [[nodiscard]] std::string judged() const {
    std::vector<std::string_view> namespaces;
    for (const Workload& workload : world_.workloads()) {
      namespaces.push_back(workload.name_space);
    }
    std::ranges::sort(namespaces);
    namespaces.erase(std::ranges::unique(namespaces).begin(), namespaces.end());
    const std::size_t policies = world_.policies().policies().size();
    return fmt::format("{} in {}, {} network {}", count_text(world_.workloads().size(), "workload"),
                       count_text(namespaces.size(), "namespace"), policies,
                       policies == 1 ? "policy" : "policies");
  }

  // "shop/web[Deployment] and 3 more"
  [[nodiscard]] std::string class_text(network_policy::ClassId id) const {
    const auto workloads = world_.workloads_of(id);
    std::string text = world_.workloads()[workloads.front()].label;
    return workloads.size() == 1 ? text : text + fmt::format(" and {} more", workloads.size() - 1);
  }

  static std::string row(std::string_view a, std::string_view b, std::string_view c) {
    return fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td></tr>\n", html(a), html(b), html(c));
  }

  [[nodiscard]] std::string isolation_table() const {
    std::string out =
        "<h2>Isolation</h2>\n<table><thead><tr><th scope=\"col\">Workload</th><th "
        "scope=\"col\">Ingress</th><th scope=\"col\">Egress</th></tr></thead><tbody>\n";
    std::size_t count = 0;
    for (const Workload& workload : world_.workloads()) {
      if (++count > kStaticRowsMax) {
        continue;
      }
      std::string states[2];
      for (const Direction direction : {Direction::Ingress, Direction::Egress}) {
        const auto& table = world_.analyser().table(workload.class_id, direction);
        const bool has_outside = std::ranges::any_of(table.outside, [](const auto& one) {
          return one.second.allowed != network_policy::kNone;
        });
        states[static_cast<int>(direction)] =
            std::string(table.is_isolated ? "isolated" : "open: no policy isolates it") +
            (table.is_isolated && has_outside ? ", outside addresses allowed" : "");
      }
      out += row(workload.label, states[0], states[1]);
    }
    return out + rest(count);
  }

  [[nodiscard]] std::string connection_table() const {
    std::string out =
        "<h2>Connections</h2>\n<table><thead><tr><th scope=\"col\">Source</th><th "
        "scope=\"col\">Destination</th><th scope=\"col\">Allowed</th></tr></thead><tbody>\n";
    std::size_t count = 0;
    for (const network_policy::ClassPair& one :
         network_policy::list_class_pairs(world_.analyser())) {
      if (++count <= kStaticRowsMax) {
        out +=
            row(class_text(one.source), class_text(one.destination), to_words(world_, one.answer));
      }
    }
    return out + rest(count);
  }

  static std::string rest(std::size_t count) {
    return count <= kStaticRowsMax
               ? "</tbody></table>\n"
               : fmt::format("</tbody></table>\n<p class=\"note\">and {} more.</p>\n",
                             count - kStaticRowsMax);
  }

  World& world_;
  const MapOptions& options_;
};

}  // namespace

std::string to_html(World& world, const MapOptions& options) {
  const Page page(world, options);
  std::string out;
  std::string_view rest = kMapPage;
  while (true) {
    const auto begin = rest.find("{{");
    out += rest.substr(0, begin);
    if (begin == std::string_view::npos) {
      return out;
    }
    rest.remove_prefix(begin + 2);
    const auto end = rest.find("}}");
    out += page.part(rest.substr(0, end));
    rest.remove_prefix(end + 2);
  }
}

}  // namespace tally::reachability
