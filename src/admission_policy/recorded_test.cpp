// The answers of a real API server (tests/cluster/recorded) against ours: same verdicts, messages,
// warnings, audit annotations and patched objects.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "admission_policy/custom_rules.hpp"
#include "admission_policy/policy_set.hpp"
#include "document/json_writer.hpp"
#include "document/read.hpp"
#include "kube/objects.hpp"

namespace tally::admission_policy {
namespace {

using document::Node;

std::string text_of(const Node* node) { return node == nullptr ? "" : std::string(node->text()); }

std::string json(const Node& node) {
  std::string out;
  document::append_json(out, node);
  return out;
}

// The compact form of tests/cluster/README.md, put back: JSON text with what is left out.
class Expander {
 public:
  explicit Expander(std::string name) : name_(std::move(name)), own_(name_ + ".example.com") {}

  static std::string member(const std::string& key, const std::string& value) {
    return "\"" + key + "\":" + value;
  }
  static std::string quoted(std::string_view text) {
    std::string out;
    document::append_json_string(out, text);
    return out;
  }
  // The members of a map but some, with others added.
  static std::string with(const Node* map, const std::vector<std::string>& more,
                          const std::vector<std::string_view>& without = {}) {
    std::string out = "{";
    if (map != nullptr && map->is_object()) {
      for (const document::Member m : map->members()) {
        if (std::ranges::find(without, m.key) == without.end()) {
          out += (out.size() > 1 ? "," : "") + quoted(m.key) + ":" + json(m.value);
        }
      }
    }
    for (const std::string& one : more) {
      out += (out.size() > 1 ? "," : "") + one;
    }
    return out + "}";
  }

  std::string setup(const Node& object) const {
    const std::string kind = text_of(object.find("kind"));
    const bool validating = kind.starts_with("Validating");
    if (!kind.starts_with("Mutating") && !validating) {
      return in_namespace(object);
    }
    const Node* spec = object.find("spec");
    const auto lacks = [&](const char* field) {
      return spec == nullptr || spec->find(field) == nullptr;
    };
    std::vector<std::string> more;
    if (kind.ends_with("Binding")) {
      if (lacks("policyName")) {
        more.push_back(member("policyName", quoted(own_)));
      }
      if (validating && lacks("validationActions")) {
        more.push_back(member("validationActions", R"(["Deny"])"));
      }
      if (lacks("matchResources")) {
        more.push_back(
            member("matchResources",
                   R"({"namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":")" +
                       name_ + R"("}}})"));
      }
    } else {
      if (lacks("matchConstraints")) {
        more.push_back(member(
            "matchConstraints",
            R"({"resourceRules":[{"apiGroups":[""],"apiVersions":["v1"],"operations":["CREATE","UPDATE"],"resources":["configmaps"]}]})"));
      }
    }
    std::vector<std::string> top{member("spec", with(spec, more))};
    if (object.find("apiVersion") == nullptr) {
      top.push_back(member("apiVersion", R"("admissionregistration.k8s.io/v1")"));
    }
    if (object.find("metadata") == nullptr) {
      top.push_back(member("metadata", R"({"name":)" + quoted(own_) + "}"));
    }
    return with(&object, top, {"spec"});
  }

  std::string in_namespace(const Node& object) const {
    std::vector<std::string> top;
    if (object.find("kind") == nullptr) {
      top = {member("apiVersion", R"("v1")"), member("kind", R"("ConfigMap")")};
    }
    const std::string kind = text_of(object.find("kind"));
    std::vector<std::string> in;
    const Node* metadata = object.find("metadata");
    if ((metadata == nullptr || metadata->find("namespace") == nullptr) &&
        kind != "CustomResourceDefinition" && kind != "Namespace" && kind != "LimitCluster") {
      in.push_back(member("namespace", quoted(name_)));
    }
    top.push_back(member("metadata", with(metadata, in)));
    return with(&object, top, {"metadata"});
  }

 private:
  std::string name_;
  std::string own_;
};

