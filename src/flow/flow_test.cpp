// Readers of observed flows, and how their sides are resolved.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "document/read.hpp"
#include "flow/flow_set.hpp"
#include "flow/reader.hpp"
#include "kube/api_kinds.hpp"
#include "kube/objects.hpp"

namespace tally::flow {
namespace {

constexpr std::string_view kPods = R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec: {template: {metadata: {labels: {app: web}}, spec: {containers: [{name: a, image: a}]}}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: shop}
spec: {template: {metadata: {labels: {app: db, tier: back}}, spec: {containers: [{name: a, image: a}]}}}
---
apiVersion: v1
kind: Pod
metadata: {name: ledger, namespace: bank, labels: {app: ledger}}
spec: {containers: [{name: a, image: a}]}
status: {podIP: 10.0.0.3}
---
apiVersion: v1
kind: Pod
metadata: {name: agent, namespace: bank, labels: {app: agent}}
spec: {hostNetwork: true, containers: [{name: a, image: a}]}
status: {podIP: 192.168.0.1}
)";

class World {
 public:
  World() : source_(document::Source::from_text("test.yaml", kPods)) {
    kube::load_api_kinds();
    std::vector<document::Document> documents;
    std::vector<document::DocumentError> errors;
    for (const document::Slice& slice : document::split(*source_)) {
      document::read_slice(*source_, slice, arena_, {}, documents, errors);
    }
    EXPECT_TRUE(errors.empty());
    std::vector<kube::Object> objects;
    for (const document::Document& document : documents) {
      objects.push_back(*kube::object_from_node(document.root, source_.get()));
    }
    snapshot_ = kube::Snapshot::create(std::move(objects), "default");
    topology_ = std::make_unique<topology::Topology>(topology::Topology::read(*snapshot_));
  }
  [[nodiscard]] const topology::Topology& topology() const { return *topology_; }

