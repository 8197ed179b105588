// What is shared, what is freed and when; and the state against a plain map of texts.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "cluster_state/state.hpp"
#include "cluster_state/testing/list_items.hpp"
#include "cluster_state/testing/watched.hpp"
#include "document/json_writer.hpp"

namespace tally::cluster_state {
namespace {

using testing::kNodes;
using testing::kPods;
using testing::kWidgets;
using testing::put;

std::string canonical(const document::Node& node) {
  std::string text;
  document::append_canonical_json(text, node);
  return text;
}

// A pod of a ReplicaSet: what differs are name, uid, node and address.
std::string pod(int replica_set, int number) {
  return fmt::format(
      R"({{"metadata":{{"name":"web-{0}-{1}","namespace":"shop","uid":"uid-{0}-{1}",)"
      R"("labels":{{"app":"web-{0}","hash":"h-{0}"}},"resourceVersion":"{1}"}},)"
      R"("spec":{{"containers":[{{"name":"web","image":"web:{0}","env":[{{"name":"A","value":"1"}},)"
      R"({{"name":"B","value":"2"}}],"securityContext":{{"privileged":false}}}}],"volumes":[]}},)"
      R"("status":{{"phase":"Running","podIP":"10.0.{0}.{1}","conditions":[{{"type":"Ready"}}]}}}})",
      replica_set, number);
}

TEST(StateMemory, PodsOfAReplicaSetShareTheirTemplate) {
  State state(Options{});
  put(state, kPods, pod(1, 0));
  const Memory one = state.memory();
  for (int i = 1; i < 101; ++i) {
    put(state, kPods, pod(1, i));
  }
  const Memory many = state.memory();
  // Of its own each pod has three blocks (itself, metadata, status) and three texts.
  EXPECT_EQ(many.blocks - one.blocks, 300U);
  EXPECT_EQ(many.texts - one.texts, 300U);
  EXPECT_EQ(many.blocks_shared, 2U);  // labels, spec: what is in it has one user
  EXPECT_EQ(many.objects, 101U);
  const document::Node first = *state.find({"", "Pod", "shop", "web-1-0"})->root.find("spec");
  const document::Node last = *state.find({"", "Pod", "shop", "web-1-100"})->root.find("spec");
  EXPECT_EQ(first.items().data(), last.items().data());
  // Another template shares what is equal in it.
  put(state, kPods, pod(2, 0));
  EXPECT_EQ(state.memory().blocks - many.blocks, 7U);  // those three, labels, spec, containers, one
}

TEST(StateMemory, NothingIsLeftWhenEverythingIsGone) {
  State state(Options{});
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 3000; ++i) {
      put(state, kPods, pod(i / 50, i % 50));
    }
    const std::size_t bytes = state.memory().bytes;
    for (int i = 0; i < 3000; ++i) {
      EXPECT_EQ(put(state, kPods, pod(i / 50, i % 50)).kind, ChangeKind::Unchanged);
    }
    EXPECT_EQ(state.memory().bytes, bytes);
    for (int i = 0; i < 3000; ++i) {
      EXPECT_EQ(state.remove({"", "Pod", "shop", fmt::format("web-{}-{}", i / 50, i % 50)}).kind,
                ChangeKind::Removed);
    }
    state.collect();
    const Memory memory = state.memory();
    EXPECT_EQ(memory.objects, 0U);
    EXPECT_EQ(memory.texts, 0U);
    EXPECT_EQ(memory.blocks, 0U);
    EXPECT_EQ(memory.parked, 0U);
    EXPECT_LT(memory.bytes, bytes / 4);  // tables and slots
  }
}

TEST(StateMemory, ChangesTakeNoMemory) {
  State state(Options{});
  put(state, kPods, pod(1, 0));
  std::optional<Memory> first;
  for (int i = 0; i < 1000; ++i) {
    put(state, kPods,
        fmt::format(
            R"({{"metadata":{{"name":"web-1-0","namespace":"shop"}},"spec":{{"x":"{:03}"}}}})", i));
    state.collect();
    const Memory memory = state.memory();
    if (!first) {
      first = memory;
    }
    EXPECT_EQ(memory.bytes, first->bytes);
    EXPECT_EQ(memory.texts, first->texts);
  }
}

// ---------------------------------------------------------------- snapshots

TEST(StateMemory, FormerObjectsLiveAsLongAsSnapshotsThatShowThem) {
  State state(Options{});
  put(state, kPods, pod(1, 0));
  put(state, kPods, pod(2, 0));
  auto first = state.snapshot();
  state.remove({"", "Pod", "shop", "web-1-0"});
  auto second = state.snapshot();
  state.remove({"", "Pod", "shop", "web-2-0"});
  put(state, kPods, pod(3, 0));
  EXPECT_EQ(state.memory().parked, 2U);
  EXPECT_NE(canonical(first->objects()[0].root).find("10.0.1.0"), std::string::npos);
  EXPECT_NE(canonical(second->objects()[0].root).find("10.0.2.0"), std::string::npos);
  second.reset();
  state.collect();
  EXPECT_EQ(state.memory().parked, 2U);  // the first shows both
  first.reset();
  put(state, kNodes, R"({"metadata":{"name":"a"}})");
  EXPECT_EQ(state.memory().parked, 2U);  // of another kind
  put(state, kPods, pod(3, 0));
  EXPECT_EQ(state.memory().parked, 0U);
}

