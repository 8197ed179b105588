// The algebra of sets of traffic against sets of single connections over few values of each
// dimension.
#include "reachability/query/traffic.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace tally::reachability::query {
namespace {

using scalar::ConnectionSet;
using scalar::PortSet;
using scalar::Protocol;

// A cube and, of a few single connections, which are in it.
struct Sample {
  PooledId id = kNone;
  std::set<int> members;
};

constexpr std::uint16_t kPorts[] = {1, 80, 65535};
constexpr std::string_view kPaths[] = {"/a", "/a/b", "/c"};

// Connections are numbered: protocol (TCP, UDP), source port, destination port, method, path.
class Universe {
 public:
  Sample cube(std::mt19937& random) {
    const bool is_tcp = random() % 3 != 0;
    const auto some = [&random] { return static_cast<unsigned>(random() % 7 + 1); };
    const unsigned sources = some();
    const unsigned destinations = some();
    const unsigned methods = is_tcp ? some() : 7;
    const unsigned paths = is_tcp ? some() : 7;
    Sample sample;
    sample.id = pool.of(Dimension::SourcePort, ports(sources));
    TrafficCube cube{.is_tcp = is_tcp, .destination_ports = ports(destinations)};
    if (methods != 7) {
      NumberSet set;
      for (std::uint16_t i = 0; i < 3; ++i) {
        if ((methods >> i & 1U) != 0) {
          set.add(i, i);
        }
      }
      cube.methods = set;
    }
    if (paths != 7) {
      Language set = Language::none();
      for (std::size_t i = 0; i < 3; ++i) {
        if ((paths >> i & 1U) != 0) {
          set = set.unite(*Language::literal(kPaths[i]));
        }
      }
      cube.paths = set;
    }
    sample.id = pool.intersect(sample.id, pool.intern(cube));
    for (int number = 0; number < kCount; ++number) {
      const auto [protocol, s, d, m, p] = split(number);
      const auto has = [](unsigned set, int at) { return (set >> at & 1U) != 0; };
      if ((!is_tcp || protocol == 0) && has(sources, s) && has(destinations, d) &&
          (protocol != 0 || (has(methods, m) && has(paths, p)))) {
        sample.members.insert(number);
      }
    }
    // Of UDP there is no method or path: cubes without TCP restrict none.
    return sample;
  }

  bool contains(PooledId id, int number) {
    const auto [protocol, s, d, m, p] = split(number);
    const auto one = [](std::uint16_t value) { return NumberSet(value, value); };
    PooledId single = pool.of(Dimension::Protocol, one(protocol == 0 ? 6 : 17));
    single = pool.intersect(single, pool.of(Dimension::SourcePort, one(kPorts[s])));
    single = pool.intersect(single, pool.of(Dimension::DestinationPort, one(kPorts[d])));
    if (protocol == 0) {
      single =
          pool.intersect(single, pool.of(Dimension::Method, one(static_cast<std::uint16_t>(m))));
      single = pool.intersect(single, pool.of(Dimension::Path, *Language::literal(kPaths[p])));
    }
    return pool.minus(single, id) == kNone;
  }

  static constexpr int kCount = 2 * 81;
  TrafficPool pool;

 private:
  static std::array<int, 5> split(int number) {
    return {number / 81, number / 27 % 3, number / 9 % 3, number / 3 % 3, number % 3};
  }
  static NumberSet ports(unsigned set) {
    if (set == 7) {
      return {scalar::kPortMin, scalar::kPortMax};
    }
    NumberSet all;
    for (std::size_t i = 0; i < 3; ++i) {
      if ((set >> i & 1U) != 0) {
        all.add(kPorts[i], kPorts[i]);
      }
    }
    return all;
  }
};

TEST(TrafficPool, AlgebraIsThatOfSets) {
  Universe universe;
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    const Sample a = universe.cube(random);
    const Sample b = universe.cube(random);
    const Sample c = universe.cube(random);
    TrafficPool& pool = universe.pool;
    const PooledId result = pool.minus(pool.unite(a.id, b.id), pool.intersect(b.id, c.id));
    for (int number = 0; number < Universe::kCount; ++number) {
      const bool in_b = b.members.contains(number);
      const bool expected =
          (a.members.contains(number) || in_b) && !(in_b && c.members.contains(number));
      ASSERT_EQ(universe.contains(result, number), expected) << "round " << round << ", " << number;
    }
    // Equal sets have equal numbers, however they were made.
    EXPECT_EQ(pool.unite(pool.minus(a.id, b.id), pool.intersect(a.id, b.id)), a.id);
    EXPECT_EQ(pool.unite(pool.unite(a.id, b.id), c.id), pool.unite(a.id, pool.unite(c.id, b.id)));
    EXPECT_EQ(pool.minus(kAll, pool.minus(kAll, a.id)), a.id);
    // The cubes are disjoint and make the whole.
    EXPECT_EQ(pool.cubes(a.id).empty(), a.id == kNone);
  }
}