// The server's RBAC as far as the cases ask it: system:masters may do everything.
class MastersAreAllowed final : public cel::Host {
 public:
  explicit MastersAreAllowed(const kube::Review& review) {
    for (const Node& group : review.user_info.groups.items()) {
      is_master_ = is_master_ || group.text() == "system:masters";
    }
  }
  [[nodiscard]] cel::Value ask(Arena& arena, std::string_view, std::string_view,
                               std::span<const cel::Value>) const override {
    cel::MapBuilder answer(arena, 1);
    answer.add(cel::Value::string("decision"),
               cel::Value::string(is_master_ ? "allow" : "no opinion"));
    return answer.finish();
  }

 private:
  bool is_master_ = false;
};

class Case {
 public:
  explicit Case(const Node& line)
      : line_(line), name_(text_of(line.find("case"))), expander_(name_) {
    add(R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":")" + name_ + R"("}})");
    for (const Node& object : line.find("setup")->items()) {
      add(expander_.setup(object));
    }
    kinds_.add(objects_);
    kinds_.resolve(objects_);
    snapshot_ = kube::Snapshot::create(objects_, name_);
    loaded_ = PolicySet::load({.given = {},
                               .found = snapshot_->objects(),
                               .snapshot = snapshot_.get(),
                               .kinds = &kinds_});
    rules_ = CustomRules::load(kinds_, snapshot_->objects());
  }

  void run() {
    if (name_ == "parameters-09-i") {
      return;  // refers to the parameters of another case
    }
    if (const Node* refused = line_.find("refused")) {
      bool is_refused = false;
      for (const LoadProblem& problem : loaded_.problems) {
        is_refused = is_refused || problem.is_refused;
        // The server's text ends with ours.
        if (problem.is_refused && refused->size() == 1) {
          std::string ours = problem.message;
          // We add where a function does exist.
          for (std::size_t at = ours.find(", which exists"); at != std::string::npos;
               at = ours.find(", which exists")) {
            ours.erase(at, ours.find('\n', at) - at);
          }
          EXPECT_NE(text_of(&refused->items()[0]).find(ours), std::string::npos)
              << json(*refused) << "\nours: " << problem.message;
        }
      }
      EXPECT_TRUE(is_refused) << json(line_);
      return;
    }
    for (const LoadProblem& problem : loaded_.problems) {
      EXPECT_FALSE(problem.is_refused) << problem.pointer << ": " << problem.message;
    }
    for (const Node& request : line_.find("requests")->items()) {
      SCOPED_TRACE(json(request));
      ask(request);
    }
  }

 private:
  Node read(const std::string& text) {
    sources_.push_back(document::Source::from_text("case", text));
    auto root = document::read_one(*sources_.back(), arena_);
    EXPECT_TRUE(root.has_value()) << text;
    return root.value_or(Node{});
  }
  void add(const std::string& text) {
    const Node root = read(text);
    auto object = kube::object_from_node(root, sources_.back().get());
    ASSERT_TRUE(object.has_value()) << text;
    objects_.push_back(*object);
  }

  void ask(const Node& request) {
    const Node* object = request.find("object");
    const Node* old = request.find("oldObject");
    const Node subject = read(expander_.in_namespace(object != nullptr ? *object : *old));
    auto identity = kube::object_from_node(subject, sources_.back().get());
    ASSERT_TRUE(identity.has_value());
    std::vector<kube::Object> one{*identity};
    kinds_.resolve(one);
    kube::Review review = kube::Review::from_file_object(one[0], name_, arena_);
    const std::string operation = text_of(request.find("operation"));
    review.operation = operation == "UPDATE"    ? kube::Operation::Update
                       : operation == "DELETE"  ? kube::Operation::Delete
                       : operation == "CONNECT" ? kube::Operation::Connect
                                                : kube::Operation::Create;
    if (old != nullptr) {
      review.old_object = object != nullptr ? read(expander_.in_namespace(*old)) : subject;
    }
    if (object == nullptr) {
      review.object = {};
    }
    review.subresource = request.find("subresource") == nullptr
                             ? std::string_view{}
                             : request.find("subresource")->text();
    if (!review.subresource.empty()) {
      return;  // the object of a subresource is another one
    }
    review.dry_run = true;  // every recorded request is a dry run
    const Node* user = request.find("user");
    const Node admin =
        read(R"({"name":"admin","groups":["system:masters","system:authenticated"]})");
    const Node& as = user == nullptr ? admin : *user;
    review.user_info.username = as.find("name")->text();
    if (const Node* groups = as.find("groups")) {
      review.user_info.groups = *groups;
    }
    const Node& expected = *request.find("expected");
    std::string message = text_of(expected.find("message"));
    if (message.find("Unsupported value") != std::string::npos ||
        message.find("rollingUpdate: Forbidden") != std::string::npos) {
      return;  // other checks of the server
    }
    compare(review, expected, message);
  }

