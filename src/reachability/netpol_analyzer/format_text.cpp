// txt
#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "reachability/netpol_analyzer/internal/formats.hpp"

namespace tally::reachability::netpol_analyzer {
namespace {

using Kind = NetworkName::Kind;

std::string title(const NetworkName& network) {
  switch (network.kind) {
    case Kind::Pod:
      return "pod-network";
    case Kind::Namespaced:
      return "primary UDN " + network.name;
    case Kind::Cluster:
      return "primary CUDN " + network.name;
    case Kind::Secondary:
      return "secondary NAD " + network.name;
  }
  return {};
}

using Sections = std::map<NetworkName, std::vector<const ListedConnection*>>;

class TextWriter {
 public:
  explicit TextWriter(const ConnectionList& list) : list_(list) {
    for (const ListedConnection& line : list.connections()) {
      sections_[list.networks()[line.network]].push_back(&line);
    }
    for (const auto& [network, lines] : sections_) {
      has_other_networks_ = has_other_networks_ || network.kind != Kind::Pod;
    }
  }

  std::string write() {
    if (list_.options().explain) {
      write_explanations();
    } else if (list_.options().focus_connection) {
      write_focus();
    } else {
      write_lines();
    }
    if (list_.options().exposure) {
      if (!out_.empty()) {
        out_ += "\n";
      }
      write_exposure();
    }
    return std::move(out_);
  }

 private:
  void append_pair(const ListedConnection& line) {
    out_.append(list_.source_text(line)).append(" => ").append(list_.destination_text(line));
  }

  void write_lines() {
    const auto pods = sections_.find(NetworkName{});
    if (has_other_networks_) {
      out_ += "Permitted connectivity analyzed in Pod network:\n";
      if (pods == sections_.end() && list_.options().multiple_networks) {
        out_ += list_.has_pod_network_workloads()
                    ? "All connections are not allowed for the workloads in the pod-network\n"
                    : "all input workloads are configured with (C)UDN as their primary network "
                      "interface\n";
      }
    }
    for (const auto& [network, lines] : sections_) {
      if (network.kind != Kind::Pod) {
        out_ += "\nPermitted connectivity analyzed in " + title(network) + ":\n";
      }
      for (const ListedConnection* line : lines) {
        append_pair(*line);
        out_.append(" : ").append(list_.text(line->connections)).append("\n");
      }
    }
    write_workload_networks();
  }

  void write_workload_networks() {
    if (!list_.options().multiple_networks || list_.workload_networks().empty()) {
      return;
    }
    out_ += "\nWorkload-to-Networks Mapping:\n";
    for (const auto& workload : list_.workload_networks()) {
      out_ +=
          list_.peers()[workload.peer].text + ": \n\tPrimary Network: " + workload.primary + "\n";
      for (std::size_t i = 0; i < workload.secondary.size(); ++i) {
        out_ += (i == 0 ? "\tSecondary Networks: " : ",") + workload.secondary[i];
      }
      out_ += workload.secondary.empty() ? "" : "\n";
    }
  }

  void write_focus() {
    out_ += "Permitted connections on " + list_.options().focus_connection->to_string() + ":\n";
    const bool has_pods = sections_.contains(NetworkName{});
    if (has_other_networks_ && has_pods) {
      out_ += "Permitted connectivity analyzed in Pod network:\n";
    }
    for (const auto& [network, lines] : sections_) {
      if (network.kind != Kind::Pod) {
        out_ += "\nPermitted connectivity analyzed in " + title(network) + ":\n";
      }
      for (const ListedConnection* line : lines) {
        append_pair(*line);
        out_ += "\n";
      }
    }
  }

  void write_header(const std::string& header, const NetworkName& network) {
    std::string line = "# " + header;
    if (list_.options().multiple_networks) {
      line += " in " + title(network);
    }
    line += " #";
    const std::string frame(line.size(), '#');
    out_ += "\n" + frame + "\n" + line + "\n" + frame + "\n";
  }

