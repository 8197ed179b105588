#include "assessment/host.hpp"

#include <array>

#include "assessment/internal/host_answers.hpp"

namespace tally::assessment {

using cel::Value;
using cel::ValueKind;

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
    return answer_global_context(arena, *world_, args);
  }
  if (capability == "imageData" && function == "get") {
    return answer_image_data(arena, args);
  }
  if (capability == "http") {
    const std::string_view url =
        !args.empty() && args[0].is(ValueKind::String) ? args[0].text() : std::string_view{};
    return not_known(arena, {"http.", function, ": ", url,
                             " is not called: calls over the network are not built yet"});
  }
  return cel::not_provided(arena, capability, function);
}

}  // namespace tally::assessment
