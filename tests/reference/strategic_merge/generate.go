// Objects and patches: pods, controllers, services and a kind that has no schema.
package main

import (
	"math/rand"
	"sort"
	"strconv"
	"strings"
)

type object = map[string]any

// One generator for the whole program: it is short, and its order is its seed.
var source *rand.Rand

func pick(from ...any) any       { return from[source.Intn(len(from))] }
func word(from ...string) string { return from[source.Intn(len(from))] }
func chance(part float64) bool   { return source.Float64() < part }

func scalar() any {
	return pick("a", "b", "nginx:1.21", "x", "5", "true", "null", "", 5, 80,
		8080, true, false, "*", "?*", 1.5, "multi\nline", "on", "a b")
}
func patchScalar() any {
	if chance(0.1) {
		return nil
	}
	return pick("a", "b", "nginx:1.21", "x", "5", "true", 5, 80, true, false, "*", "?*",
		"!a", "a|b", ">4", "<10", "*:1.*", "5-90", "", "new")
}
func key() string { return word("a", "b", "name", "image", "foo", "k", "labels", "spec") }

// anchored puts a key into an anchor, sometimes.
func anchored(k string, p float64) string {
	if !chance(p) {
		return k
	}
	return word("(", "(", "(", "<(", "+(", "+(", "X(", "=(", "^(") + k + ")"
}

