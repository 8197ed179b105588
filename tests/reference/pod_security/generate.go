package main

// The generator of pods. A pod starts empty, ordinary or hardened; each field then changes with a probability of the
// pod's own to an allowed, forbidden, absent, null or empty value. All fields that any check reads take part, and their
// neighbours, so that a check that reads the wrong one is seen.

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
)

type (
	member struct {
		key   string
		value any
	}
	object []member
	list   []any
	absent struct{}
	choose func() any
)

type generator struct {
	*rand.Rand
	change float64 // probability that a field changes
	style  int     // empty, ordinary, hardened
	names  []string
}

const (
	empty = iota
	ordinary
	hardened
)

func generate(seed, index uint64) []byte {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, index))}
	g.change = []float64{0, 0.02, 0.1, 0.3, 0.7}[g.IntN(5)]
	g.style = g.IntN(3)
	spec := g.spec() // first: annotations refer to its containers
	var out bytes.Buffer
	g.write(&out, g.shuffle(object{{"metadata", g.metadata()}, {"spec", spec}}))
	return out.Bytes()
}

// by style: of the value for each style, or a changed one.
func (g *generator) pick(byStyle [3]any, changed ...any) any {
	value := byStyle[g.style]
	if g.Float64() < g.change {
		value = changed[g.IntN(len(changed))]
	}
	if f, ok := value.(choose); ok {
		return f()
	}
	return value
}

// A field that is absent unless it changes.
func (g *generator) rare(changed ...any) any {
	return g.pick([3]any{absent{}, absent{}, absent{}}, changed...)
}

func (g *generator) repeat(most int, element func(i int) any) list {
	out := list{}
	for i := range g.IntN(most + 1) {
		if g.Float64() < g.change/10 {
			out = append(out, nil)
			continue
		}
		out = append(out, element(i))
	}
	return out
}

func (g *generator) shuffle(o object) object {
	g.Shuffle(len(o), func(i, j int) { o[i], o[j] = o[j], o[i] })
	return o
}

func (g *generator) write(out *bytes.Buffer, value any) {
	switch v := value.(type) {
	case object:
		separator := "{"
		for _, m := range v {
			if _, skip := m.value.(absent); skip {
				continue
			}
			out.WriteString(separator)
			g.write(out, m.key)
			out.WriteByte(':')
			g.write(out, m.value)
			separator = ","
		}
		if separator == "{" {
			out.WriteByte('{')
		}
		out.WriteByte('}')
	case list:
		out.WriteByte('[')
		for i, element := range v {
			if i > 0 {
				out.WriteByte(',')
			}
			g.write(out, element)
		}
		out.WriteByte(']')
	default:
		text, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		out.Write(text)
	}
}

func (g *generator) of(values ...string) string { return values[g.IntN(len(values))] }

// A text that is none of the expected ones: case, blanks, quotes, controls, characters that Go does not print.
func (g *generator) oddText() string {
	return g.of("", " ", "x", "true", "unconfined", "Unconfined", "runtime/default ", "Runtime/default", "localhost", "LOCALHOST/a",
		`a"b`, `back\slash`, "tab\there", "line\nbreak", "bell\a\b\f\v\r", "\x00", "\x1f", "\x7f", "\u0080", "\u00a0", "\u00ad", "é", "日本",
		"\u200b", "\u2028", "\ue000", "\ufeff", "\ufffd", "😀", "\U000e0001", "\U0010ffff", "a=b, c", "~/tilde/", "ÿ")
}

func (g *generator) boolean(byStyle [3]any) any {
	return g.pick(byStyle, true, true, false, nil, absent{})
}

func (g *generator) metadata() any {
	if g.Float64() < g.change/20 {
		return []any{nil, absent{}, object{}}[g.IntN(3)]
	}
	return g.shuffle(object{
		{"name", "p"},
		{"labels", g.rare(object{{"app", "p"}})},
		{"annotations", g.rare(nil, object{}, choose(g.annotations), choose(g.annotations), choose(g.annotations))},
	})
}

func (g *generator) annotations() any {
	taken := map[string]bool{}
	var out object
	for range 1 + g.IntN(5) {
		container := g.of("a", "nobody", "")
		if len(g.names) > 0 && g.IntN(4) > 0 {
			container = g.names[g.IntN(len(g.names))]
		}
		key := g.of("container.apparmor.security.beta.kubernetes.io/"+container, "container.seccomp.security.alpha.kubernetes.io/"+container,
			"seccomp.security.alpha.kubernetes.io/pod", "seccomp.security.alpha.kubernetes.io/"+container,
			"apparmor.security.beta.kubernetes.io/pod", "container.apparmor.security.beta.kubernetes.io", "example.test/"+container)
		if taken[key] {
			continue
		}
		taken[key] = true
		var value any = g.of("runtime/default", "docker/default", "localhost/a", "localhost/", "unconfined", "", g.oddText(), g.oddText())
		if g.IntN(12) == 0 {
			value = nil
		}
		out = append(out, member{key, value})
	}
	return out
}

