// Rule: telemetry that a manifest sets up gets through.
// Examined: OTLP, sent to the endpoint in OTEL_EXPORTER_OTLP_*ENDPOINT (TCP 4317, or 4318 over
// HTTP, unless it says another port), if the workload is isolated for egress; Prometheus, which
// fetches from the port in the annotation prometheus.io/port or the one that a ServiceMonitor or
// PodMonitor of the input names, if it is isolated for ingress. Reported if no rule speaks of the
// port in that direction.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "kube/selectors.hpp"
#include "reachability/lint/checks/all.hpp"
#include "reachability/lint/checks/controls.hpp"
#include "reachability/lint/internal/needs.hpp"
#include "reachability/mesh/enrolment.hpp"

namespace tally::reachability::linting {
namespace {

using network_policy::Direction;
using scalar::Protocol;

constexpr std::uint16_t kOtlpPort = 4317;
constexpr std::uint16_t kOtlpHttpPort = 4318;
constexpr std::array kReferences = {
    std::string_view{"https://opentelemetry.io/docs/languages/sdk-configuration/otlp-exporter/"},
    std::string_view{"https://prometheus-operator.dev/docs/api-reference/api/"}};
constexpr finding::Check kCheck{
    .engine = "network",
    .policy = "cross-layer",
    .id = "telemetry-cut-off",
    .title = "Policies stop the telemetry",
    .description =
        "The manifests set up traces or metrics, and the policies let nothing through on that "
        "port. Nobody sees that something is missing until it is needed: an incident without "
        "records.",
    .remedy =
        "Allow the port of the collector (TCP 4317, 4318) for egress, and the metrics port for "
        "ingress from the namespace of Prometheus.",
    .severity = finding::Severity::Medium,
    .controls = kOperation,
    .references = kReferences};

bool is_otlp(std::string_view name) {
  constexpr std::array<std::string_view, 4> kNames{
      "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
      "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT"};
  return std::ranges::find(kNames, name) != kNames.end();
}

void add_otlp(const View& view, std::uint32_t workload, std::vector<Cut>& cuts) {
  const Workload& own = view.world().workloads()[workload];
  const topology::Endpoint& endpoint = view.topology().endpoints()[own.endpoints.front()];
  bool is_http = false;
  for_each_variable(endpoint, [&](const Variable& variable) {
    is_http = is_http || (variable.name == "OTEL_EXPORTER_OTLP_PROTOCOL" &&
                          variable.value->text().starts_with("http"));
  });
  bool is_said = false;
  for_each_variable(endpoint, [&](const Variable& variable) {
    const std::string_view text = variable.value->text();
    // The agent of the pod's own node is always reached.
    if (is_said || !is_otlp(variable.name) || text.empty() || text.contains("$(")) {
      return;
    }
    const Address address = address_of(text);
    if (address.host == "localhost" || address.host == "127.0.0.1") {
      return;
    }
    const std::uint16_t port =
        port_behind(view, address, own.name_space, is_http ? kOtlpHttpPort : kOtlpPort);
    if (!view.speaks_of(own.class_id, Direction::Egress, Protocol::Tcp, port)) {
      cuts.push_back(
          {.workload = workload,
           .evidence = fmt::format("{} of container {} ({})", variable.name, variable.container,
                                   place_of(*endpoint.object, variable.value->offset())),
           .what = fmt::format("TCP {}", port)});
      is_said = true;
    }
  });
}

void add_scraped(const View& view, std::uint32_t workload, std::vector<Cut>& cuts) {
  const Workload& own = view.world().workloads()[workload];
  const topology::Endpoint& endpoint = view.topology().endpoints()[own.endpoints.front()];
  if (mesh::pod_annotation(endpoint, "prometheus.io/scrape") != "true") {
    return;
  }
  const auto port = mesh::pod_annotation(endpoint, "prometheus.io/port");
  const std::uint16_t number = port ? address_of(fmt::format(":{}", *port)).port : 0;
  if (number != 0 && !view.speaks_of(own.class_id, Direction::Ingress, Protocol::Tcp, number)) {
    cuts.push_back(
        {.workload = workload,
         .direction = Direction::Ingress,
         .evidence = fmt::format("annotation prometheus.io/port ({})",
                                 place_of(*endpoint.object, endpoint.object->metadata.offset())),
         .what = fmt::format("TCP {}", number)});
  }
}

// The ports of a pod that a monitor fetches from: those of `endpoints` by the name of the Service's
// port, those of `podMetricsEndpoints` by the name of the container's.
class Monitors {
 public:
  explicit Monitors(const View& view) : view_(view) {
    services_.resize(view.topology().namespaces().size());
    for (const topology::Service& service : view.topology().services()) {
      services_[service.name_space].push_back(&service);
    }
    for (const std::string_view kind : {"ServiceMonitor", "PodMonitor"}) {
      for (const std::uint32_t at : view.snapshot().by_kind("monitoring.coreos.com", kind)) {
        read(view.snapshot().objects()[at]);
      }
    }
  }

