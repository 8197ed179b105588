// Command cluster is the referee of tally: it starts a Kubernetes API server of its own on loopback and compares what
// that server decides with what tally decides on the same objects (README.md).
//
//	go run . [flags] [serve | client | pod-security | defaults | cases | live | record]...
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

// referee is what every comparison works with.
type referee struct {
	here      string // this folder
	corpus    string // test data of peers, or a folder that is not there
	tally     string // the binary
	defaulted string // prints objects with tally's defaults
	probe     string // uses the client of tally
	verbose   bool
	cluster   *cluster
	client    *client
}

// comparison counts what was compared, and says what differed.
type comparison struct {
	name            string
	agreed, skipped int
	differences     []string
}

const differencesShown = 12

func (c *comparison) differ(format string, arguments ...any) {
	c.differences = append(c.differences, fmt.Sprintf(format, arguments...))
}

func (c *comparison) print(all bool) {
	for i, difference := range c.differences {
		if i == differencesShown && !all {
			fmt.Printf("  ... and %d more (-v shows them)\n", len(c.differences)-i)
			break
		}
		fmt.Printf("  DIFFERS %s\n", difference)
	}
	fmt.Printf("%s: %d agreed, %d differed, %d skipped\n", c.name, c.agreed, len(c.differences), c.skipped)
}

var errDiffers = errors.New("tally and the API server differ")

func main() {
	// The servers are tied to the thread that starts them (Pdeathsig), and only the main thread never ends.
	runtime.LockOSThread()
	if err := run(); err != nil {
		fmt.Fprintf(os.Stderr, "cluster: %v\n", err)
		if errors.Is(err, errDiffers) {
			os.Exit(1)
		}
		os.Exit(2)
	}
}

func run() error {
	here := flag.String("here", ".", "the folder tests/cluster")
	cache := flag.String("cache", "../../build/cluster", "where built servers are kept")
	corpus := flag.String("corpus", "../../../shared/corpus", "test data of peers")
	tally := flag.String("tally", "", "the tally binary")
	defaulted := flag.String("defaulted", "", "the program that prints objects with tally's defaults")
	probe := flag.String("probe", "", "the program that uses the client of tally")
	verbose := flag.Bool("v", false, "show every difference")
	flag.Parse()
	ctx, release := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer release()

	steps := flag.Args()
	if len(steps) == 0 {
		steps = []string{"client", "pod-security", "defaults", "live", "cases"}
	}
	absolute, err := filepath.Abs(*here)
	if err != nil {
		return err
	}
	programs, err := buildServers(absolute, *cache)
	if err != nil {
		return err
	}
	if programs, err = programs.absolute(); err != nil {
		return err
	}
	began := time.Now()
	started, err := startCluster(ctx, programs, auditPolicy)
	if err != nil {
		return err
	}
	defer started.stop()
	fmt.Printf("%s: ready after %.1f s\n", programs.versions, time.Since(began).Seconds())
	r := &referee{here: absolute, corpus: *corpus, tally: *tally, defaulted: *defaulted, probe: *probe, verbose: *verbose,
		cluster: started, client: newClient(started)}
	if err := r.client.discover(); err != nil {
		return err
	}
	// A signal ends the comparison in the middle: the servers must go first.
	finished := make(chan error, 1)
	go func() { finished <- r.steps(ctx, steps, programs) }()
	select {
	case err := <-finished:
		return err
	case <-ctx.Done():
		return errors.New("stopped by a signal")
	}
}

func (r *referee) steps(ctx context.Context, steps []string, programs binaries) error {
	differs := false
	for _, step := range steps {
		began := time.Now()
		var compared []*comparison
		var err error
		switch step {
		case "serve":
			err = r.serve(ctx, programs)
		case "pod-security":
			compared, err = r.comparePodSecurity()
		case "defaults":
			compared, err = r.compareDefaults()
		case "cases":
			compared, err = r.compareCases(false)
		case "client":
			err = r.probeClient()
		case "live":
			compared, err = r.compareLive()
		case "record":
			compared, err = r.compareCases(true)
		default:
			err = fmt.Errorf("unknown step %q", step)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", step, err)
		}
		for _, c := range compared {
			c.print(r.verbose)
			differs = differs || len(c.differences) > 0
		}
		fmt.Printf("%s took %.1f s\n", step, time.Since(began).Seconds())
	}
	if differs {
		return errDiffers
	}
	return nil
}

// probeClient lets the client of tally list, watch, apply and elect; it says itself what went wrong.
func (r *referee) probeClient() error {
	file := r.cluster.path("kubeconfig-of-the-probe")
	if err := os.WriteFile(file, []byte(r.cluster.kubeconfig()), 0o600); err != nil {
		return err
	}
	command := exec.Command(r.probe, file)
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	return command.Run()
}

// serve keeps the cluster for exploration, until a signal.
func (r *referee) serve(ctx context.Context, programs binaries) error {
	file := r.cluster.path("kubeconfig")
	if err := os.WriteFile(file, []byte(r.cluster.kubeconfig()), 0o600); err != nil {
		return err
	}
	fmt.Printf("export KUBECONFIG=%s\n%s get namespaces\naudit log: %s\n", file, programs.kubectl, r.cluster.auditLog())
	<-ctx.Done()
	return nil
}