func (g *generator) spec() any {
	if g.Float64() < g.change/30 {
		return []any{nil, absent{}, object{}}[g.IntN(3)]
	}
	containers := func(most int) func() any {
		return func() any { return g.repeat(most, func(i int) any { return g.container(i) }) }
	}
	one := choose(func() any { return list{g.container(0)} })
	return g.shuffle(object{
		{"hostNetwork", g.rare(true, true, false, nil)},
		{"hostPID", g.rare(true, true, false, nil)},
		{"hostIPC", g.rare(true, true, false, nil)},
		{"hostUsers", g.rare(false, false, true, nil)},
		{"hostname", g.rare("h")},
		{"os", g.rare(nil, object{}, object{{"name", nil}}, object{{"name", ""}}, object{{"name", "linux"}}, object{{"name", "windows"}}, object{{"name", "windows"}}, object{{"name", "Windows"}})},
		{"serviceAccountName", g.rare("s")},
		{"nodeSelector", g.rare(object{{"hostNetwork", "true"}})},
		{"securityContext", g.pick([3]any{absent{}, choose(g.podSecurityContext), choose(g.podSecurityContext)}, nil, object{}, absent{}, choose(g.podSecurityContext))},
		{"volumes", g.rare(nil, list{}, choose(g.volumes), choose(g.volumes), choose(g.volumes))},
		{"initContainers", g.rare(nil, list{}, choose(containers(2)), choose(containers(3)))},
		{"containers", g.pick([3]any{one, one, choose(containers(3))}, nil, absent{}, one, choose(containers(4)), choose(containers(8)))},
		{"ephemeralContainers", g.rare(nil, list{}, choose(containers(2)), choose(containers(3)))},
	})
}

func (g *generator) container(i int) object {
	var name any = fmt.Sprintf("%c%d", 'a'+g.IntN(3), i)
	if g.Float64() < g.change/3 {
		name = []any{"same", "same", "", nil, absent{}, g.oddText(), "z", "a"}[g.IntN(8)]
	}
	if text, ok := name.(string); ok {
		g.names = append(g.names, text)
	}
	return g.shuffle(object{
		{"name", name},
		{"image", g.pick([3]any{absent{}, "registry.test/i:1", "registry.test/i:1"}, nil)},
		{"env", g.rare(nil, list{object{{"name", "privileged"}, {"value", "true"}}})},
		{"ports", g.pick([3]any{absent{}, list{object{{"containerPort", 80}}}, absent{}}, nil, list{}, choose(g.ports), choose(g.ports), choose(g.ports))},
		{"livenessProbe", g.rare(choose(g.handler), choose(g.handler), nil)},
		{"readinessProbe", g.pick([3]any{absent{}, object{{"httpGet", object{{"path", "/"}, {"port", 80}}}}, absent{}}, choose(g.handler), choose(g.handler), nil)},
		{"startupProbe", g.rare(choose(g.handler), nil)},
		{"lifecycle", g.rare(nil, object{}, choose(g.lifecycle), choose(g.lifecycle))},
		{"securityContext", g.pick([3]any{absent{}, absent{}, choose(g.containerSecurityContext)}, nil, object{}, absent{}, choose(g.containerSecurityContext), choose(g.containerSecurityContext))},
	})
}

func (g *generator) ports() any {
	return g.repeat(4, func(int) any {
		return g.shuffle(object{
			{"containerPort", 8080},
			{"hostPort", []any{0, 80, 8080, 9090, 443, 65535, -1, nil, absent{}, 2147483647}[g.IntN(10)]},
			{"hostIP", g.rare("127.0.0.1")},
		})
	})
}

func (g *generator) handler() any {
	host := func() any {
		return []any{absent{}, nil, "", "127.0.0.1", "localhost", "169.254.169.254", "b.test", g.oddText()}[g.IntN(8)]
	}
	return g.shuffle(object{
		{"httpGet", []any{absent{}, nil, object{}, g.shuffle(object{{"path", "/"}, {"port", 80}, {"host", host()}})}[g.IntN(4)]},
		{"tcpSocket", []any{absent{}, nil, object{}, g.shuffle(object{{"port", "http"}, {"host", host()}})}[g.IntN(4)]},
		{"exec", g.rare(object{{"command", list{"true"}}})},
	})
}

func (g *generator) lifecycle() any {
	return g.shuffle(object{
		{"postStart", []any{absent{}, nil, object{}, g.handler(), g.handler()}[g.IntN(5)]},
		{"preStop", []any{absent{}, nil, object{}, g.handler(), g.handler()}[g.IntN(5)]},
	})
}

func (g *generator) profile() any {
	return []any{nil, object{}, object{{"type", nil}}, object{{"type", ""}}, object{{"type", "Unconfined"}}, object{{"type", "Unconfined"}},
		object{{"type", "RuntimeDefault"}}, object{{"type", "RuntimeDefault"}}, object{{"localhostProfile", "p"}, {"type", "Localhost"}},
		object{{"type", "runtime/default"}}, object{{"type", "runtimeDefault"}}, object{{"type", g.oddText()}}, object{{"localhostProfile", "p"}}}[g.IntN(13)]
}

