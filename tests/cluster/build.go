package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"time"
)

// binaries are the programs of a cluster without nodes.
type binaries struct {
	etcd, apiserver, kubectl string
	versions                 string
}

// buildServers builds etcd, kube-apiserver and kubectl from the modules in servers/, once per set of versions: the
// folder is named after the module files, and appears only when all three are there.
func buildServers(here, cache string) (binaries, error) {
	etcdModule := filepath.Join(here, "servers", "etcd")
	kubernetesModule := filepath.Join(here, "servers", "kubernetes")
	key := sha256.New()
	for _, name := range []string{"etcd/go.mod", "etcd/go.sum", "etcd/main.go", "kubernetes/go.mod", "kubernetes/go.sum"} {
		text, err := os.ReadFile(filepath.Join(here, "servers", name))
		if err != nil {
			return binaries{}, err
		}
		fmt.Fprintf(key, "%s %d\n", name, len(text))
		key.Write(text)
	}
	etcdVersion, err := required(filepath.Join(etcdModule, "go.mod"), "go.etcd.io/etcd/server/v3")
	if err != nil {
		return binaries{}, err
	}
	version, err := required(filepath.Join(kubernetesModule, "go.mod"), "k8s.io/kubernetes")
	if err != nil {
		return binaries{}, err
	}
	folder := filepath.Join(cache, fmt.Sprintf("etcd-%s-kubernetes-%s-%s", etcdVersion, version, hex.EncodeToString(key.Sum(nil))[:12]))
	made := binaries{
		etcd:      filepath.Join(folder, "etcd"),
		apiserver: filepath.Join(folder, "kube-apiserver"),
		kubectl:   filepath.Join(folder, "kubectl"),
		versions:  fmt.Sprintf("kube-apiserver %s with etcd %s", version, etcdVersion),
	}
	if _, err := os.Stat(folder); err == nil {
		return made, nil
	}

	began := time.Now()
	fmt.Printf("building %s: minutes the first time, then cached in %s\n", made.versions, folder)
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return binaries{}, err
	}
	unfinished, err := os.MkdirTemp(cache, "unfinished-")
	if err != nil {
		return binaries{}, err
	}
	defer os.RemoveAll(unfinished)
	if err := goBuild(etcdModule, "-ldflags", "-s -w", "-o", filepath.Join(unfinished, "etcd"), "."); err != nil {
		return binaries{}, err
	}
	numbers := regexp.MustCompile(`^v(\d+)\.(\d+)\.`).FindStringSubmatch(version)
	if numbers == nil {
		return binaries{}, fmt.Errorf("k8s.io/kubernetes has the version %q, expected vMAJOR.MINOR.PATCH", version)
	}
	// The server takes its own version, and so what `latest` means to it, from the linker.
	const variable = "k8s.io/component-base/version."
	flags := fmt.Sprintf("-s -w -X %sgitVersion=%s -X %sgitMajor=%s -X %sgitMinor=%s",
		variable, version, variable, numbers[1], variable, numbers[2])
	err = goBuild(kubernetesModule, "-ldflags", flags, "-o", unfinished+string(filepath.Separator),
		"k8s.io/kubernetes/cmd/kube-apiserver", "k8s.io/kubernetes/cmd/kubectl")
	if err != nil {
		return binaries{}, err
	}
	if err := os.Rename(unfinished, folder); err != nil {
		return binaries{}, err
	}
	fmt.Printf("built in %d s\n", int(time.Since(began).Seconds()))
	return made, nil
}

func goBuild(module string, arguments ...string) error {
	command := exec.Command("go", append([]string{"build", "-buildvcs=false"}, arguments...)...)
	command.Dir = module
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	if err := command.Run(); err != nil {
		return fmt.Errorf("go build in %s: %w", module, err)
	}
	return nil
}

// required is the version of a module that a go.mod file asks for.
func required(file, module string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	found := regexp.MustCompile(`(?m)^\s*(?:require )?` + regexp.QuoteMeta(module) + ` (v\S+)`).FindSubmatch(text)
	if found == nil {
		return "", fmt.Errorf("%s does not require %s", file, module)
	}
	return string(found[1]), nil
}

// absolute makes the paths independent of the folder in which a program is started.
func (b binaries) absolute() (binaries, error) {
	for _, path := range []*string{&b.etcd, &b.apiserver, &b.kubectl} {
		whole, err := filepath.Abs(*path)
		if err != nil {
			return b, err
		}
		*path = whole
	}
	return b, nil
}
