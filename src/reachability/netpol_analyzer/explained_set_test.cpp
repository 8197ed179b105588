#include "reachability/netpol_analyzer/explained_set.hpp"

#include <gtest/gtest.h>

namespace tally::reachability::netpol_analyzer {
namespace {

using network_policy::Direction;
using scalar::ConnectionSet;
using scalar::PortSet;
using scalar::Protocol;

class ExplainedSetTest : public testing::Test {
 protected:
  Reasons because(const std::string& text, ReasonKind kind = ReasonKind::NetworkPolicy) {
    Reasons reasons;
    reasons.side(Direction::Ingress).add(pool_.intern(kind, text));
    return reasons;
  }
  ExplainedSet tcp(std::uint16_t first, std::uint16_t last, const std::string& text) {
    ExplainedSet set(false, because("not " + text));
    set.set_protocol(Protocol::Tcp, PortSet(first, last), because(text), because("not " + text));
    return set;
  }
  std::string text(const ExplainedSet& set) { return explanation_text(set, pool_); }

  ReasonPool pool_;
};

TEST_F(ExplainedSetTest, AUnionKeepsTheReasonsOfWhatIsAllowed) {
  ExplainedSet set = tcp(1, 10, "a");
  set.unite(tcp(5, 20, "b"), Collect::SameVerdict);
  EXPECT_EQ(set.connections(), ConnectionSet::of(Protocol::Tcp, PortSet(1, 20)));
  const std::string said = text(set);
  EXPECT_NE(
      said.find(
          "Allowed TCP:[1-4] due to the following policies and rules:\n\t\tIngress \n\t\t\ta\n"),
      std::string::npos)
      << said;
  EXPECT_NE(said.find("Allowed TCP:[5-10]"), std::string::npos) << said;
  EXPECT_NE(said.find("\t\t\tNetworkPolicy list:\n\t\t\t\t- a\n\t\t\t\t- b\n"), std::string::npos)
      << said;
  EXPECT_NE(said.find("\t\t\t\t- not a\n\t\t\t\t- not b\n"), std::string::npos) << said;
}

TEST_F(ExplainedSetTest, WithoutCollectingTheFirstReasonStands) {
  ExplainedSet set = tcp(1, 10, "a");
  set.unite(tcp(5, 20, "b"), Collect::Never);
  const std::string said = text(set);
  EXPECT_NE(said.find("Allowed TCP:[1-10]"), std::string::npos) << said;
  EXPECT_NE(said.find("Allowed TCP:[11-20]"), std::string::npos) << said;
  EXPECT_EQ(said.find("list"), std::string::npos) << said;
}

TEST_F(ExplainedSetTest, AnIntersectionCollects) {
  ExplainedSet set = tcp(1, 10, "a");
  set.intersect(tcp(5, 20, "b"));
  EXPECT_EQ(set.connections(), ConnectionSet::of(Protocol::Tcp, PortSet(5, 10)));
  const std::string said = text(set);
  EXPECT_NE(said.find("Denied TCP:[11-20] due to the following policies and rules:\n\t\tIngress "
                      "\n\t\t\tNetworkPolicy list:\n\t\t\t\t- b\n\t\t\t\t- not a\n"),
            std::string::npos)
      << said;
}

TEST_F(ExplainedSetTest, AReplacementTakesThePlaceOnItsPorts) {
  ExplainedSet set(true, because("all"));
  set.replace(ConnectionSet::of(Protocol::Udp, PortSet(1, 65535)),
              ExplainedSet(false, because("no")));
  set.replace(ConnectionSet::of(Protocol::Tcp, PortSet(80, 80)),
              ExplainedSet(false, because("no")));
  EXPECT_EQ(
      set.connections(),
      ConnectionSet::of(Protocol::Sctp)
          .unite(
              ConnectionSet::of(Protocol::Tcp).minus(ConnectionSet::of_port(Protocol::Tcp, 80))));
  EXPECT_FALSE(set.is_uniform());
  set.replace(ConnectionSet::transport(), ExplainedSet(true, because("all")));
  EXPECT_TRUE(set.is_all() && set.is_uniform());
}

TEST_F(ExplainedSetTest, WhatSaysTheSameEverywhereIsUniform) {
  ExplainedSet set(true, because("all"));
  set.replace(ConnectionSet::of_port(Protocol::Tcp, 65535), ExplainedSet(true, because("all")));
  EXPECT_TRUE(set.is_uniform());
  EXPECT_TRUE(set.is_all());
}

TEST_F(ExplainedSetTest, NothingAllowsNothing) {
  ExplainedSet set;
  EXPECT_TRUE(set.is_empty());
  set.intersect(ExplainedSet(true));
  EXPECT_TRUE(set.is_empty());
  set.unite(ExplainedSet(false, because("no")), Collect::SameVerdict);
  EXPECT_TRUE(set.is_empty());
  EXPECT_TRUE(set.connections().is_empty());
}

}  // namespace
}  // namespace tally::reachability::netpol_analyzer