func (g *generator) seLinux() any {
	text := func(values ...string) any {
		return []any{absent{}, absent{}, nil, "", g.of(values...), g.of(values...)}[g.IntN(6)]
	}
	return g.shuffle(object{
		{"type", text("container_t", "container_init_t", "container_kvm_t", "container_engine_t", "container_engine_t", "spc_t", "super_t", "Container_t")},
		{"user", text("u", "system_u")},
		{"role", text("r", "system_r")},
		{"level", text("s0:c1,c2")},
	})
}

func (g *generator) windows() any {
	return g.shuffle(object{
		{"hostProcess", []any{true, true, false, nil, absent{}}[g.IntN(5)]},
		{"runAsUserName", g.rare("ContainerUser", nil)},
	})
}

func (g *generator) runAs() object {
	nonRoot := [3]any{absent{}, true, true}
	return object{
		{"runAsNonRoot", g.boolean(nonRoot)},
		{"runAsUser", g.rare(0, 0, 1000, nil, -1, int64(9223372036854775807), absent{})},
		{"runAsGroup", g.rare(0, 1000)},
		{"seccompProfile", g.pick([3]any{absent{}, object{{"type", "RuntimeDefault"}}, object{{"type", "RuntimeDefault"}}}, absent{}, choose(g.profile), choose(g.profile))},
		{"appArmorProfile", g.rare(choose(g.profile))},
		{"seLinuxOptions", g.rare(nil, choose(g.seLinux), choose(g.seLinux))},
		{"windowsOptions", g.rare(nil, object{}, choose(g.windows), choose(g.windows))},
	}
}

func (g *generator) podSecurityContext() any {
	return g.shuffle(append(g.runAs(),
		member{"fsGroup", g.rare(0, 1000)},
		member{"supplementalGroups", g.rare(list{1}, nil)},
		member{"sysctls", g.rare(nil, list{}, choose(g.sysctls), choose(g.sysctls))}))
}

func (g *generator) sysctls() any {
	return g.repeat(5, func(int) any {
		name := g.of("kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range",
			"net.ipv4.ip_unprivileged_port_start", "net.ipv4.ip_local_reserved_ports", "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout",
			"net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem",
			"net.ipv4.tcp_slow_start_after_idle", "net.ipv4.tcp_notsent_lowat", "kernel.msgmax", "net/ipv4/tcp_rmem", "vm.swappiness", g.oddText())
		return g.shuffle(object{{"name", []any{name, name, name, name, name, nil, absent{}}[g.IntN(7)]}, {"value", "1"}})
	})
}

func (g *generator) containerSecurityContext() any {
	return g.shuffle(append(g.runAs(),
		member{"allowPrivilegeEscalation", g.boolean([3]any{absent{}, absent{}, false})},
		member{"privileged", g.rare(true, true, false, nil)},
		member{"readOnlyRootFilesystem", g.rare(true, nil)},
		member{"procMount", g.rare("Default", "Unmasked", "Unmasked", "", nil, "default", g.oddText())},
		member{"capabilities", g.pick([3]any{absent{}, absent{}, object{{"drop", list{"ALL"}}}}, nil, object{}, choose(g.capabilities), choose(g.capabilities), choose(g.capabilities))}))
}

func (g *generator) capabilities() any {
	capability := func(int) any {
		return g.of("ALL", "all", "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "NET_BIND_SERVICE",
			"SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT", "NET_RAW", "SYS_ADMIN", "NET_ADMIN", "CAP_CHOWN", "chown", "", g.oddText())
	}
	several := func() any {
		return []any{absent{}, nil, list{}, list{"ALL"}, list{"NET_BIND_SERVICE"}, g.repeat(4, capability), g.repeat(4, capability), g.repeat(4, capability)}[g.IntN(8)]
	}
	return g.shuffle(object{{"add", several()}, {"drop", several()}})
}

func (g *generator) volumes() any {
	types := []string{"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected", "secret",
		"hostPath", "hostPath", "gcePersistentDisk", "awsElasticBlockStore", "gitRepo", "nfs", "iscsi", "glusterfs", "rbd", "flexVolume", "cinder", "cephfs",
		"flocker", "fc", "azureFile", "vsphereVolume", "quobyte", "azureDisk", "photonPersistentDisk", "portworxVolume", "scaleIO", "storageos", "unheardOf"}
	return g.repeat(5, func(i int) any {
		volume := object{{"name", []any{fmt.Sprintf("v%d", i), fmt.Sprintf("v%d", i), fmt.Sprintf("v%d", i), "same", g.oddText(), nil, absent{}}[g.IntN(7)]}}
		taken := map[string]bool{}
		for range []int{0, 1, 1, 1, 1, 1, 2, 3}[g.IntN(8)] {
			name := types[g.IntN(len(types))]
			if !taken[name] {
				taken[name] = true
				volume = append(volume, member{name, []any{object{}, object{}, object{}, nil}[g.IntN(4)]})
			}
		}
		return g.shuffle(volume)
	})
}