 private:
  Arena arena_;
  std::shared_ptr<const document::Source> source_;
  std::shared_ptr<const kube::Snapshot> snapshot_;
  std::unique_ptr<topology::Topology> topology_;
};

struct Reading {
  explicit Reading(std::string_view text, const FlowLimits& limits = {}, std::size_t piece = 7)
      : set(world.topology()), reader(limits, [this](const Flow& flow) { set.add(flow); }) {
    // In pieces, as a pipe brings them.
    for (std::size_t at = 0; at < text.size(); at += piece) {
      reader.feed(text.substr(at, piece));
    }
    reader.finish();
  }
  [[nodiscard]] std::string text() const {
    std::string out;
    for (const auto& [one, seen] : set.connections()) {
      out.append(out.empty() ? "" : "; ")
          .append(set.to_string(one.source))
          .append(" -> ")
          .append(set.to_string(one.destination))
          .append(" ")
          .append(scalar::protocol_name(one.protocol))
          .append(" ")
          .append(std::to_string(one.port))
          .append(" ")
          .append(to_text(one.verdict))
          .append(" x")
          .append(std::to_string(seen.times));
    }
    return out;
  }
  World world;
  FlowSet set;
  FlowReader reader;
};

struct Row {
  std::string_view what;
  std::string_view text;
  Format format;
  std::string_view expected;
};

constexpr Row kRows[] = {
    {"hubble",
     R"({"flow":{"time":"2026-01-02T03:04:05.5Z","verdict":"FORWARDED","IP":{"source":"10.0.0.9","destination":"10.0.0.3"},"l4":{"TCP":{"source_port":40000,"destination_port":80}},"source":{"namespace":"shop","labels":["k8s:app=web"],"pod_name":"web-5d4f8c7b9-x2x9k","workloads":[{"name":"web","kind":"Deployment"}]},"destination":{"namespace":"bank","pod_name":"ledger"},"is_reply":false}})",
     Format::Hubble, "shop/web -> bank/ledger TCP 80 forwarded x1"},
    {"hubble without the wrapper",
     R"({"verdict":"DROPPED","l4":{"UDP":{"destination_port":53}},"source":{"namespace":"shop","pod_name":"db-0"},"destination":{"labels":["reserved:world"]},"IP":{"source":"10.0.0.9","destination":"8.8.8.8"}})",
     Format::Hubble, "shop/db -> 8.8.8.8 UDP 53 denied x1"},
    {"hubble: a reply is passed over",
     R"({"flow":{"verdict":"FORWARDED","l4":{"TCP":{"destination_port":40000}},"is_reply":true}})",
     Format::Hubble, ""},
    {"hubble: lost events are passed over", R"({"lost_events":{"num_events_lost":3}})",
     Format::Hubble, ""},
    {"hubble: entities",
     R"({"flow":{"verdict":"FORWARDED","l4":{"TCP":{"destination_port":6443}},"source":{"namespace":"shop","pod_name":"web-1"},"destination":{"labels":["reserved:kube-apiserver","reserved:remote-node"]}}})",
     Format::Hubble, "shop/web -> remote-node TCP 6443 forwarded x1"},
    {"hubble: ICMP",
     R"({"flow":{"verdict":"FORWARDED","l4":{"ICMPv4":{"type":8}},"source":{"namespace":"shop","pod_name":"web-1"},"destination":{"namespace":"shop","pod_name":"db-0"}}})",
     Format::Hubble, "shop/web -> shop/db ICMP 2048 forwarded x1"},
    {"hubble: by labels",
     R"({"flow":{"verdict":"FORWARDED","l4":{"TCP":{"destination_port":5432}},"source":{"namespace":"shop","pod_name":"odd","labels":["k8s:app=web","k8s:io.cilium.k8s.policy.cluster=c"]},"destination":{"namespace":"shop","pod_name":"odder","labels":["k8s:tier=back","k8s:app=db"]}}})",
     Format::Hubble, "shop/web -> shop/db TCP 5432 forwarded x1"},
    {"hubble: a pod that is not there",
     R"({"flow":{"verdict":"FORWARDED","l4":{"TCP":{"destination_port":1}},"source":{"namespace":"shop","pod_name":"gone-1","labels":["k8s:app=gone"]},"destination":{"namespace":"shop","pod_name":"db-0"}}})",
     Format::Hubble, "shop/db TCP"},
    {"calico",
     R"({"start_time":1,"end_time":1700000000,"source_name":"-","source_name_aggr":"web-5d4f8c7b9-*","source_namespace":"shop","source_type":"wep","dest_name":"-","dest_name_aggr":"db-*","dest_namespace":"shop","dest_type":"wep","dest_port":5432,"proto":"tcp","action":"allow","num_flows":4,"source_labels":{"labels":["app=web"]}})",
     Format::Calico, "shop/web -> shop/db TCP 5432 forwarded x4"},
    {"calico: goldmane",
     R"({"action":"Deny","sourceName":"web-*","sourceNamespace":"shop","sourceType":"WorkloadEndpoint","destName":"pub","destNamespace":"-","destType":"Network","destPort":443,"protocol":"tcp","sourceLabels":"app=web | tier=front"})",
     Format::Calico, "shop/web -> world TCP 443 denied x1"},
    {"calico: protocol by number",
     R"({"source_name":"ledger","source_namespace":"bank","source_type":"wep","dest_type":"net","dest_ip":"1.2.3.4","dest_port":53,"proto":"17","action":"allow"})",
     Format::Calico, "bank/ledger -> 1.2.3.4 UDP 53 forwarded x1"},
    {"istio, outbound",
     R"([2026-01-02T03:04:05.678Z] "GET /status/418 HTTP/1.1" 418 - via_upstream - "-" 0 135 3 1 "-" "curl/7.73.0-DEV" "84961386-6d84-929d-98bd-c5aee93b5c88" "httpbin:8000" "10.0.0.3:80" outbound|8000||httpbin.foo.svc.cluster.local 10.44.1.23:37652 10.0.45.184:8000 10.44.1.23:46520 - default)",
     Format::Istio, "10.44.1.23 -> bank/ledger TCP 80 forwarded x1"},
    {"istio, inbound",
     R"([2026-01-02T03:04:05.678Z] "GET / HTTP/1.1" 403 - rbac_access_denied_matched_policy[none] - "-" 0 19 0 - "-" "a gent" "x" "ledger" "-" inbound|80|| - 10.0.0.3:80 10.44.1.23:46520 - default)",
     Format::Istio, "10.44.1.23 -> bank/ledger TCP 80 denied x1"},
    {"istio as JSON",
     R"({"start_time":"2026-01-02T03:04:05.678Z","upstream_host":"[fd00::7]:443","upstream_cluster":"PassthroughCluster","downstream_local_address":"1.1.1.1:443","downstream_remote_address":"10.0.0.3:999","response_code_details":null})",
     Format::Istio, "bank/ledger -> fd00::7 TCP 443 forwarded x1"},
    {"csv, added up",
     "Source,Destination,Protocol,Port,Time,Verdict\nshop/web,shop/"
     "db,TCP,5432,2026-01-02T03:04:05Z,"
     "allowed\nweb,10.0.0.3,udp,53,,\n\nshop/web-7,shop/db-1,tcp,5432,,\n",
     Format::Csv,
     "shop/web -> bank/ledger UDP 53 forwarded x1; shop/web -> shop/db TCP 5432 forwarded x2"},
    {"csv with quotes and count",
     "port,protocol,destination,source,count,note\n80,TCP,world,\"shop/web\",12,\"a, "
     "\"\"b\"\"\"\r\n",
     Format::Csv, "shop/web -> world TCP 80 forwarded x12"},
    {"csv with a byte order mark", "\xEF\xBB\xBFsource,destination,protocol,port\nweb,db,SCTP,9",
     Format::Csv, "shop/web -> shop/db SCTP 9 forwarded x1"},
    {"a pod on its node's network is not known by address",
     "source,destination,protocol,port\nshop/web,192.168.0.1,TCP,10250\n", Format::Csv,
     "shop/web -> 192.168.0.1 TCP 10250 forwarded x1"},
};

TEST(Flow, Formats) {
  for (const Row& row : kRows) {
    const Reading reading(row.text);
    EXPECT_EQ(reading.reader.format(), row.format) << row.what;
    EXPECT_EQ(reading.reader.counts().problems, 0U)
        << row.what << ": "
        << (reading.reader.problems().empty() ? "" : reading.reader.problems()[0].message);
    if (row.expected.starts_with("shop/db TCP")) {
      EXPECT_TRUE(reading.text().contains("shop/gone-1 (not in the input)")) << reading.text();
      EXPECT_EQ(reading.set.unresolved(), 1U);
    } else {
      EXPECT_EQ(reading.text(), row.expected) << row.what;
    }
  }
}

struct Bad {
  std::string_view text;
  std::uint64_t line;
  std::string_view message;
};

TEST(Flow, RefusesWithTheLineAndReadsTheRest) {
  constexpr Bad kBad[] = {
      {"{\"flow\": [}\n", 1, ""},
      {"\n{\"flow\":{\"l4\":{\"TCP\":{}}}}\n", 2, "destination_port"},
      {"{\"flow\":{\"l4\":{\"TCP\":{\"destination_port\":70000}}}}\n", 1, "destination_port"},
      {"{\"flow\":{\"l4\":{\"GRE\":{}}}}\n", 1, "no TCP"},
      {"{\"a\":1}\n", 1, "neither"},
      {"{\"a\":1}{\"a\":1}\n", 1, "one JSON object"},
      {"{\"proto\":\"gre\",\"dest_port\":1}\n", 1, "protocol"},
      {"{\"proto\":\"tcp\",\"dest_port\":0}\n", 1, "port"},
      {"{\"proto\":\"tcp\",\"dest_port\":\"http\"}\n", 1, "port"},
      {"{\"downstream_remote_address\":\"x\",\"upstream_host\":\"y\"}\n", 1, "addresses"},
      {"[2026-01-02T03:04:05Z] \"GET\" 1 2 3\n", 1, "fields"},
      {"[nonsense] a b c d e f g h i j k l m n o p q r s t u v w\n", 1, "fields"},
      {"nonsense\n", 1, "expected JSON"},
      {"source,destination,port\n", 1, "header"},
      {"source,destination,protocol,port\na,b,TCP\n", 2, "3 fields"},
      {"source,destination,protocol,port\na,b,TCP,0\n", 2, "port"},
      {"source,destination,protocol,port\na,b,TCP,http\n", 2, "port"},
      {"source,destination,protocol,port\na,b,GRE,1\n", 2, "protocol"},
      {"source,destination,protocol,port\n,b,TCP,1\n", 2, "source is empty"},
      {"source,destination,protocol,port\n\"a,b,TCP,1\n", 2, "no end"},
      {"source,destination,protocol,port\n\"a\"x,b,TCP,1\n", 2, "followed"},
      {"source,destination,protocol,port,time\na,b,TCP,1,yesterday\n", 2, "RFC 3339"},
      {"source,destination,protocol,port,count\na,b,TCP,1,0\n", 2, "count"},
  };
  for (const Bad& bad : kBad) {
    const Reading reading(bad.text);
    ASSERT_EQ(reading.reader.problems().size(), 1U) << bad.text;
    EXPECT_EQ(reading.reader.problems()[0].line, bad.line) << bad.text;
    EXPECT_TRUE(reading.reader.problems()[0].message.contains(bad.message))
        << bad.text << reading.reader.problems()[0].message;
    EXPECT_EQ(reading.reader.counts().flows, 0U) << bad.text;
  }
  const Reading mixed("source,destination,protocol,port\nx\nshop/web,shop/db,TCP,1\n");
  EXPECT_EQ(mixed.reader.counts().problems, 1U);
  EXPECT_EQ(mixed.text(), "shop/web -> shop/db TCP 1 forwarded x1");
}

TEST(Flow, Limits) {
  const std::string header = "source,destination,protocol,port\n";
  const std::string line = "shop/web,shop/db,TCP,1\n";
  const std::size_t bytes = line.size() - 1;
  EXPECT_EQ(Reading(header + line, {.line_bytes = header.size()}).reader.counts().flows, 1U);
  // Long lines are passed over, however the bytes come.
  const std::string longer = header + std::string(100, 'x') + "\n" + line;
  for (const std::size_t piece : {1U, 7U, 1000U}) {
    const Reading reading(longer, {.line_bytes = 40}, piece);
    EXPECT_EQ(reading.reader.counts().flows, 1U) << piece;
    ASSERT_EQ(reading.reader.problems().size(), 1U) << piece;
    EXPECT_EQ(reading.reader.problems()[0].line, 2U) << piece;
  }
  EXPECT_GT(bytes, 0U);
  const Reading three(header + line + line + line, {.lines = 3});
  EXPECT_EQ(three.reader.counts().flows, 2U);
  EXPECT_EQ(three.reader.counts().problems, 1U);
  const Reading few(header + "x\nx\nx\n", {.problems = 2});
  EXPECT_EQ(few.reader.problems().size(), 2U);
  EXPECT_EQ(few.reader.counts().problems, 3U);
  const std::string deep = "{\"flow\":" + std::string(60, '[') + std::string(60, ']') + "}\n";
  EXPECT_EQ(Reading(deep).reader.counts().problems, 1U);
  const World world;
  FlowSet set(world.topology(), 1);
  for (const std::uint16_t port : {std::uint16_t{1}, std::uint16_t{2}}) {
    Flow flow;
    flow.port = port;
    set.add(flow);
  }
  EXPECT_EQ(set.connections().size(), 1U);
  EXPECT_EQ(set.left_out(), 1U);
}

TEST(Flow, FirstAndLast) {
  const Reading reading(
      "source,destination,protocol,port,time\nweb,db,TCP,1,2026-01-02T00:00:00Z\n"
      "web,db,TCP,1,2026-01-01T00:00:00Z\nweb,db,TCP,1,2026-01-03T00:00:00Z\n");
  ASSERT_EQ(reading.set.connections().size(), 1U);
  const Seen& seen = reading.set.connections().begin()->second;
  EXPECT_EQ(seen.times, 3U);
  EXPECT_EQ(seen.line, 2U);
  EXPECT_EQ(scalar::timestamp_text(*seen.first).text(), "2026-01-01T00:00:00Z");
  EXPECT_EQ(scalar::timestamp_text(*seen.last).text(), "2026-01-03T00:00:00Z");
}

}  // namespace
}  // namespace tally::flow