TEST(TrafficPool, LiftsConnectionSets) {
  TrafficPool pool;
  ConnectionSet web = ConnectionSet::of_port(Protocol::Tcp, 80);
  ConnectionSet rows[] = {ConnectionSet(),
                          ConnectionSet::all(),
                          web,
                          web.unite(ConnectionSet::of(Protocol::Udp)),
                          ConnectionSet::all().minus(web),
                          ConnectionSet::of(Protocol::Icmp, PortSet(2048, 2048)),
                          ConnectionSet::of_number(47),
                          ConnectionSet::transport()};
  for (const ConnectionSet& row : rows) {
    EXPECT_EQ(pool.at(pool.intern(row)), row) << row.to_string();
    for (const ConnectionSet& other : rows) {
      const PooledId a = pool.intern(row);
      const PooledId b = pool.intern(other);
      EXPECT_EQ(pool.unite(a, b), pool.intern(row.unite(other)));
      EXPECT_EQ(pool.intersect(a, b), pool.intern(row.intersect(other)));
      EXPECT_EQ(pool.minus(a, b), pool.intern(row.minus(other)));
    }
  }
  EXPECT_EQ(pool.intern(ConnectionSet()), kNone);
  EXPECT_EQ(pool.intern(ConnectionSet::all()), kAll);
  // What is told apart by more is projected on protocols and ports.
  const PooledId get = pool.intern(TrafficCube{
      .is_tcp = true, .destination_ports = PortSet(80, 80), .methods = NumberSet(0, 0)});
  EXPECT_EQ(pool.at(get), web);
  EXPECT_NE(get, pool.intern(web));
}

TEST(TrafficPool, Texts) {
  TrafficPool pool;
  const PooledId tcp = pool.tcp();
  const PooledId web = pool.intern(ConnectionSet::of_port(Protocol::Tcp, 80));
  const PooledId path = pool.intern(TrafficCube{.is_tcp = true,
                                                .destination_ports = PortSet(80, 80),
                                                .methods = NumberSet(0, 1),
                                                .hosts = Language::literal("a.b"),
                                                .paths = Language::regex("/x(/.*)?")});
  EXPECT_EQ(to_nca_text(pool, kAll), "All connections");
  EXPECT_EQ(to_nca_text(pool, kNone), "No connections");
  EXPECT_EQ(to_nca_text(pool, tcp), "{protocols:TCP}");
  EXPECT_EQ(to_nca_text(pool, tcp, tcp), "All connections");
  EXPECT_EQ(to_nca_text(pool, pool.non_tcp()), "All but {protocols:TCP}");
  EXPECT_EQ(to_nca_text(pool, web), "{protocols:TCP,dst_ports:80}");
  EXPECT_EQ(to_nca_text(pool, web, tcp), "{dst_ports:80}");
  EXPECT_EQ(to_nca_text(pool, path, tcp),
            "{dst_ports:80,methods:GET, HEAD,hosts:a.b,paths:/x(/*)?}");
  EXPECT_EQ(to_nca_text(pool, pool.minus(tcp, path), tcp),
            "All but {dst_ports:80,methods:GET, HEAD,hosts:a.b,paths:/x(/*)?}");
  EXPECT_EQ(to_nca_map(pool, web), "{'protocols': 'TCP', 'dst_ports': '80'}");
  EXPECT_EQ(to_nca_example(pool, web), "[protocols=TCP,dst_ports=80]");
  EXPECT_EQ(to_nca_example(pool, kNone), "[]");
}

}  // namespace
}  // namespace tally::reachability::query