func value(d int) any {
	x := source.Float64()
	switch {
	case d <= 0 || x < 0.5:
		if chance(0.05) {
			return nil
		}
		return scalar()
	case x < 0.8:
		m := object{}
		for i := source.Intn(4); i > 0; i-- {
			m[key()] = value(d - 1)
		}
		return m
	default:
		l := []any{}
		for i := source.Intn(4); i > 0; i-- {
			l = append(l, value(d-1))
		}
		return l
	}
}
func patchValue(d int, ap float64) any {
	x := source.Float64()
	switch {
	case d <= 0 || x < 0.5:
		return patchScalar()
	case x < 0.8:
		m := object{}
		for i := source.Intn(4); i > 0; i-- {
			m[anchored(key(), ap)] = patchValue(d-1, ap)
		}
		if chance(0.05) {
			m["$patch"] = pick("delete", "replace", "merge", "odd")
		}
		return m
	default:
		l := []any{}
		for i := source.Intn(3); i > 0; i-- {
			l = append(l, patchValue(d-1, ap))
		}
		if chance(0.05) {
			l = append(l, object{"$patch": pick("delete", "replace", "merge", "odd")})
		}
		return l
	}
}
func containerName() string { return word("c1", "c2", "c3", "sidecar") }
func container() object {
	c := object{"name": containerName(), "image": word("nginx", "nginx:1.21", "busybox:latest", "reg.io/a:v1")}
	if chance(0.05) {
		delete(c, "name")
	}
	if chance(0.4) {
		l := []any{}
		for i := source.Intn(4); i > 0; i-- {
			e := object{"name": word("A", "B", "C"), "value": scalar()}
			if chance(0.05) {
				delete(e, "name")
			}
			l = append(l, e)
		}
		c["env"] = l
	}
	if chance(0.4) {
		l := []any{}
		for i := source.Intn(4); i > 0; i-- {
			p := object{"containerPort": pick(80, 8080, 53)}
			if chance(0.6) {
				p["protocol"] = word("TCP", "UDP")
			}
			if chance(0.5) {
				p["name"] = word("http", "dns")
			}
			if chance(0.05) {
				delete(p, "containerPort")
			}
			l = append(l, p)
		}
		c["ports"] = l
	}
	if chance(0.3) {
		c["securityContext"] = object{"privileged": pick(true, false), "runAsUser": pick(0, 1000)}
	}
	if chance(0.3) {
		c["resources"] = object{"limits": object{"cpu": pick("100m", 1, "1")}, "requests": object{}}
	}
	if chance(0.2) {
		c["volumeMounts"] = []any{object{"name": word("v1", "v2"), "mountPath": word("/a", "/b")}}
	}
	if chance(0.2) {
		c["args"] = []any{"x", word("y", "z")}
	}
	return c
}
func containerPatch() object {
	c := object{}
	if chance(0.6) {
		c[anchored("name", 0.5)] = pick("c1", "c2", "*", "?*", "new", "c*")
	}
	if chance(0.6) {
		c[anchored("image", 0.5)] = pick("nginx", "*:latest", "nginx*", "!*:latest", "*")
	}
	if chance(0.3) {
		l := []any{}
		for i := source.Intn(3); i > 0; i-- {
			l = append(l, object{anchored("name", 0.2): pick("A", "B", "D"), anchored("value", 0.3): patchScalar()})
		}
		if chance(0.1) {
			l = append(l, object{"$patch": pick("replace", "delete", "merge")})
		}
		if chance(0.1) {
			l = append(l, object{"$patch": "delete", "name": "A"})
		}
		c[anchored("env", 0.1)] = l
	}
	if chance(0.3) {
		l := []any{}
		for i := source.Intn(3); i > 0; i-- {
			p := object{"containerPort": pick(80, 8080, 443, "80")}
			if chance(0.6) {
				p["protocol"] = word("TCP", "UDP")
			}
			if chance(0.3) {
				p[anchored("name", 0.3)] = word("http", "dns")
			}
			l = append(l, p)
		}
		c["ports"] = l
	}
	if chance(0.4) {
		c[anchored("securityContext", 0.2)] = object{
			anchored("privileged", 0.3): pick(true, false),
			anchored("runAsUser", 0.5):  pick(0, 1000, ">0", nil),
		}
	}
	if chance(0.3) {
		c[anchored("resources", 0.2)] = object{
			anchored("limits", 0.2): object{anchored("cpu", 0.3): pick("100m", "2", 1), "+(memory)": "1Gi"},
		}
	}
	if chance(0.1) {
		c["$patch"] = pick("delete", "replace")
	}
	if chance(0.2) {
		c["args"] = pick([]any{"p"}, nil, []any{})
	}
	if chance(0.2) {
		c["volumeMounts"] = []any{object{"name": "v9", "mountPath": word("/a", "/c")}}
	}
	return c
}
func containers() []any {
	l := []any{}
	for i := source.Intn(4); i > 0; i-- {
		l = append(l, container())
	}
	if chance(0.02) {
		l = append(l, nil)
	}
	if chance(0.02) {
		l = append(l, "odd")
	}
	if chance(0.02) {
		l = append(l, object{})
	}
	return l
}
func podSpec() object {
	s := object{"containers": containers()}
	if chance(0.3) {
		s["initContainers"] = containers()
	}
	if chance(0.3) {
		s["volumes"] = []any{
			object{"name": "v1", "emptyDir": object{}},
			object{"name": word("v2", "v1"), "hostPath": object{"path": "/x"}},
		}
	}
	if chance(0.3) {
		s["hostNetwork"] = pick(true, false)
	}
	if chance(0.3) {
		s["securityContext"] = object{"runAsNonRoot": pick(true, false, "true"), "fsGroup": 5}
	}
	if chance(0.3) {
		s["tolerations"] = []any{object{"key": "a"}, object{"key": "b"}}
	}
	if chance(0.3) {
		s["imagePullSecrets"] = []any{object{"name": word("s1", "s2")}}
	}
	if chance(0.2) {
		s["nodeSelector"] = pick(object{}, object{"disk": "ssd"}, nil)
	}
	if chance(0.2) {
		s["topologySpreadConstraints"] = []any{object{"topologyKey": "zone", "maxSkew": 1, "whenUnsatisfiable": "DoNotSchedule"}}
	}
	return s
}
func podSpecPatch() object {
	s := object{}
	add := func(k string, ap float64, v any) { s[anchored(k, ap)] = v }
	cl := func() []any {
		l := []any{}
		n := 1
		if chance(0.3) {
			n = source.Intn(4)
		}
		for i := 0; i < n; i++ {
			l = append(l, containerPatch())
		}
		if chance(0.05) {
			l = append(l, object{"$patch": "replace"})
		}
		return l
	}
	if chance(0.7) {
		add("containers", 0.15, cl())
	}
	if chance(0.2) {
		add("initContainers", 0.3, cl())
	}
	if chance(0.3) {
		add("volumes", 0.3, pick(
			[]any{object{"name": "v3", "emptyDir": object{}}},
			[]any{object{"(hostPath)": object{"path": "*"}, "name": "v2"}},
			[]any{object{"<(emptyDir)": object{}}},
			[]any{object{"$patch": "delete", "name": "v1"}},
		))
	}
	if chance(0.3) {
		add("hostNetwork", 0.4, pick(true, false, nil))
	}
	if chance(0.4) {
		add("securityContext", 0.4, object{
			anchored("runAsNonRoot", 0.5): pick(true, false, "yes", nil),
			anchored("runAsUser", 0.5):    pick(1000, ">5"),
		})
	}
	if chance(0.2) {
		add("tolerations", 0.2, []any{object{"key": "c"}})
	}
	if chance(0.3) {
		add("imagePullSecrets", 0.3, []any{object{anchored("name", 0.2): word("s1", "s3")}})
	}
	if chance(0.2) {
		add("nodeSelector", 0.3, object{anchored("disk", 0.3): pick("ssd", "hdd")})
	}
	if chance(0.2) {
		s["topologySpreadConstraints"] = []any{object{"topologyKey": pick("zone", "host"), "maxSkew": 2}}
	}
	if chance(0.05) {
		s["$patch"] = pick("replace", "delete", "merge")
	}
	return s
}
func meta() object {
	m := object{"name": "x"}
	if chance(0.5) {
		l := object{}
		for i := source.Intn(3); i > 0; i-- {
			l[word("app", "tier", "env")] = pick("web", "db", "prod", "")
		}
		m["labels"] = l
	}
	if chance(0.3) {
		m["annotations"] = object{"a/b": word("1", "true", "x")}
	}
	if chance(0.2) {
		m["finalizers"] = []any{word("f/1", "f/2"), "f/3"}
	}
	if chance(0.1) {
		m["ownerReferences"] = []any{object{"uid": "u1", "kind": "ReplicaSet", "apiVersion": "apps/v1"}}
	}
	if chance(0.5) {
		m["namespace"] = "ns"
	}
	return m
}
func metaPatch() object {
	m := object{}
	if chance(0.3) {
		m[anchored("name", 0.8)] = pick("x", "y", "?*")
	}
	if chance(0.6) {
		l := object{}
		for i := 1 + source.Intn(2); i > 0; i-- {
			l[anchored(word("app", "tier", "env"), 0.5)] = pick("web", "db", "prod", "*", nil, "", 5)
		}
		m[anchored("labels", 0.2)] = l
	}
	if chance(0.3) {
		m["annotations"] = object{anchored("a/b", 0.4): pick("1", true, nil, 5)}
	}
	if chance(0.2) {
		m["finalizers"] = pick([]any{"f/2"}, []any{"f/9", "f/3"}, []any{}, nil, []any{5})
	}
	if chance(0.1) {
		m["ownerReferences"] = []any{object{"uid": word("u1", "u2"), "controller": true}}
	}
	return m
}