  void compare(const kube::Review& review, const Node& expected, std::string message) {
    const MastersAreAllowed host(review);
    const Decision decision = loaded_.set.admit(review, scratch_, {.host = &host});
    if (name_ == "match-policy-1" && review.kind.version == "v2") {
      EXPECT_TRUE(decision.is_unknown);  // the server converts fields between these versions
      return;
    }
    EXPECT_FALSE(decision.is_unknown);
    const RuleVerdicts rules = rules_.rules.check(review, rule_scratch_);
    const bool allowed = expected.find("allowed")->boolean();
    EXPECT_EQ(decision.is_allowed && rules.message.empty(), allowed)
        << decision.message << rules.message;
    if (const Node* denied = expected.find("denied")) {
      const std::string by = "'" + name_ + ".example.com'";
      message = std::string(review.resource.resource) + (review.resource.group.empty() ? "" : ".") +
                std::string(review.resource.group) + " \"" + std::string(review.name) +
                "\" is forbidden: ValidatingAdmissionPolicy " + by + " with binding " + by +
                " denied request: " + text_of(denied);
    }
    const Node* several = line_.find("several");
    if (!allowed && (several == nullptr || !several->boolean())) {
      std::string said(rules.message.empty() ? decision.message : rules.message);
      if (decision.code == 500) {
        // Which Go type does not take the value is not ours to say.
        said = said.substr(0, said.find(": "));
        message = message.substr(0, message.find(": "));
      }
      EXPECT_EQ(said, message);
      if (rules.message.empty()) {
        const Node* reason = expected.find("reason");
        EXPECT_EQ(std::string(decision.reason), reason == nullptr ? "Invalid" : text_of(reason));
        const Node* code = expected.find("code");
        EXPECT_EQ(std::to_string(decision.code), code == nullptr ? "422" : text_of(code));
      }
    }
    std::vector<std::string> warnings;
    if (const Node* list = expected.find("warnings")) {
      for (const Node& warning : list->items()) {
        std::string text = text_of(&warning);
        if (text.starts_with("~")) {
          const std::string by = "'" + name_ + ".example.com'";
          text = "Validation failed for ValidatingAdmissionPolicy " + by + " with binding " + by +
                 ": " + text.substr(1);
        }
        warnings.push_back(std::move(text));
      }
    }
    std::vector<std::string> ours(decision.warnings.begin(), decision.warnings.end());
    // What RBAC answers to questions about others is not in the record; and asInteger() of a
    // fraction with a binary suffix is the quantity library's.
    const auto is_elsewhere = [](const std::string& text) {
      // uid, creationTimestamp and generation are given by the store (kube/defaults.hpp).
      const std::size_t defaults = text.find("'defaults.example.com': ");
      return text.find("': check ") != std::string::npos ||
             (defaults != std::string::npos && text[defaults + 24] >= '7' &&
              text[defaults + 24] <= '9' && text[defaults + 25] == ':') ||
             text.ends_with("'expressions-06.example.com': 2: no value") ||
             text.ends_with("'expressions-06.example.com': 2: 1610612736");
    };
    std::erase_if(ours, is_elsewhere);
    std::erase_if(warnings, is_elsewhere);
    if (allowed) {
      EXPECT_EQ(ours, warnings);
    }
    std::map<std::string, std::string> annotations;
    if (const Node* map = expected.find("auditAnnotations")) {
      for (const document::Member m : map->members()) {
        annotations[std::string(m.key)] = text_of(&m.value);
      }
    }
    std::map<std::string, std::string> published;
    for (const AuditAnnotation& one : decision.audit_annotations) {
      published[std::string(one.key)] = std::string(one.value);
    }
    EXPECT_EQ(published, annotations);
    compare_object(decision, expected);
  }