TEST(StateMemory, ASnapshotOfSomeKindsKeepsNothingOfTheOthers) {
  State state(Options{});
  put(state, kPods, pod(1, 0));
  put(state, kNodes, R"({"metadata":{"name":"a"}})");
  const KindName nodes[] = {{"", "Node"}};
  const auto snapshot = state.snapshot(nodes);
  const auto none = state.snapshot(std::span<const KindName>{});
  state.remove({"", "Pod", "shop", "web-1-0"});
  state.remove({"", "Node", "", "a"});
  state.collect();
  EXPECT_EQ(state.memory().parked, 1U);
  EXPECT_EQ(snapshot->objects()[0].ref.name, "a");
}

TEST(StateMemory, ASnapshotOutlivesTheState) {
  std::shared_ptr<const kube::Snapshot> snapshot;
  {
    State state(Options{});
    put(state, kPods, pod(1, 0));
    snapshot = state.snapshot();
    state.remove({"", "Pod", "shop", "web-1-0"});
  }
  EXPECT_EQ(snapshot->objects()[0].ref.name, "web-1-0");
  EXPECT_EQ(snapshot->objects()[0].source->name(), "cluster:v1/pods");
}

TEST(StateMemory, ReadersReadWhileTheStateChanges) {
  State state(Options{});
  for (int i = 0; i < 50; ++i) {
    put(state, kPods, pod(1, i));
  }
  std::mutex mutex;
  std::shared_ptr<const kube::Snapshot> current = state.snapshot();
  std::atomic<bool> is_over = false;
  std::atomic<int> torn = 0;
  std::vector<std::jthread> readers;
  for (int reader = 0; reader < 3; ++reader) {
    readers.emplace_back([&] {
      while (!is_over) {
        std::shared_ptr<const kube::Snapshot> seen;
        {
          const std::scoped_lock lock(mutex);
          seen = current;
        }
        // Every pod of one snapshot says the same round.
        const document::Node first = *seen->objects()[0].root.find("spec");
        for (const kube::Object& object : seen->objects()) {
          torn += canonical(*object.root.find("spec")) == canonical(first) ? 0 : 1;
        }
      }
    });
  }
  for (int round = 0; round < 60; ++round) {
    for (int i = 0; i < 50; ++i) {
      put(state, kPods,
          fmt::format(
              R"({{"metadata":{{"name":"web-1-{}","namespace":"shop"}},"spec":{{"x":{}}}}})", i,
              round));
    }
    auto next = state.snapshot();
    const std::scoped_lock lock(mutex);
    current = std::move(next);
  }
  is_over = true;
  readers.clear();
  EXPECT_EQ(torn, 0);
  current.reset();
  state.collect();
  EXPECT_EQ(state.memory().parked, 0U);
}

// ---------------------------------------------------------------- against a plain map

class RandomObjects {
 public:
  explicit RandomObjects(std::uint32_t seed) : random_(seed) {}

  [[nodiscard]] std::uint32_t below(std::uint32_t end) {
    return static_cast<std::uint32_t>(random_() % end);
  }
  [[nodiscard]] std::string name() { return fmt::format("object-{}", below(12)); }

  // Few different texts and shapes, so that much is equal.
  [[nodiscard]] std::string value(int depth) {
    switch (below(depth == 0 ? 5 : 8)) {
      case 0:
        return "null";
      case 1:
        return below(2) == 0 ? "true" : "false";
      case 2:
        return fmt::format("{}", below(3));
      case 3:
        return fmt::format("{}.5e{}", below(3), below(2));
      case 4:
        return fmt::format("\"text {}\"", below(4));
      case 5:
        return "[" + values(depth) + "]";
      default:
        return map(depth);
    }
  }
  [[nodiscard]] std::string map(int depth) {
    std::string text;
    for (const char* key : {"a", "b", "", "ab", "interned", "\\u0061c"}) {
      if (below(3) == 0) {
        text += fmt::format("{}\"{}\":{}", text.empty() ? "" : ",", key, value(depth - 1));
      }
    }
    return "{" + text + "}";
  }

 private:
  [[nodiscard]] std::string values(int depth) {
    std::string text;
    for (std::uint32_t i = below(4); i > 0; --i) {
      text += fmt::format("{}{}", text.empty() ? "" : ",", value(depth - 1));
    }
    return text;
  }
  std::mt19937 random_;
};

// Canonical JSON of what the state should hold, by "kind name".
using Plain = std::map<std::string, std::string>;