// objectAndPatch makes an object, and a strategic merge patch with anchors for it.
func objectAndPatch() (any, any) {
	switch source.Intn(6) {
	case 0:
		res := object{"apiVersion": "example.com/v1", "kind": "Foo", "metadata": meta(), "spec": value(4)}
		p := object{}
		if chance(0.3) {
			p["metadata"] = metaPatch()
		}
		if chance(0.9) {
			p[anchored("spec", 0.1)] = patchValue(4, pick(0.0, 0.2, 0.4).(float64))
		}
		return res, p
	case 1, 2:
		res := object{"apiVersion": "v1", "kind": "Pod", "metadata": meta(), "spec": podSpec()}
		p := object{}
		if chance(0.5) {
			p[anchored("metadata", 0.1)] = metaPatch()
		}
		if chance(0.8) {
			p[anchored("spec", 0.1)] = podSpecPatch()
		}
		return res, p
	case 3, 4:
		kind := word("Deployment", "StatefulSet", "DaemonSet")
		res := object{
			"apiVersion": "apps/v1", "kind": kind, "metadata": meta(),
			"spec": object{"replicas": source.Intn(4), "template": object{"metadata": meta(), "spec": podSpec()}},
		}
		s := object{}
		if chance(0.3) {
			s[anchored("replicas", 0.5)] = pick(1, 2, ">1", "2", nil)
		}
		t := object{}
		if chance(0.3) {
			t[anchored("metadata", 0.1)] = metaPatch()
		}
		if chance(0.8) {
			t[anchored("spec", 0.1)] = podSpecPatch()
		}
		s[anchored("template", 0.1)] = t
		p := object{"spec": s}
		if chance(0.3) {
			p[anchored("metadata", 0.2)] = metaPatch()
		}
		return res, p
	default:
		ports := []any{}
		for i := source.Intn(4); i > 0; i-- {
			p := object{"port": pick(80, 443)}
			if chance(0.5) {
				p["protocol"] = word("TCP", "UDP")
			}
			if chance(0.5) {
				p["targetPort"] = pick(8080, "http")
			}
			ports = append(ports, p)
		}
		res := object{
			"apiVersion": "v1", "kind": word("Service", "List", "ServiceAccount"), "metadata": meta(),
			"spec": object{"ports": ports, "selector": value(1)}, "secrets": []any{object{"name": "s"}},
			"items": []any{object{"apiVersion": "v1", "kind": "Pod", "spec": podSpec()}},
		}
		if chance(0.3) {
			res["obj"] = object{"apiVersion": "v1", "kind": "Pod", "spec": podSpec()}
		}
		pp := []any{}
		for i := source.Intn(3); i > 0; i-- {
			p := object{anchored("port", 0.2): pick(80, 443, "80")}
			if chance(0.5) {
				p["protocol"] = word("TCP", "UDP")
			}
			if chance(0.5) {
				p[anchored("targetPort", 0.2)] = pick(9090, "http")
			}
			pp = append(pp, p)
		}
		p := object{"spec": object{"ports": pp, anchored("selector", 0.2): patchValue(1, 0.2)}}
		if chance(0.3) {
			p["secrets"] = []any{object{"name": word("s", "t")}}
		}
		if chance(0.2) {
			p["obj"] = object{"apiVersion": "v1", "kind": "Pod", "spec": podSpecPatch()}
		}
		return res, p
	}
}

// pointer makes a JSON pointer, mostly to a place that exists.
func pointer(v any) string {
	if chance(0.05) {
		return word("", "a", "/", "//a")
	}
	s := ""
	for d := 0; d < 4; d++ {
		if d > 0 && chance(0.3) {
			break
		}
		switch t := v.(type) {
		case object:
			if len(t) > 0 && chance(0.7) {
				ks := make([]string, 0, len(t))
				for k := range t {
					ks = append(ks, k)
				}
				sort.Strings(ks)
				k := ks[source.Intn(len(ks))]
				s += "/" + strings.ReplaceAll(strings.ReplaceAll(k, "~", "~0"), "/", "~1")
				v = t[k]
			} else {
				s += "/" + word("new", "a", "0", "2", "-", "x~1y", "-1", "")
				v = nil
			}
		case []any:
			if len(t) > 0 && chance(0.7) {
				i := source.Intn(len(t))
				s += "/" + strconv.Itoa(i)
				v = t[i]
			} else {
				s += "/" + word("-", "-1", "-2", "0", "1", "2", "5", "x", "+1", "01")
				v = nil
			}
		default:
			s += "/" + word("new", "a", "0", "2", "-", "-1", "-2")
			v = nil
		}
	}
	return s
}