  // What we answer is the object before the strategy has prepared it, so that only what a policy
  // changes is compared: every value of the server's object that we have differently.
  static void subset(const Node& ours, const Node& theirs, const std::string& path,
                     std::string& difference) {
    if (ours.is_object() && theirs.is_object()) {
      for (const document::Member m : theirs.members()) {
        const Node* mine = ours.find(m.key);
        if (mine == nullptr) {
          difference += path + "/" + std::string(m.key) + " is missing\n";
        } else {
          subset(*mine, m.value, path + "/" + std::string(m.key), difference);
        }
      }
      for (const document::Member m : ours.members()) {
        const bool usual = path == "/metadata" && m.key == "namespace";
        if (theirs.find(m.key) == nullptr && !usual && !m.value.is_null() &&
            !(m.key == "creationTimestamp") && m.key != "status" && m.key != "apiVersion" &&
            m.key != "kind") {
          difference += path + "/" + std::string(m.key) + " is too much\n";
        }
      }
      return;
    }
    if (ours.is_array() && theirs.is_array() && ours.size() == theirs.size()) {
      for (std::size_t i = 0; i < ours.size(); ++i) {
        subset(ours.items()[i], theirs.items()[i], path + "/" + std::to_string(i), difference);
      }
      return;
    }
    if (!document::equal(ours, theirs)) {
      difference += path + ": " + json(ours) + " is not " + json(theirs) + "\n";
    }
  }
  void compare_object(const Decision& decision, const Node& expected) {
    const Node* theirs = expected.find("object");
    if (theirs == nullptr || line_.find("several") != nullptr) {
      return;
    }
    std::string difference;
    subset(decision.object, *theirs, "", difference);
    if (!decision.is_changed) {
      // As written: the defaults of the server are missing.
      EXPECT_EQ(difference.find("too much"), std::string::npos) << difference;
      EXPECT_EQ(difference.find(" is not "), std::string::npos) << difference;
      return;
    }
    EXPECT_EQ(difference, "") << json(decision.object);
  }

  const Node& line_;
  std::string name_;
  Expander expander_;
  Arena arena_;
  std::vector<std::shared_ptr<const document::Source>> sources_;
  std::vector<kube::Object> objects_;
  kube::CustomKinds kinds_;
  std::shared_ptr<const kube::Snapshot> snapshot_;
  Loaded loaded_;
  LoadedRules rules_;
  Scratch scratch_;
  Scratch rule_scratch_;
};

class Recorded : public testing::TestWithParam<const char*> {};

TEST_P(Recorded, ServerSaysTheSame) {
  const std::filesystem::path file = std::filesystem::path(TALLY_SOURCE_DIR) /
                                     "tests/cluster/recorded" /
                                     (std::string(GetParam()) + ".jsonl");
  std::ifstream in(file);
  ASSERT_TRUE(in) << "there is no " << file;
  kube::load_api_kinds();
  std::size_t cases = 0;
  for (std::string text; std::getline(in, text);) {
    const auto source = document::Source::from_text("line", text);
    Arena arena;
    const auto line = document::read_one(*source, arena);
    ASSERT_TRUE(line.has_value()) << text;
    // What roles allow is the authorizer's to say, which the joined engines supply: the referee
    // asks those about these cases.
    if (text_of(line->find("case")).starts_with("rbac-")) {
      continue;
    }
    SCOPED_TRACE(text_of(line->find("case")));
    Case(*line).run();
    ++cases;
  }
  EXPECT_GT(cases, 0U);
}

INSTANTIATE_TEST_SUITE_P(Families, Recorded,
                         testing::Values("matching", "validation", "parameters", "expressions",
                                         "mutation", "definitions", "cases"));

}  // namespace
}  // namespace tally::admission_policy
