#include "gatekeeper/constraint_match.hpp"

#include <gtest/gtest.h>

#include "document/read.hpp"
#include "kube/objects.hpp"

namespace tally::gatekeeper {
namespace {

using kube::Match;

TEST(GlobMatches, OnlyAtTheEnds) {
  struct Case {
    const char* glob;
    const char* text;
    bool matches;
  };
  for (const Case& one :
       {Case{"a", "a", true}, Case{"kube-*", "kube-system", true},
        Case{"*-system", "x-system", true}, Case{"*mid*", "amidst", true},
        Case{"*", "anything", true}, Case{"**", "anything", true}, Case{"a", "b", false},
        Case{"kube-*", "my-kube-x", false}, Case{"*-system", "system", false},
        Case{"a*b", "axb", false}, Case{"a?", "ab", false}, Case{"*mid*", "mi d", false},
        Case{"", "a", false}}) {
    EXPECT_EQ(glob_matches(one.glob, one.text), one.matches) << one.glob << " " << one.text;
  }
}

class ConstraintMatchTest : public testing::Test {
 protected:
  document::Node node(std::string_view text) {
    sources_.push_back(document::Source::from_text("test", text));
    const auto read = document::read_one(*sources_.back(), arena_);
    EXPECT_TRUE(read) << text;
    return read ? *read : document::Node{};
  }
  Match matches(std::string_view match, std::string_view object) {
    const document::Node wanted = node(match);
    const auto read = ConstraintMatch::read(&wanted);
    EXPECT_TRUE(read) << match;
    const auto found = kube::object_from_node(node(object), sources_.back().get());
    EXPECT_TRUE(found) << object;
    return read->matches(*found, nullptr);
  }

  Arena arena_;
  std::vector<std::shared_ptr<const document::Source>> sources_;
};

TEST_F(ConstraintMatchTest, Table) {
  constexpr const char* kPod =
      "{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop, labels: {a: b}}}";
  constexpr const char* kDeployment =
      "{apiVersion: apps/v1, kind: Deployment, metadata: {generateName: web-, namespace: shop}}";
  constexpr const char* kNamespace =
      "{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {a: b}}}";
  constexpr const char* kNode = "{apiVersion: v1, kind: Node, metadata: {name: n1}}";
  struct Case {
    const char* match;
    const char* object;
    Match result;
  };
  for (const Case& one : {
           Case{"{}", kPod, Match::Yes},
           Case{"{kinds: [{apiGroups: [''], kinds: [Pod]}]}", kPod, Match::Yes},
           Case{"{kinds: [{apiGroups: ['*'], kinds: ['*']}]}", kDeployment, Match::Yes},
           Case{"{kinds: [{kinds: [Pod]}, {kinds: [Deployment]}]}", kDeployment, Match::Yes},
           Case{"{kinds: [{apiGroups: [apps], kinds: [Pod]}]}", kPod, Match::No},
           Case{"{kinds: [{kinds: [pod]}]}", kPod, Match::No},
           Case{"{namespaces: ['sh*']}", kPod, Match::Yes},
           Case{"{namespaces: [shop]}", kNamespace, Match::Yes},
           Case{"{namespaces: [shop]}", kNode, Match::Yes},
           Case{"{namespaces: [bank]}", kPod, Match::No},
           Case{"{excludedNamespaces: [bank]}", kPod, Match::Yes},
           Case{"{excludedNamespaces: [shop]}", kNode, Match::Yes},
           Case{"{excludedNamespaces: ['*op']}", kPod, Match::No},
           Case{"{excludedNamespaces: [shop]}", kNamespace, Match::No},
           Case{"{name: web}", kPod, Match::Yes},
           Case{"{name: 'we*'}", kDeployment, Match::Yes},
           Case{"{name: web}", kDeployment, Match::No},
           Case{"{name: w}", kPod, Match::No},
           Case{"{scope: Namespaced}", kPod, Match::Yes},
           Case{"{scope: Cluster}", kNamespace, Match::Yes},
           Case{"{scope: '*'}", kPod, Match::Yes},
           Case{"{scope: Cluster}", kPod, Match::No},
           Case{"{scope: Namespaced}", kNamespace, Match::No},
           Case{"{scope: Namespaced}", kNode, Match::No},
           Case{"{labelSelector: {matchLabels: {a: b}}}", kPod, Match::Yes},
           Case{"{labelSelector: {matchLabels: {a: c}}}", kPod, Match::No},
           Case{"{namespaceSelector: {matchLabels: {a: b}}}", kNamespace, Match::Yes},
           Case{"{namespaceSelector: {matchLabels: {a: b}}}", kNode, Match::Yes},
           Case{"{namespaceSelector: {matchLabels: {a: c}}}", kNamespace, Match::No},
           Case{"{namespaceSelector: {matchLabels: {a: b}}}", kPod, Match::Unknown},
           Case{"{source: Original}", kPod, Match::Yes},
           Case{"{source: Generated}", kPod, Match::No},
       }) {
    EXPECT_EQ(matches(one.match, one.object), one.result) << one.match << " " << one.object;
  }
}

TEST_F(ConstraintMatchTest, RefusesWhatItCannotRead) {
  for (const char* text :
       {"[]", "x", "{source: Both}", "{labelSelector: {matchExpressions: [{operator: In}]}}",
        "{namespaceSelector: {matchExpressions: [{key: a, operator: Is}]}}"}) {
    const document::Node match = node(text);
    EXPECT_FALSE(ConstraintMatch::read(&match)) << text;
  }
}

}  // namespace
}  // namespace tally::gatekeeper
