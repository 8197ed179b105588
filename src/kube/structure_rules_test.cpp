// Rules of types: handlers, volume sources, schedules, times, and the text of a missing selector.
#include "kube/internal/structure_cases.hpp"

namespace tally::kube {
namespace {

std::string pod(const std::string& container_more, const std::string& spec_more = "") {
  return "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: a, image: b" +
         container_more + "}]" + spec_more + "}}";
}

struct PodRow {
  const char* name;
  std::string text;
  std::vector<std::string> expected;
};

void expect_pods(const std::vector<PodRow>& rows) {
  for (const PodRow& row : rows) {
    expect_rows({{row.name, row.text.c_str(), row.expected}});
  }
}

TEST(StructureRules, HandlersOfProbesAndHooks) {
  const std::string at = "/spec/containers/0/";
  const std::string path = "spec.containers[0].";
  expect_pods({
      {"http", pod(", livenessProbe: {httpGet: {port: 80}}"), {}},
      {"tcp by name", pod(", readinessProbe: {tcpSocket: {port: http}, successThreshold: 3}"), {}},
      {"grpc", pod(", startupProbe: {grpc: {port: 9000}, successThreshold: 0}"), {}},
      {"exec", pod(", livenessProbe: {exec: {command: [a]}, httpGet: null}"), {}},
      {"hooks",
       pod(", lifecycle: {preStop: {sleep: {seconds: 1}}, postStart: {exec: {command: [a]}}}"),
       {}},
      {"no handler",
       pod(", livenessProbe: {periodSeconds: 3}"),
       {"required-field " + at + "livenessProbe: " + path +
        "livenessProbe: Required value: must specify a handler type"}},
      {"null handler",
       pod(", readinessProbe: {exec: null}"),
       {"required-field " + at + "readinessProbe: " + path +
        "readinessProbe: Required value: must specify a handler type"}},
      {"two handlers",
       pod(", livenessProbe: {tcpSocket: {port: 1}, httpGet: {port: 80}}"),
       {"invalid-value " + at + "livenessProbe/tcpSocket: " + path +
        "livenessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type"}},
      {"no command",
       pod(", livenessProbe: {exec: {}}"),
       {"required-field " + at + "livenessProbe/exec/command: " + path +
        "livenessProbe.exec.command: Required value"}},
      {"port out of range",
       pod(", livenessProbe: {httpGet: {port: 70000}}"),
       {"invalid-port " + at + "livenessProbe/httpGet/port: " + path +
        "livenessProbe.httpGet.port: Invalid value: 70000: must be between 1 and 65535"}},
      {"port name",
       pod(", livenessProbe: {tcpSocket: {port: HTTP}}"),
       {"invalid-port " + at + "livenessProbe/tcpSocket/port: " + path +
        "livenessProbe.tcpSocket.port: Invalid value: \"HTTP\""}},
      {"success threshold",
       pod(", livenessProbe: {httpGet: {port: 80}, successThreshold: 2}"),
       {"invalid-value " + at + "livenessProbe/successThreshold: " + path +
        "livenessProbe.successThreshold: Invalid value: 2: must be 1"}},
      {"negative",
       pod(", readinessProbe: {httpGet: {port: 80}, periodSeconds: -1}"),
       {"invalid-value " + at + "readinessProbe/periodSeconds: " + path +
        "readinessProbe.periodSeconds: Invalid value: -1: must be greater than or equal to 0"}},
      {"grace period",
       pod(", livenessProbe: {httpGet: {port: 80}, terminationGracePeriodSeconds: 0}"),
       {"invalid-value " + at + "livenessProbe/terminationGracePeriodSeconds: " + path +
        "livenessProbe.terminationGracePeriodSeconds: Invalid value: 0: must be greater than 0"}},
      {"grace period of readiness",
       pod(", readinessProbe: {httpGet: {port: 80}, terminationGracePeriodSeconds: 9}"),
       {"invalid-value " + at + "readinessProbe/terminationGracePeriodSeconds: " + path +
        "readinessProbe.terminationGracePeriodSeconds: Invalid value: 9: must not be set for "
        "readinessProbes"}},
      {"empty hook",
       pod(", lifecycle: {preStop: {}}"),
       {"required-field " + at + "lifecycle/preStop: " + path +
        "lifecycle.preStop: Required value: must specify a handler type"}},
  });
}

TEST(StructureRules, SourcesOfVolumes) {
  const std::string pv = "{apiVersion: v1, kind: PersistentVolume, metadata: {name: a}, spec: {";
  expect_pods({
      {"none is an emptyDir", pod("", ", volumes: [{name: v}]"), {}},
      {"one", pod("", ", volumes: [{name: v, configMap: {name: c}}]"), {}},
      {"null does not count", pod("", ", volumes: [{name: v, emptyDir: {}, secret: null}]"), {}},
      {"two",
       pod("", ", volumes: [{name: v, secret: {}, emptyDir: {}}]"),
       {"invalid-value /spec/volumes/0/secret: spec.volumes[0].secret: Forbidden: may not specify "
        "more than 1 volume type"}},
      {"three",
       pod("",
           ", volumes: [{name: v, emptyDir: {}, hostPath: {path: /a}, nfs: {path: /, "
           "server: s}}]"),
       {"invalid-value /spec/volumes/0/hostPath: spec.volumes[0].hostPath: Forbidden",
        "invalid-value /spec/volumes/0/nfs: spec.volumes[0].nfs: Forbidden"}},
      {"two without a name",
       pod("", ", volumes: [{emptyDir: {}, configMap: {}}]"),
       {"invalid-value /spec/volumes/0/configMap: spec.volumes[0].configMap: Forbidden",
        "required-field /spec/volumes/0/name: spec.volumes[0].name: Required value"}},
      {"projected",
       pod("",
           ", volumes: [{name: v, projected: {sources: [{secret: {name: s}}, {configMap: {name: "
           "c}}]}}]"),
       {}},
      {"two sources of a projection",
       pod("",
           ", volumes: [{name: v, projected: {sources: [{secret: {name: s}, configMap: {name: "
           "c}}]}}]"),
       {"invalid-value /spec/volumes/0/projected/sources/0: spec.volumes[0].projected.sources[0]: "
        "Forbidden: may not specify more than 1 volume type"}},
      {"persistent", pv + "hostPath: {path: /a}}}", {}},
      {"persistent, none",
       pv + "storageClassName: a}}",
       {"required-field /spec: spec: Required value: must specify a volume type"}},
      {"persistent, two",
       pv + "hostPath: {path: /a}, nfs: {path: /, server: s}}}",
       {"invalid-value /spec/nfs: spec.nfs: Forbidden: may not specify more than 1 volume type"}},
      {"persistent, flexVolume is not compared",
       pv + "hostPath: {path: /a}, flexVolume: {driver: d}}}",
       {}},
  });
}

TEST(StructureRules, TimesAndSchedules) {
  const auto lease = [](const std::string& time) {
    return "{apiVersion: coordination.k8s.io/v1, kind: Lease, metadata: {name: a}, spec: "
           "{renewTime: '" +
           time + "'}}";
  };
  const auto created = [](const std::string& time) {
    return "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, creationTimestamp: '" + time +
           "'}}";
  };
  const auto cron = [](const std::string& schedule) {
    return "{apiVersion: batch/v1, kind: CronJob, metadata: {name: a}, spec: {schedule: '" +
           schedule +
           "', jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, "
           "image: b}]}}}}}}";
  };
  expect_pods({
      {"time", created("2026-01-31T12:00:00Z"), {}},
      {"no time",
       created("yesterday"),
       {"invalid-value /metadata/creationTimestamp: metadata.creationTimestamp: parsing time "
        "\"yesterday\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"yesterday\" as \"2006\""}},
      {"micro", lease("2026-01-31T12:00:00.123456Z"), {}},
      {"micro without a fraction",
       lease("2026-01-31T12:00:00Z"),
       {"invalid-value /spec/renewTime: spec.renewTime: parsing time \"2026-01-31T12:00:00Z\" as "
        "\"2006-01-02T15:04:05.000000Z07:00\": cannot parse \"Z\" as \".000000\""}},
      {"schedule", cron("*/5 * * * mon-fri"), {}},
      {"minute",
       cron("60 * * * *"),
       {"invalid-value /spec/schedule: spec.schedule: Invalid value: \"60 * * * *\": end of range "
        "(60) above maximum (59): 60"}},
      {"zone",
       cron("TZ=UTC 0 0 * * *"),
       {"invalid-value /spec/schedule: spec.schedule: Invalid value: \"TZ=UTC 0 0 * * *\": cannot "
        "use TZ or CRON_TZ in schedule, use timeZone field instead"}},
  });
}

TEST(StructureRules, MismatchSaysWhatIsMissing) {
  const auto expected_of = [](std::string_view selector) {
    const Checked checked =
        check("{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {" +
              std::string(selector) + "template: {spec: {containers: [{name: a, image: b}]}}}}");
    for (const StructureProblem& problem : checked.problems) {
      if (problem.kind == StructureProblemKind::SelectorMismatch) {
        return std::string(problem.expected);
      }
    }
    return std::string{};
  };
  EXPECT_EQ(expected_of(""), "labels, and a selector that names them");
  EXPECT_EQ(expected_of("selector: {matchLabels: {a: b}}, "), "the labels that the selector names");
}

}  // namespace
}  // namespace tally::kube
