#include "assessment/host.hpp"

#include <fmt/format.h>

#include <array>

#include "assessment/internal/host_answers.hpp"
#include "base/text.hpp"
#include "document/json_writer.hpp"
#include "jmespath/expression.hpp"

namespace tally::assessment {

using cel::Value;
using cel::ValueKind;

using document::Node;

// --- Calls -------------------------------------------------------------------------------------

struct Outside::Entry {
  std::once_flag once;
  Answered answered;
  std::string error;  // empty: answered
};

Outside::Outside(const Options& options) : options_(options) {}
Outside::~Outside() = default;

namespace {

constexpr std::uint32_t kAnswerDepthMax = 100;
constexpr std::uint32_t kAnswerStepsMax = 100'000'000;
constexpr std::uint32_t kAnswerBytesMax = 256U << 20U;

// As encoding/json of Go reads it: the last of equal keys, numbers as doubles. Difference: Go's
// Decoder does not look behind the first value; here the body is one value or no JSON.
void read_json(Outside::Answered& answered) {
  jmespath::Limits limits;
  limits.json_depth = kAnswerDepthMax;
  limits.steps = kAnswerStepsMax;
  limits.bytes = kAnswerBytesMax;
  limits.names = jmespath::Names::LookUp;
  const auto reader =
      jmespath::Expression::compile("parse_json(@)", jmespath::Dialect::Kyverno, limits);
  if (!reader) {
    return;
  }
  const auto read = reader->search(Node::make_string(answered.body, 0), answered.arena);
  if (read) {
    answered.json = document::deep_copy(answered.arena, *read);
  }
}

// Texts with their lengths: no two calls share a key.
std::string key_of(const HttpCall& call) {
  std::string key;
  const auto add = [&key](std::string_view text) {
    key += fmt::format("{}:", text.size());
    key += text;
  };
  add(call.method);
  add(call.url);
  add(call.body);
  add(call.ca_bundle);
  for (const auto& [name, value] : call.headers) {
    add(name);
    add(value);
  }
  return key;
}

}  // namespace

void Outside::make(Entry& entry, const HttpCall& call) const {
  auto answer = options_.caller->call(call);
  if (!answer) {
    entry.error =
        answer.error().message.empty() ? "the call failed" : std::move(answer.error().message);
    return;
  }
  {
    const std::scoped_lock lock(mutex_);
    bytes_ += answer->body.size();
    if (bytes_ > options_.bytes_max) {
      entry.error =
          fmt::format("the answers of this run have more than {} bytes", options_.bytes_max);
      return;
    }
  }
  entry.answered.status = answer->status;
  entry.answered.body = std::move(answer->body);
  read_json(entry.answered);
}

Outside::Outcome Outside::call(const HttpCall& call) const {
  Entry* entry = nullptr;
  {
    const std::scoped_lock lock(mutex_);
    const std::string key = key_of(call);
    auto found = entries_.find(key);
    if (found == entries_.end()) {
      if (entries_.size() >= options_.calls_max) {
        return std::unexpected(
            fmt::format("more than {} different calls in one run", options_.calls_max));
      }
      found = entries_.emplace(key, std::make_unique<Entry>()).first;
    }
    entry = found->second.get();
  }
  std::call_once(entry->once, [&] { make(*entry, call); });
  if (!entry->error.empty()) {
    return std::unexpected(entry->error);
  }
  return &entry->answered;
}

// --- Answers -----------------------------------------------------------------------------------

namespace {

std::string_view text_under(Arena& arena, const Value& map, std::string_view key) {
  Value found;
  return cel::map_find(arena, map, Value::string(key), found) && found.is(ValueKind::String)
             ? found.text()
             : std::string_view{};
}

Value decision(Arena& arena, std::string_view word, std::string_view reason) {
  cel::MapBuilder answer(arena, 2);
  answer.add(Value::string("decision"), Value::string(word));
  answer.add(Value::string("reason"), Value::string(arena.copy(reason)));
  return answer.finish();
}

// Who is asked about: a service account by its own groups only, as
// k8s.io/apiserver pkg/cel/library/authz.go makes it; else the user of the request.
std::vector<std::string> groups_of(const Asker& asker, std::string_view service_account) {
  std::vector<std::string> groups;
  if (!service_account.empty()) {
    access::add_groups_of_service_account(service_account, groups);
    return groups;
  }
  for (const document::Node& group : asker.user->groups.items()) {
    groups.emplace_back(group.text());
  }
  if (asker.source == UserSource::Flags) {
    access::add_groups_of_user(asker.user->username, groups);
  }
  return groups;
}

}  // namespace

Value not_known(Arena& arena, std::initializer_list<std::string_view> parts) {
  return cel::make_error(arena, cel::ErrorCode::NotProvided, parts);
}

Value answer_authorizer(Arena& arena, const HostContext& world, const Asker& asker,
                        const Value& question) {
  const std::string_view service_account = text_under(arena, question, "user");
  const bool is_somebody = asker.user != nullptr &&
                           (asker.source == UserSource::Review || !asker.user->username.empty() ||
                            (asker.user->groups.is_array() && asker.user->groups.size() != 0));
  if (service_account.empty() && !is_somebody) {
    return not_known(arena, {"authorizer.check: who sends the request is not known"});
  }
  const std::vector<std::string> groups = groups_of(asker, service_account);
  const std::vector<std::string_view> views(groups.begin(), groups.end());
  const access::Answer answer = world.rbac().decide(
      {.user = service_account.empty() ? asker.user->username : service_account, .groups = views},
      {.verb = text_under(arena, question, "verb"),
       .path = text_under(arena, question, "path"),
       .group = text_under(arena, question, "group"),
       .resource = text_under(arena, question, "resource"),
       .subresource = text_under(arena, question, "subresource"),
       .name_space = text_under(arena, question, "namespace"),
       .name = text_under(arena, question, "name")});
  switch (answer.decision) {
    case access::Decision::Allow:
      return decision(arena, "allow", answer.reason);
    case access::Decision::NoOpinion:
      return decision(arena, "no opinion", answer.reason);
    case access::Decision::Unknown:
      break;
  }
  return not_known(arena, {"authorizer.check: ", answer.reason});
}

namespace {

// github.com/kyverno/sdk, extensions/cel/libs/http/http.go (Get, Post, executeRequest): the map
// that the body is, with its status; any other body stands under `body`. Numbers are doubles.
Value answer_http(Arena& arena, const Outside& outside, std::string_view function,
                  std::span<const Value> args) {
  HttpCall call;
  const bool is_post = function == "post";
  const std::size_t headers = is_post ? 2 : 1;
  if (args.size() < headers + 2 || !args[0].is(ValueKind::String) ||
      !args[headers].is(ValueKind::Map) || !args[headers + 1].is(ValueKind::String)) {
    return cel::make_error(arena, cel::ErrorCode::InvalidArgument,
                           {"http.", function, ": unexpected arguments"});
  }
  call.url = args[0].text();
  call.ca_bundle = args[headers + 1].text();
  for (std::size_t i = 0; i < cel::map_size(args[headers]); ++i) {
    const Value name = cel::map_key_at(arena, args[headers], i);
    const Value value = cel::map_value_at(arena, args[headers], i);
    if (!name.is(ValueKind::String) || !value.is(ValueKind::String)) {
      return cel::make_error(arena, cel::ErrorCode::InvalidArgument,
                             {"http.", function, ": headers are texts"});
    }
    call.headers.emplace_back(name.text(), value.text());
  }
  if (is_post) {
    call.method = "POST";
    Node body;
    if (!cel::to_node(arena, args[1], {}, body)) {
      return cel::make_error(arena, cel::ErrorCode::InvalidArgument,
                             {"http.post: failed to encode request data"});
    }
    document::append_json(call.body, body);
    call.body += '\n';  // json.Encoder
  }
  const Outside::Outcome answered = outside.call(call);
  if (!answered) {
    return cel::make_error(arena, cel::ErrorCode::Custom,
                           {"request failed: ", arena.copy(answered.error())});
  }
  const Outside::Answered& answer = **answered;
  const bool is_map = answer.json && answer.json->is_object();
  cel::MapBuilder map(arena, is_map ? answer.json->size() + 1 : 2);
  if (is_map) {
    for (const document::Member member : answer.json->members()) {
      if (member.key != "statusCode") {
        map.add(Value::string(member.key), json_value(arena, member.value));
      }
    }
  } else {
    map.add(Value::string("body"), answer.json ? json_value(arena, *answer.json) : Value::null());
  }
  map.add(Value::string("statusCode"), Value::integer(answer.status));
  return map.finish();
}

// pkg/cel/compiler/http.go, NewLazyCELHTTPContext: a namespace's author is not the cluster's.
Value refused_in_namespace(Arena& arena) {
  return cel::make_error(arena, cel::ErrorCode::Custom,
                         "http calls are not allowed in namespaced policies");
}

// github.com/lestrrat-go/jwx/v3, jwk/fetch.go: the text of the keys.
Value answer_jwks(Arena& arena, const Outside& outside, std::span<const Value> args) {
  if (args.size() != 1 || !args[0].is(ValueKind::String)) {
    return cel::make_error(arena, cel::ErrorCode::InvalidArgument, "jwks.Fetch: a URL is expected");
  }
  const Outside::Outcome answered = outside.call({.url = std::string(args[0].text())});
  if (!answered) {
    return cel::make_error(arena, cel::ErrorCode::Custom,
                           {"jwk.Fetch: request failed: ", arena.copy(answered.error())});
  }
  if ((*answered)->status != 200) {
    return cel::make_error(
        arena, cel::ErrorCode::Custom,
        {arena.copy(fmt::format("jwk.Fetch: request returned status {}, expected 200",
                                (*answered)->status))});
  }
  return Value::string((*answered)->body);
}

}  // namespace

Value json_value(Arena& arena, const Node& node) {
  if (node.is_number()) {
    return Value::real(node.number());
  }
  if (node.is_array()) {
    std::vector<Value> items;
    items.reserve(node.size());
    for (const Node& item : node.items()) {
      items.push_back(json_value(arena, item));
    }
    return Value::list(arena.copy(std::span<const Value>{items}));
  }
  if (node.is_object()) {
    cel::MapBuilder map(arena, node.size());
    for (const document::Member member : node.members()) {
      map.add(Value::string(member.key), json_value(arena, member.value));
    }
    return map.finish();
  }
  return Value::from_node(node);
}

Value answer_call(Arena& arena, const Outside* outside, std::string_view capability,
                  std::string_view function, std::span<const Value> args) {
  if (outside == nullptr || !outside->has_caller()) {
    const std::string_view url =
        !args.empty() && args[0].is(ValueKind::String) ? args[0].text() : std::string_view{};
    return not_known(arena, {capability, ".", function, ": ", arena.copy(excerpt(url, 200)),
                             " is not called: no host is named by --allow-host"});
  }
  return capability == "jwks" ? answer_jwks(arena, *outside, args)
                              : answer_http(arena, *outside, function, args);
}

Value answer_now(Arena& arena, const Outside* outside) {
  const auto now = outside == nullptr ? std::nullopt : outside->now_seconds();
  return now ? Value::timestamp(*now, 0) : cel::not_provided(arena, "now", "time.now");
}

Value OutsideHost::ask(Arena& arena, std::string_view capability, std::string_view function,
                       std::span<const Value> args) const {
  if (capability == "http" || capability == "jwks") {
    return is_namespaced_ ? refused_in_namespace(arena)
                          : answer_call(arena, outside_, capability, function, args);
  }
  return capability == "now" ? answer_now(arena, outside_)
                             : cel::not_provided(arena, capability, function);
}

Value SnapshotHost::ask(Arena& arena, std::string_view capability, std::string_view function,
                        std::span<const Value> args) const {
  if (capability == "authorizer" && function == "check" && args.size() == 1 &&
      args[0].is(ValueKind::Map)) {
    return answer_authorizer(arena, *world_, asker_, args[0]);
  }
  if (capability == "resource") {
    return answer_resource(arena, *world_, asker_, function, args);
  }
  if (capability == "globalContext" && function == "get") {
    return answer_global_context(arena, *world_, asker_, args);
  }
  if (capability == "imageData" && function == "get") {
    return answer_image_data(arena, args);
  }
  if (capability == "http" || capability == "jwks") {
    return asker_.own_namespace.empty() ? answer_call(arena, outside(), capability, function, args)
                                        : refused_in_namespace(arena);
  }
  if (capability == "now") {
    return answer_now(arena, outside());
  }
  return cel::not_provided(arena, capability, function);
}

}  // namespace tally::assessment
