#pragma once
// What `tally VERB --help` shows behind the flags.

namespace tally::app {

inline constexpr const char* kAssessExamples = R"(
Examples:
  tally assess k8s/                                  judge a folder, table on the terminal
  helm template shop ./chart | tally assess -        judge what a chart renders
  tally assess k8s/ -o table -o sarif=tally.sarif    table for people, SARIF for the code host
  tally assess --cluster --context bank              judge what runs in a cluster
  tally assess k8s/ --fail-on medium                 exit 1 at medium and above
  tally assess pod.yaml --pod-security restricted:v1.36
                                                     one level and version, nothing else: exit 1 if it fails
  tally assess k8s/ --policy policies/ --user ci     apply admission policies to the request of a user
  tally assess k8s/ --write-baseline tally.baseline  accept what is there today ...
  tally assess k8s/ --baseline tally.baseline        ... and report only what is new

Exit codes: 0 nothing at or above --fail-on; 1 findings; 2 could not do the job
(an input that cannot be read or parsed, a wrong flag, nothing judged). 2 wins over 1.)";

inline constexpr const char* kCelExamples = R"(
Examples:
  tally cel '1 + 2'
  tally cel 'object.spec.replicas <= 5' --with object=deployment.yaml
  kubectl get pod web -o json | tally cel 'object.spec.containers.all(c, c.image.contains("@"))' --with object=-
  tally cel 'quantity("1Gi").isGreaterThan(quantity("512Mi"))' --profile kubernetes:1.30
  tally cel 'object.metadata.labels.exists(k, k == "tier")' --with object=pod.yaml --trace

Exit codes: 0 there is a value; 2 the expression does not compile, its evaluation is an error, or a
file cannot be read.)";

inline constexpr const char* kTraceExamples = R"(
Examples:
  tally trace --policy policy.yaml --object deployment.yaml
  tally trace --policy policies/ --object new.yaml --operation UPDATE --old-object old.yaml --user ci

Exit codes: 0 allowed; 1 denied, or it cannot be known; 2 a policy does not compile or a file cannot be read.)";

inline constexpr const char* kJpExamples = R"text(
Examples:
  tally jp 'spec.containers[].image' --with pod.yaml
  tally jp "time_since('', '2026-01-01T00:00:00Z', time_now_utc())"
  tally jp --list

Exit codes: 0 a value; 2 the expression does not compile or fails, or a file cannot be read.)text";

inline constexpr const char* kChangeExamples = R"(
Examples:
  tally mutate k8s/ --policy policies/               the objects as policies would leave them
  tally mutate k8s/ --policy policies/ -o diff       what would change
  tally generate namespace.yaml --policy policies/   what would be created

Nothing is written to a cluster. Exit codes: 0 done; 2 a policy or a file cannot be read, or what it makes cannot be known.)";

inline constexpr const char* kLintExamples = R"(
Examples:
  tally lint policies/                               every policy below a folder
  tally lint policy.yaml --fail-on medium            exit 1 at medium and above
  tally lint policies/ -o json                       for programs

Exit codes: 0 nothing at or above --fail-on; 1 findings; 2 an input cannot be read, or holds no policy.)";

inline constexpr const char* kMigrateExamples = R"(
Examples:
  tally migrate policy.yaml                          to standard output
  tally migrate policies/ --out migrated/            a file for each policy
  tally migrate policy.yaml --with k8s/              prove it on own objects as well
  tally migrate policy.yaml --partial                leave out rules that have no equivalent

Exit codes: 0 translated and proven; 1 a translation differs (nothing of it is written); 2 something has no equivalent or
cannot be read.)";

inline constexpr const char* kTestExamples = R"(
Examples:
  tally test policies/                              every test below a folder
  tally test policies/ --filter policy=require-labels
  tally test policies/ -o junit > report.xml
  tally test policies/ --coverage                   rules that no test exercises

Exit codes: 0 all results as expected; 1 some are not; 2 a test cannot be run, or there is none.)";

}  // namespace tally::app
