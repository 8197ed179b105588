package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// cluster is etcd and kube-apiserver on loopback. It has no nodes, controllers or scheduler: what is judged here is
// what the API server alone decides.
type cluster struct {
	folder    string // everything that the servers write
	url       string
	token     string
	authority []byte // PEM
	processes []*process
}

type process struct {
	name    string
	command *exec.Cmd
	log     string
	ended   chan struct{}
}

// pluginsOff change objects by what a cluster holds, or by node pressure, not by the object alone: the comparison of
// defaults must not see them.
var pluginsOff = []string{
	"ServiceAccount", "DefaultTolerationSeconds", "Priority", "TaintNodesByCondition", "StorageObjectInUseProtection",
	"DefaultIngressClass", "DefaultStorageClass", "PodTopologyLabels", "LimitRanger", "ResourceQuota", "RuntimeClass",
}

const startAttempts = 3

// startCluster starts both servers and waits until the API server is ready. A free port may be taken by somebody else
// between finding and using it, hence the attempts.
func startCluster(ctx context.Context, programs binaries, auditPolicy string) (*cluster, error) {
	var problems []error
	for range startAttempts {
		started, err := tryStart(ctx, programs, auditPolicy)
		if err == nil {
			return started, nil
		}
		problems = append(problems, err)
		if ctx.Err() != nil {
			break
		}
	}
	return nil, errors.Join(problems...)
}

func tryStart(ctx context.Context, programs binaries, auditPolicy string) (c *cluster, err error) {
	folder, err := os.MkdirTemp("", "tally-cluster-")
	if err != nil {
		return nil, err
	}
	c = &cluster{folder: folder}
	defer func() {
		if err != nil {
			c.stop()
			c = nil
		}
	}()
	secret := make([]byte, 16)
	if _, err = rand.Read(secret); err != nil {
		return c, err
	}
	c.token = hex.EncodeToString(secret)
	tokens := fmt.Sprintf("%s,admin,admin,\"system:masters\"\n", c.token)
	if err = os.WriteFile(c.path("tokens.csv"), []byte(tokens), 0o600); err != nil {
		return c, err
	}
	if err = writeKeys(c.path("accounts.key"), c.path("accounts.pub")); err != nil {
		return c, err
	}
	ports, err := freePorts(3)
	if err != nil {
		return c, err
	}
	etcd := fmt.Sprintf("http://127.0.0.1:%d", ports[0])
	peer := fmt.Sprintf("http://127.0.0.1:%d", ports[1])
	if err = c.run("etcd", programs.etcd, "--name=referee", "--data-dir="+c.path("etcd"),
		"--listen-client-urls="+etcd, "--advertise-client-urls="+etcd,
		"--listen-peer-urls="+peer, "--initial-advertise-peer-urls="+peer, "--initial-cluster=referee="+peer,
		// A referee that is thrown away needs no durability.
		"--unsafe-no-fsync"); err != nil {
		return c, err
	}
	c.url = fmt.Sprintf("https://127.0.0.1:%d", ports[2])
	arguments := []string{
		"--etcd-servers=" + etcd, fmt.Sprintf("--secure-port=%d", ports[2]), "--bind-address=127.0.0.1",
		"--cert-dir=" + c.path("certificates"), "--token-auth-file=" + c.path("tokens.csv"),
		"--service-account-issuer=" + c.url, "--service-account-key-file=" + c.path("accounts.pub"),
		"--service-account-signing-key-file=" + c.path("accounts.key"), "--authorization-mode=RBAC",
		"--service-cluster-ip-range=10.96.0.0/16", "--disable-admission-plugins=" + strings.Join(pluginsOff, ","),
		// Requests come one after the other from one client: fairness only costs time.
		"--enable-priority-and-fairness=false", "--profiling=false",
		// Whether a privileged pod is valid at all is not what is asked here.
		"--allow-privileged=true",
	}
	if auditPolicy != "" {
		if err = os.WriteFile(c.path("audit.yaml"), []byte(auditPolicy), 0o600); err != nil {
			return c, err
		}
		arguments = append(arguments, "--audit-policy-file="+c.path("audit.yaml"), "--audit-log-path="+c.auditLog(),
			"--audit-log-mode=blocking")
	}
	if err = c.run("kube-apiserver", programs.apiserver, arguments...); err != nil {
		return c, err
	}
	return c, c.waitReady(ctx)
}

func (c *cluster) path(name string) string { return filepath.Join(c.folder, name) }
func (c *cluster) auditLog() string        { return c.path("audit.jsonl") }

func (c *cluster) run(name, program string, arguments ...string) error {
	p := &process{name: name, log: c.path(name + ".log"), ended: make(chan struct{})}
	log, err := os.Create(p.log)
	if err != nil {
		return err
	}
	defer log.Close()
	p.command = exec.Command(program, arguments...)
	p.command.Dir = c.folder
	p.command.Stdout, p.command.Stderr = log, log
	// The servers go when this program goes, however it ends; a signal for the terminal's group reaches us alone.
	p.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := p.command.Start(); err != nil {
		return err
	}
	c.processes = append(c.processes, p)
	go func() {
		_ = p.command.Wait()
		close(p.ended)
	}()
	return nil
}

const readyTimeout = 180 * time.Second

func (c *cluster) waitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	for {
		if err := c.ready(ctx); err == nil {
			return nil
		}
		for _, p := range c.processes {
			select {
			case <-p.ended:
				return fmt.Errorf("%s ended: %s", p.name, lastLines(p.log, 5))
			default:
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the API server was not ready in time: %s", lastLines(c.processes[len(c.processes)-1].log, 5))
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func (c *cluster) ready(ctx context.Context) error {
	authority, err := os.ReadFile(c.path("certificates/apiserver.crt"))
	if err != nil {
		return err
	}
	c.authority = authority
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+"/readyz", nil)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+c.token)
	answer, err := newClient(c).http.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("readyz: %s", answer.Status)
	}
	return nil
}

// stop ends the servers, the last started first, and removes what they wrote. Safe to call twice.
func (c *cluster) stop() {
	for i := len(c.processes) - 1; i >= 0; i-- {
		p := c.processes[i]
		// There is nothing to save, so the signal that cannot be delayed.
		_ = p.command.Process.Kill()
		<-p.ended
	}
	c.processes = nil
	_ = os.RemoveAll(c.folder)
}

// kubeconfig is for kubectl and for people.
func (c *cluster) kubeconfig() string {
	return fmt.Sprintf(`apiVersion: v1
kind: Config
clusters: [{name: referee, cluster: {server: %q, certificate-authority: %q}}]
users: [{name: admin, user: {token: %q}}]
contexts: [{name: referee, context: {cluster: referee, user: admin}}]
current-context: referee
`, c.url, c.path("certificates/apiserver.crt"), c.token)
}

func freePorts(count int) ([]int, error) {
	var ports []int
	for range count {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		// Held until all are found, so that they differ.
		defer listener.Close()
		ports = append(ports, listener.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}

func writeKeys(private, public string) error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	publicBytes, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return err
	}
	privateText := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	publicText := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: publicBytes})
	return errors.Join(os.WriteFile(private, privateText, 0o600), os.WriteFile(public, publicText, 0o600))
}

func lastLines(file string, count int) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	return string(bytes.Join(lines[max(0, len(lines)-count):], []byte("\n")))
}

// pause lets the servers work between two questions: they tell nobody when a policy is in force or a line is written.
func pause(interval time.Duration) { <-time.After(interval) }