  void write_explanations() {
    for (const auto& [network, lines] : sections_) {
      bool has_header = false;
      for (const ListedConnection* line : lines) {
        if (line->is_by_default) {
          continue;
        }
        if (!has_header) {
          write_header("Specific connections and their reasons", network);
          has_header = true;
        }
        out_ += std::string(160, '-') + "\nConnections between ";
        append_pair(*line);
        out_ += ":\n\n" + list_.explanations()[static_cast<std::size_t>(line->explanation)];
      }
      has_header = false;
      for (const ListedConnection* line : lines) {
        if (!line->is_by_default) {
          continue;
        }
        if (!has_header) {
          write_header("All Connections due to the system default (Allow all)", network);
          has_header = true;
        }
        append_pair(*line);
        out_ += "\n";
      }
    }
    if (list_.has_separate_networks()) {
      out_ +=
          "\n*** Note: Connections between any peers from separate isolated networks are denied by "
          "default and therefore not listed in this report.";
    }
  }

  void write_exposure_lines(const std::vector<ExposureLine>& lines, std::string_view arrow) {
    for (const ExposureLine& line : lines) {
      out_ += line.workload + std::string(width_ - std::min(width_, line.workload.size()), ' ');
      out_.append(" \t").append(arrow).append(" \t").append(line.other);
      if (!list_.options().focus_connection) {
        out_ += " : " + line.connections;
      }
      out_ += "\n";
    }
  }

  void write_exposure() {
    const ExposureLines lines = exposure_lines(list_);
    for (const Exposure& exposure : list_.exposure()) {
      width_ = std::max(width_, list_.peers()[exposure.workload].text.size());
    }
    out_ += "Exposure Analysis Result";
    if (list_.options().focus_connection) {
      out_ += " On " + list_.options().focus_connection->to_string();
    }
    out_ += ":\n";
    if (!lines.egress.empty()) {
      out_ += "Egress Exposure:\n";
      write_exposure_lines(lines.egress, "=>");
    }
    if (!lines.ingress.empty()) {
      out_ += lines.egress.empty() ? "Ingress Exposure:\n" : "\nIngress Exposure:\n";
      write_exposure_lines(lines.ingress, "<=");
    }
    if (!lines.unprotected.empty() && !list_.options().focus_connection) {
      out_ += "\nWorkloads not protected by network policies:\n";
      for (const std::string& line : lines.unprotected) {
        out_ += line + "\n";
      }
    }
  }

  const ConnectionList& list_;
  Sections sections_;
  bool has_other_networks_ = false;
  std::size_t width_ = 0;
  std::string out_;
};

}  // namespace

std::string list_as_text(const ConnectionList& list) { return TextWriter(list).write(); }

ExposureLines exposure_lines(const ConnectionList& list) {
  using network_policy::Direction;
  ExposureLines lines;
  std::map<std::uint32_t, std::vector<ExposureLine>> outside[2];  // by workload
  for (const ListedConnection& line : list.connections()) {
    if (line.connections == kNoConnection) {
      continue;
    }
    const ListedPeer& source = list.peers()[line.source];
    const ListedPeer& destination = list.peers()[line.destination];
    if (source.block) {
      outside[0][line.destination].push_back(
          {destination.text, source.text, list.text(line.connections)});
    } else if (destination.block) {
      outside[1][line.source].push_back(
          {source.text, destination.text, list.text(line.connections)});
    }
  }
  for (const Exposure& exposure : list.exposure()) {
    const std::string& name = list.peers()[exposure.workload].text;
    for (const Direction direction : {Direction::Ingress, Direction::Egress}) {
      const auto place = static_cast<std::size_t>(direction);
      const ExposureSide& side = exposure.sides[place];
      auto& target = direction == Direction::Ingress ? lines.ingress : lines.egress;
      if (side.is_listed && !side.is_protected) {
        target.push_back({name, std::string(kEntireCluster), "All Connections"});
        lines.unprotected.push_back(name + " is not protected on " +
                                    (direction == Direction::Ingress ? "Ingress" : "Egress"));
      }
      for (const ExposedTo& to : side.to) {
        target.push_back({name, to.peer, to.connections});
      }
      if (const auto at = outside[place].find(exposure.workload); at != outside[place].end()) {
        std::ranges::copy(at->second, std::back_inserter(target));
      }
    }
  }
  const auto by_names = [](const ExposureLine& line) {
    return std::tie(line.workload, line.other, line.connections);
  };
  std::ranges::sort(lines.egress, {}, by_names);
  std::ranges::sort(lines.ingress, {}, by_names);
  std::ranges::sort(lines.unprotected);
  return lines;
}

}  // namespace tally::reachability::netpol_analyzer
