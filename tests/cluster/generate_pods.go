package main

import (
	"fmt"
	"strings"
)

// change is one thing that a generated pod does: values under paths of its pod (metadata or spec).
type change struct {
	name  string
	paths map[string]any
}

const firstContainer = "spec/containers/0/"

// changes touch every field that a Pod Security check reads, with values that are allowed, forbidden or unknown.
func changes() []change {
	var found []change
	add := func(name, path string, values ...any) {
		for i, value := range values {
			found = append(found, change{fmt.Sprintf("%s %d", name, i), map[string]any{path: value}})
		}
	}
	both := func(name, field string, values ...any) {
		add(name+" of the pod", "spec/securityContext/"+field, values...)
		add(name+" of a container", firstContainer+"securityContext/"+field, values...)
		add(name+" of an init container", "spec/initContainers/0/securityContext/"+field, values...)
	}
	list := func(values ...any) []any { return values }
	add("host network", "spec/hostNetwork", true, false)
	add("host pid", "spec/hostPID", true, false)
	add("host ipc", "spec/hostIPC", true)
	add("host users", "spec/hostUsers", false, true)
	add("privileged", firstContainer+"securityContext", object{"privileged": true}, object{"privileged": false, "allowPrivilegeEscalation": false})
	add("privileged init", "spec/initContainers/0/securityContext", object{"privileged": true, "capabilities": object{"drop": list("ALL")}})
	add("escalation", firstContainer+"securityContext/allowPrivilegeEscalation", true, nil)
	add("added capabilities", firstContainer+"securityContext/capabilities/add",
		list("NET_BIND_SERVICE"), list("NET_ADMIN"), list("CHOWN", "KILL"), list("net_admin"), list("SYS_TIME", "ALL"), list())
	add("dropped capabilities", firstContainer+"securityContext/capabilities/drop",
		list(), list("all"), list("NET_RAW"), list("KILL", "ALL"))
	add("ports", firstContainer+"ports", list(object{"containerPort": 80}), list(object{"containerPort": 80, "hostPort": 80}),
		list(object{"containerPort": 80, "hostPort": 0}, object{"containerPort": 81, "hostPort": 8081}))
	found = append(found,
		change{"host network with a port", map[string]any{"spec/hostNetwork": true, firstContainer + "ports": list(object{"containerPort": 80})}},
		change{"host network with a port of an init container", map[string]any{"spec/hostNetwork": true, "spec/initContainers/0/ports": list(object{"containerPort": 80})}})
	for _, volume := range []object{
		{}, {"emptyDir": object{}}, {"hostPath": object{"path": "/var"}}, {"secret": object{"secretName": "s"}},
		{"configMap": object{"name": "c"}}, {"nfs": object{"server": "a", "path": "/"}}, {"downwardAPI": object{}},
		{"persistentVolumeClaim": object{"claimName": "c"}}, {"projected": object{"sources": list()}},
		{"ephemeral": object{"volumeClaimTemplate": object{"spec": object{"accessModes": list("ReadWriteOnce"),
			"resources": object{"requests": object{"storage": "1Gi"}}}}}},
		{"csi": object{"driver": "d.example.com"}}, {"image": object{"reference": "a:1"}},
		{"iscsi": object{"targetPortal": "a", "iqn": "iqn.2001-04.com.example:storage", "lun": 1}},
		{"gitRepo": object{"repository": "r"}}, {"fc": object{"targetWWNs": list("w"), "lun": 1}},
	} {
		volume["name"] = "v"
		add("volume", "spec/volumes", list(volume))
	}
	add("two volumes", "spec/volumes", list(object{"name": "a", "hostPath": object{"path": "/a"}}, object{"name": "b", "hostPath": object{"path": "/b"}},
		object{"name": "c"}))
	both("non-root", "runAsNonRoot", true, false, nil)
	both("user", "runAsUser", 0, 1000)
	both("seccomp", "seccompProfile", object{"type": "RuntimeDefault"}, object{"type": "Unconfined"},
		object{"type": "Localhost", "localhostProfile": "p.json"}, nil)
	both("AppArmor", "appArmorProfile", object{"type": "RuntimeDefault"}, object{"type": "Unconfined"},
		object{"type": "Localhost", "localhostProfile": "p"})
	both("SELinux", "seLinuxOptions", object{"type": "container_t"}, object{"type": "spc_t"}, object{"user": "u"},
		object{"role": "r"}, object{"level": "s0"}, object{"type": "container_engine_t"}, object{})
	both("Windows", "windowsOptions", object{"hostProcess": false}, object{"runAsUserName": "NT"})
	found = append(found, change{"Windows host process", map[string]any{"spec/securityContext/windowsOptions": object{"hostProcess": true}, "spec/hostNetwork": true}},
		change{"Windows host process of a container", map[string]any{firstContainer + "securityContext/windowsOptions": object{"hostProcess": true}, "spec/hostNetwork": true,
			"spec/initContainers/0/securityContext/windowsOptions": object{"hostProcess": true}}})
	add("AppArmor annotation", "metadata/annotations", object{"container.apparmor.security.beta.kubernetes.io/main": "unconfined"},
		object{"container.apparmor.security.beta.kubernetes.io/main": "runtime/default"},
		object{"container.apparmor.security.beta.kubernetes.io/main": "localhost/x"})
	for _, profile := range []string{"unconfined", "runtime/default", "localhost/p"} {
		found = append(found, change{"seccomp annotation " + profile, map[string]any{"spec/securityContext/seccompProfile": nil,
			"metadata/annotations": object{"seccomp.security.alpha.kubernetes.io/pod": profile, "container.seccomp.security.alpha.kubernetes.io/main": profile}}})
	}
	add("process mount", firstContainer+"securityContext/procMount", "Default", "Unmasked")
	found = append(found, change{"unmasked with user namespace", map[string]any{firstContainer + "securityContext/procMount": "Unmasked", "spec/hostUsers": false}})
	for _, name := range []string{"kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.tcp_syncookies",
		"net.ipv4.ping_group_range", "net.ipv4.ip_unprivileged_port_start", "net.ipv4.ip_local_reserved_ports",
		"net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes",
		"net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem", "kernel.msgmax"} {
		add("sysctl "+name, "spec/securityContext/sysctls", list(object{"name": name, "value": "1"}))
	}
	add("operating system", "spec/os", object{"name": "linux"})
	found = append(found, change{"Windows pod", map[string]any{"spec/os": object{"name": "windows"}, "spec/securityContext": object{"runAsNonRoot": true},
		"spec/containers/0/securityContext": object{}, "spec/initContainers/0/securityContext": object{}}})
	for _, host := range []any{"", "127.0.0.1", "10.0.0.1", "example.com"} {
		get := object{"httpGet": object{"port": 80, "host": host}}
		add("probe host", firstContainer+"livenessProbe", get)
		add("readiness host", firstContainer+"readinessProbe", object{"tcpSocket": object{"port": 80, "host": host}})
		add("lifecycle host", firstContainer+"lifecycle", object{"postStart": get})
		add("stop host", firstContainer+"lifecycle", object{"preStop": object{"httpGet": object{"port": 80, "host": host}}})
	}
	return found
}

