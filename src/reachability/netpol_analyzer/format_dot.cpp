// dot
#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "reachability/netpol_analyzer/internal/formats.hpp"
#include "scalar/go_quote.hpp"

namespace tally::reachability::netpol_analyzer {
namespace {

std::string quoted(std::string_view text) {
  std::string out;
  scalar::append_go_quoted(out, text);
  return out;
}

std::string peer_line(std::string_view name, std::string_view label, std::string_view color,
                      std::string_view more = {}) {
  return "\t" + quoted(name) + " [label=" + quoted(label) + " color=" + quoted(color) +
         " fontcolor=" + quoted(color) + std::string(more) + "]";
}

std::string edge_line(std::string_view from, std::string_view to, std::string_view label,
                      std::string_view color, std::string_view weight,
                      std::string_view style = {}) {
  return "\t" + quoted(from) + " -> " + quoted(to) + " [label=" + quoted(label) +
         " color=" + quoted(color) + " fontcolor=\"darkgreen\" weight=" + std::string(weight) +
         std::string(style) + "]";
}

class DotWriter {
 public:
  explicit DotWriter(const ConnectionList& list) : list_(list) {}

  std::string write() {
    for (const ListedConnection& line : list_.connections()) {
      if (line.connections == kNoConnection) {
        continue;
      }
      add_peer(line.source);
      add_peer(line.destination);
      const std::string& from = list_.source_text(line);
      const std::string& to = list_.destination_text(line);
      // Both ways of a pair have the same weight, that the drawing does not depend on their order.
      edges_.push_back(
          edge_line(from, to, list_.text(line.connections), "gold2", from < to ? "0.5" : "1"));
    }
    for (std::uint32_t i = 0; i < list_.peers().size(); ++i) {
      const ListedPeer& peer = list_.peers()[i];
      if (!peer.block && !peer.is_ingress_controller) {
        add_peer(i);
      }
    }
    add_exposure();
    std::ranges::sort(outside_);
    std::ranges::sort(edges_);
    std::string out = "digraph {\n";
    append_groups(out, namespaces_, "black");
    append_groups(out, absent_namespaces_, "red2");
    for (const auto* lines : {&outside_, &edges_}) {
      for (const std::string& line : *lines) {
        out += line + "\n";
      }
    }
    return out + "}";
  }

 private:
  using Groups = std::map<std::string, std::vector<std::string>>;

  void add_peer(std::uint32_t place) {
    if (!seen_.insert(place).second) {
      return;
    }
    const ListedPeer& peer = list_.peers()[place];
    if (peer.block) {
      outside_.push_back(peer_line(peer.text, peer.text, "red2"));
    } else if (peer.is_ingress_controller) {
      outside_.push_back(peer_line(peer.text, peer.text, "blue"));
    } else {
      namespaces_[peer.marked.substr(0, peer.marked.find('/'))].push_back(
          peer_line(peer.marked, peer.name + "[" + peer.kind + "]", "blue"));
    }
  }

  void add_exposure() {
    bool has_cluster = false;
    std::set<std::string> shown;
    for (const Exposure& exposure : list_.exposure()) {
      const std::string& name = list_.peers()[exposure.workload].marked;
      for (const bool is_ingress : {true, false}) {
        const ExposureSide& side = exposure.sides[is_ingress ? 0 : 1];
        const auto add = [&](const std::string& other, const std::string& connections) {
          edges_.push_back(
              is_ingress
                  ? edge_line(other, name, connections, "darkorange2", "1", " style=dashed")
                  : edge_line(name, other, connections, "darkorange4", "0.5", " style=dashed"));
        };
        if (side.is_listed && !side.is_protected) {
          has_cluster = true;
          add(std::string(kEntireCluster), "All Connections");
        }
        for (const ExposedTo& to : side.to) {
          if (to.peer == kEntireCluster) {
            has_cluster = true;
            add(to.peer, to.connections);
            continue;
          }
          const std::string other = to.pod_label + "_in_" + to.name_space_label;
          if (shown.insert(other).second) {
            auto& groups =
                namespaces_.contains(to.name_space_label) ? namespaces_ : absent_namespaces_;
            groups[to.name_space_label].push_back(peer_line(other, to.pod_label, "red2"));
          }
          add(other, to.connections);
        }
      }
    }
    if (has_cluster) {
      outside_.push_back(peer_line(kEntireCluster, kEntireCluster, "red2", " shape=diamond"));
    }
  }

  static void append_groups(std::string& out, const Groups& groups, std::string_view color) {
    for (const auto& [name, lines] : groups) {
      std::string id = name;
      std::ranges::replace_if(
          id,
          [](char c) {
            return (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z');
          },
          '_');
      out += "\tsubgraph " + quoted("cluster_" + id) + " {\n\t\tcolor=" + quoted(color) +
             "\n\t\tfontcolor=" + quoted(color) + "\n";
      std::vector<std::string> sorted = lines;
      std::ranges::sort(sorted);
      for (const std::string& line : sorted) {
        out += "\t" + line + "\n";
      }
      out += "\t\tlabel=" + quoted(name) + "\n\t}\n";
    }
  }

  const ConnectionList& list_;
  Groups namespaces_;
  Groups absent_namespaces_;
  std::vector<std::string> outside_;
  std::vector<std::string> edges_;
  std::set<std::uint32_t> seen_;
};

}  // namespace

std::string list_as_dot(const ConnectionList& list) { return DotWriter(list).write(); }

}  // namespace tally::reachability::netpol_analyzer