Plain read_back(const kube::Snapshot& snapshot) {
  Plain plain;
  for (const kube::Object& object : snapshot.objects()) {
    plain[fmt::format("{} {}", object.ref.kind, object.ref.name)] = canonical(object.root);
  }
  return plain;
}

std::string canonical_of(const std::string& json) {
  return canonical(testing::ListItems("[" + json + "]").items()[0]);
}

class StateAndMap {
 public:
  explicit StateAndMap(std::uint32_t seed) : random_(seed) {}

  void run(int steps) {
    for (int i = 0; i < steps; ++i) {
      step();
      ASSERT_EQ(state_.memory().objects, plain_.size());
    }
    check();
    shown_.clear();
    for (const Resource& resource : {kPods, kWidgets}) {
      state_.drop({resource.group, resource.kind}, [](const Change&) {});
    }
    state_.collect();
    EXPECT_EQ(state_.memory().texts, 0U);
    EXPECT_EQ(state_.memory().blocks, 0U);
  }

 private:
  void step() {
    const Resource& resource = random_.below(2) == 0 ? kPods : kWidgets;
    switch (random_.below(16)) {
      case 0:
        return relist(resource);
      case 1:
      case 2:
      case 3:
        return remove(resource);
      case 4:
        return check();
      case 5:
        if (shown_.size() < 5) {
          shown_.emplace_back(state_.snapshot(), plain_);
        } else {
          shown_.erase(shown_.begin() + random_.below(5));
        }
        return;
      default:
        return put(resource);
    }
  }

  // As it comes from the server, and what should be left of it.
  struct Made {
    std::string sent;
    std::string kept;
  };
  Made make(const Resource& resource, const std::string& name) {
    const std::string spec = random_.map(4);
    return {fmt::format(R"({{"metadata":{{"managedFields":{},"name":"{}","resourceVersion":"{}"}},)"
                        R"("spec":{},"status":{{"conditions":{}}}}})",
                        random_.value(3), name, random_.below(1000), spec, random_.value(3)),
            canonical_of(fmt::format(
                R"({{"apiVersion":"{}{}{}","kind":"{}","metadata":{{"name":"{}"}},"spec":{}{}}})",
                resource.group, resource.group.empty() ? "" : "/", resource.version, resource.kind,
                name, spec, resource.kind == "Pod" ? R"(,"status":{})" : ""))};
  }

  void put(const Resource& resource) {
    const std::string name = random_.name();
    const Made made = make(resource, name);
    std::string& there = plain_[fmt::format("{} {}", resource.kind, name)];
    const auto change = state_.put_json(resource, made.sent);
    ASSERT_TRUE(change) << made.sent;
    EXPECT_EQ(change->kind, there.empty()        ? ChangeKind::Added
                            : there == made.kept ? ChangeKind::Unchanged
                                                 : ChangeKind::Modified)
        << made.sent;
    there = made.kept;
    EXPECT_EQ(canonical(change->now->root), made.kept);
  }

  void remove(const Resource& resource) {
    const std::string name = random_.name();
    const std::size_t was_there = plain_.erase(fmt::format("{} {}", resource.kind, name));
    EXPECT_EQ(state_.remove({resource.group, resource.kind, "", name}).kind,
              was_there == 1 ? ChangeKind::Removed : ChangeKind::Unchanged);
  }

  void relist(const Resource& resource) {
    std::erase_if(plain_, [&](const auto& entry) {
      return entry.first.starts_with(std::string(resource.kind) + " ");
    });
    std::string page;
    for (int i = 0; i < 12; ++i) {
      if (random_.below(2) == 0) {
        const std::string name = fmt::format("object-{}", i);
        const Made made = make(resource, name);
        plain_[fmt::format("{} {}", resource.kind, name)] = made.kept;
        page += (page.empty() ? "" : ",") + made.sent;
      }
    }
    state_.begin_list(resource);
    const testing::ListItems list("[" + page + "]");
    state_.put_items(
        resource, list.items(), [](const Change&) {},
        [](const Error& error) { ADD_FAILURE() << error.to_string(); });
    state_.end_list(resource,
                    [](const Change& change) { EXPECT_EQ(change.kind, ChangeKind::Removed); });
  }

  void check() {
    EXPECT_EQ(read_back(*state_.snapshot()), plain_);
    for (const auto& [snapshot, was] : shown_) {
      EXPECT_EQ(read_back(*snapshot), was);
    }
  }

  RandomObjects random_;
  State state_{Options{.hash_seed = 7}};
  Plain plain_;
  std::vector<std::pair<std::shared_ptr<const kube::Snapshot>, Plain>> shown_;
};

TEST(StateMemory, AgreesWithAPlainMap) {
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    StateAndMap(seed).run(500);
    if (::testing::Test::HasFailure()) {
      return;
    }
    if (seed == 10) {
      (void)document::intern("interned");
    }
  }
}

}  // namespace
}  // namespace tally::cluster_state