  void add(std::uint32_t workload, std::vector<Cut>& cuts) const {
    const Workload& own = view_.world().workloads()[workload];
    const topology::Endpoint& endpoint = view_.topology().endpoints()[own.endpoints.front()];
    for (const Monitor& monitor : monitors_) {
      if (!monitor.is_everywhere &&
          std::ranges::find(monitor.namespaces, own.name_space) == monitor.namespaces.end()) {
        continue;
      }
      for (const std::uint16_t port : ports_of(monitor, endpoint)) {
        if (!view_.speaks_of(own.class_id, Direction::Ingress, Protocol::Tcp, port)) {
          cuts.push_back(
              {.workload = workload,
               .direction = Direction::Ingress,
               .evidence = fmt::format("{} ({})", title_of(*monitor.object),
                                       place_of(*monitor.object, monitor.object->root.offset())),
               .what = fmt::format("TCP {}", port)});
          return;
        }
      }
    }
  }

 private:
  struct Monitor {
    const kube::Object* object = nullptr;
    bool is_of_pods = false;
    bool is_everywhere = false;
    std::vector<std::string_view> namespaces{};
    std::optional<scalar::LabelSelector> selector{};
    std::vector<std::string_view> ports{};
  };

  void read(const kube::Object& object) {
    const document::Node* spec = object.root.find("spec");
    const document::Node* selector = spec == nullptr ? nullptr : spec->find("selector");
    if (selector == nullptr) {
      return;
    }
    Monitor monitor{.object = &object, .is_of_pods = object.ref.kind == "PodMonitor"};
    if (auto labels = kube::read_label_selector(*selector)) {
      monitor.selector = *std::move(labels);
    }
    const document::Node* where = spec->find("namespaceSelector");
    const document::Node* any = where == nullptr ? nullptr : where->find("any");
    const document::Node* names = where == nullptr ? nullptr : where->find("matchNames");
    monitor.is_everywhere = any != nullptr && any->boolean();
    for (std::size_t i = 0; names != nullptr && i < names->size(); ++i) {
      monitor.namespaces.push_back(names->items()[i].text());
    }
    if (monitor.namespaces.empty()) {
      monitor.namespaces.push_back(object.ref.name_space);
    }
    const document::Node* list =
        spec->find(monitor.is_of_pods ? "podMetricsEndpoints" : "endpoints");
    for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
      if (const document::Node* port = list->items()[i].find("port"); port != nullptr) {
        monitor.ports.push_back(port->text());
      }
    }
    monitors_.push_back(std::move(monitor));
  }

  [[nodiscard]] std::vector<std::uint16_t> ports_of(const Monitor& monitor,
                                                    const topology::Endpoint& pod) const {
    std::vector<std::uint16_t> ports;
    if (!monitor.selector) {
      return ports;
    }
    if (monitor.is_of_pods) {
      if (monitor.selector->matches([&](std::string_view key) { return pod.label(key); })) {
        for (const topology::ContainerPort& port : pod.ports) {
          if (std::ranges::find(monitor.ports, port.name) != monitor.ports.end()) {
            ports.push_back(port.port);
          }
        }
      }
      return ports;
    }
    for (const topology::Service* one : services_[pod.name_space]) {
      const topology::Service& service = *one;
      const bool is_behind =
          service.selector &&
          service.selector->matches([&](std::string_view key) { return pod.label(key); }) &&
          monitor.selector->matches(
              [&](std::string_view key) { return service.object->label(key); });
      for (const topology::ServicePort& port : service.ports) {
        if (!is_behind || std::ranges::find(monitor.ports, port.name) == monitor.ports.end()) {
          continue;
        }
        if (port.target_name.empty()) {
          ports.push_back(port.target_port);
          continue;
        }
        const auto named = topology::named_ports(pod, port.target_name, port.protocol);
        for (const auto& interval : named.intervals()) {
          ports.push_back(interval.first);
        }
      }
    }
    return ports;
  }

  const View& view_;
  std::vector<std::vector<const topology::Service*>> services_;  // by namespace
  std::vector<Monitor> monitors_;
};

void examine(View& view, Reporter& reporter) {
  const Monitors monitors(view);
  std::vector<Cut> cuts;
  const auto workloads = view.world().workloads();
  for (std::uint32_t i = 0; i < workloads.size(); ++i) {
    if (view.is_isolated(workloads[i].class_id, Direction::Egress)) {
      add_otlp(view, i, cuts);
    }
    if (view.is_isolated(workloads[i].class_id, Direction::Ingress)) {
      const std::size_t before = cuts.size();
      add_scraped(view, i, cuts);
      if (cuts.size() == before) {
        monitors.add(i, cuts);
      }
    }
  }
  report_cuts(view, reporter, kCheck, cuts,
              {.from = "telemetry", .allowed = "a rule for the port of telemetry"});
}

}  // namespace

Row telemetry_cut_off_check() { return {.check = &kCheck, .examine = examine}; }

}  // namespace tally::reachability::linting
