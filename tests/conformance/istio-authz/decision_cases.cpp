// decisions/*.json: requests to a workload, as Istio's integration tests send them.
#include <algorithm>

#include "authorization/string_match.hpp"
#include "authorization/token.hpp"
#include "conformance.hpp"

namespace tally::conformance {

using namespace authorization;
using document::Node;

namespace {

std::vector<std::filesystem::path> json_files(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> out;
  if (std::filesystem::is_directory(folder)) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
      if (entry.is_regular_file() && entry.path().extension() == ".json") {
        out.push_back(entry.path());
      }
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

// Everything before "spiffe://" is off.
std::string_view without_scheme(std::string_view id) {
  constexpr std::string_view kScheme = "spiffe://";
  return id.starts_with(kScheme) ? id.substr(kScheme.size()) : id;
}

std::optional<scalar::IpAddress> address(std::string_view text) {
  const auto parsed = scalar::IpAddress::parse(text);
  return parsed ? std::optional(*parsed) : std::nullopt;
}

// Ports of Istio's echo application: what their names say they speak.
bool is_http_port(std::string_view name) {
  return name.find("tcp") == std::string_view::npos && !name.starts_with("https") &&
         !name.starts_with("tls");
}

// A sidecar takes the client's address from the last entry of x-forwarded-for.
void read_header(std::string_view name, std::string_view value, Request& request) {
  if (equals_any_case(name, "host")) {
    request.host = value;
  } else if (equals_any_case(name, "x-forwarded-for")) {
    std::string_view last = value.substr(value.rfind(',') + 1);
    last.remove_prefix(std::min(last.find_first_not_of(' '), last.size()));
    request.source.remote_ip = address(last);
  }
}

class Tokens {
 public:
  explicit Tokens(const std::filesystem::path& root) {
    if (std::filesystem::exists(root / "jwt/tokens.json")) {
      tokens_ = std::make_unique<File>(root / "jwt/tokens.json");
      keys_ = std::make_unique<File>(root / "jwt/jwks.json");
    }
  }
  [[nodiscard]] std::string_view compact(std::string_view name) const {
    return tokens_ != nullptr ? text_of(member(tokens_->root(), name), "compact")
                              : std::string_view{};
  }
  [[nodiscard]] std::optional<std::string_view> keys() const {
    return keys_ != nullptr ? std::optional(keys_->source()->text()) : std::nullopt;
  }

 private:
  std::unique_ptr<File> tokens_;
  std::unique_ptr<File> keys_;
};

std::string decide_case(const PolicySet& set, const Node& environment, const Node& request_node,
                        const Tokens& tokens, Arena& arena) {
  const Node& from = member(environment, text_of(request_node, "from"));
  const Node& to = member(environment, "to");
  Request request;
  request.source.principal = without_scheme(text_of(from, "principal"));
  request.source.ip = address(text_of(from, "ip"));
  request.source.remote_ip = request.source.ip;
  request.destination.name_space = text_of(to, "namespace");
  request.destination.labels = member(to, "labels");
  request.destination.ip = address(text_of(to, "ip"));
  request.destination.port =
      static_cast<std::uint16_t>(member(request_node, "port").integer().value_or(0));
  request.sni = text_of(to, "sni");
  request.is_http = is_http_port(text_of(request_node, "port_name"));
  request.host = text_of(to, "host");
  if (const std::string_view method = text_of(request_node, "method"); !method.empty()) {
    request.method = method;
  }
  if (const std::string_view path = text_of(request_node, "path"); !path.empty()) {
    request.path = path;
  }
  std::vector<Header> headers;
  for (const document::Member header : member(request_node, "headers").members()) {
    headers.push_back({header.key, header.value.text()});
    read_header(header.key, header.value.text(), request);
  }
  if (const std::string_view jwt = text_of(request_node, "jwt"); !jwt.empty()) {
    headers.push_back({"Authorization", arena.concat({"Bearer ", tokens.compact(jwt)})});
  }
  request.headers = headers;
  const TokenCheck check = check_token(
      set, request,
      {.now_s = 1'790'000'000, .key_set = [&](std::string_view) { return tokens.keys(); }}, arena);
  request.token = check.token;
  request.claims = check.claims;
  return std::string(to_text(decide(set, request).verdict));
}

}  // namespace

void run_decisions(const std::filesystem::path& root, Report& report) {
  const Tokens tokens(root);
  for (const auto& path : json_files(root / "decisions")) {
    File file(path);
    const std::vector<Node> policies(member(file.root(), "policies").items().begin(),
                                     member(file.root(), "policies").items().end());
    const auto snapshot = kube::Snapshot::create(objects_of(policies, file.source()), "default");
    const Loaded loaded = PolicySet::load(*snapshot);
    for (const Node& one : member(file.root(), "cases").items()) {
      const std::string name =
          "decisions/" + path.stem().string() + "#" +
          std::string(text_of(one, "id").substr(text_of(one, "id").rfind('/') + 1));
      report.compare(name, std::string(text_of(one, "expect")),
                     decide_case(loaded.set, member(file.root(), "environment"),
                                 member(one, "request"), tokens, file.arena()));
    }
  }
}

}  // namespace tally::conformance
