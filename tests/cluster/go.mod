// The referee: compares tally with the API server itself (see README.md).
module tally.test/cluster

go 1.26.0

require sigs.k8s.io/yaml v1.6.0

require go.yaml.in/yaml/v2 v2.4.2 // indirect