// goodPod passes restricted at every version.
func goodPod() object {
	context := object{"allowPrivilegeEscalation": false, "capabilities": object{"drop": []any{"ALL"}}}
	return object{
		"metadata": object{},
		"spec": object{
			"securityContext": object{"runAsNonRoot": true, "seccompProfile": object{"type": "RuntimeDefault"}},
			"containers":      []any{object{"name": "main", "image": "registry.example/main:1", "securityContext": context}},
			"initContainers":  []any{object{"name": "first", "image": "registry.example/first:1", "securityContext": clone(context)}},
		},
	}
}

// generatedWorkloads makes a pod of every change, of neighbouring pairs and distant ones, and a controller of some.
func generatedWorkloads() []sample {
	all := changes()
	var found []sample
	addPod := func(name string, applied ...change) {
		pod := goodPod()
		for _, c := range applied {
			for _, path := range sortedKeys(c.paths) {
				set(pod, path, c.paths[path])
			}
		}
		kinds := []string{"Pod", "Pod", "Pod", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob", "ReplicationController", "PodTemplate"}
		found = append(found, sample{"generated: " + name, workloadOf(kinds[len(found)%len(kinds)], pod)})
	}
	addPod("good")
	for i, c := range all {
		addPod(c.name, c)
		other := all[(i*7+31)%len(all)]
		addPod(c.name+" and "+other.name, c, other)
		third := all[(i*13+5)%len(all)]
		addPod(c.name+", "+other.name+" and "+third.name, c, other, third)
	}
	return found
}

// workloadOf wraps a pod into a kind that makes such pods.
func workloadOf(kind string, pod object) object {
	labels := object{"app": "generated"}
	template := object{"metadata": clone(child(pod, "metadata")), "spec": child(pod, "spec")}
	child(template, "metadata")["labels"] = clone(labels)
	metadata := object{"name": "generated"}
	make := func(version string, spec object) object {
		return object{"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}
	}
	switch kind {
	case "Pod":
		whole := make("v1", child(pod, "spec"))
		whole["metadata"] = clone(child(pod, "metadata"))
		child(whole, "metadata")["name"] = "generated"
		return whole
	case "Deployment", "ReplicaSet", "DaemonSet":
		return make("apps/v1", object{"selector": object{"matchLabels": labels}, "template": template})
	case "StatefulSet":
		return make("apps/v1", object{"serviceName": "s", "selector": object{"matchLabels": labels}, "template": template})
	case "ReplicationController":
		return make("v1", object{"selector": labels, "template": template})
	case "PodTemplate":
		return object{"apiVersion": "v1", "kind": kind, "metadata": metadata, "template": template}
	}
	child(template, "spec")["restartPolicy"] = "Never"
	if kind == "Job" {
		return make("batch/v1", object{"template": template})
	}
	return make("batch/v1", object{"schedule": "0 0 * * *", "jobTemplate": object{"spec": object{"template": template}}})
}

// set puts a value under a path; maps on the way are made, nil removes.
func set(root object, path string, value any) {
	parts := strings.Split(path, "/")
	var at any = root
	for i, part := range parts {
		last := i == len(parts)-1
		switch here := at.(type) {
		case object:
			switch {
			case last && value == nil:
				delete(here, part)
			case last:
				here[part] = clone(value)
			default:
				if here[part] == nil {
					here[part] = object{}
				}
				at = here[part]
			}
		case []any:
			if len(here) == 0 {
				return
			}
			at = here[0]
		}
	}
}
