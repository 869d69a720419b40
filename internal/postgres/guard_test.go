package postgres

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// ownerVariable makes this test program play a program that owns a cluster.
const ownerVariable = "EXAUDIT_TEST_CLUSTER_OWNER"

func TestMain(m *testing.M) {
	if mode := os.Getenv(ownerVariable); mode != "" {
		own(mode)
	}
	os.Exit(m.Run())
}

// own starts a cluster, says where it is, and waits to be killed.
func own(mode string) {
	c, err := Start(context.Background(), Options{})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	if mode == "crashed" {
		c.Kill()
	}
	fmt.Println(c.dir)
	time.Sleep(time.Minute)
	c.Stop()
}

// A cluster must not survive its owner, however that dies.
func TestOwnerDies(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		mode   string
		signal syscall.Signal
	}{
		{"running", syscall.SIGKILL},
		{"running", syscall.SIGINT},
		{"crashed", syscall.SIGKILL},
	} {
		t.Run(test.mode+" "+test.signal.String(), func(t *testing.T) {
			t.Parallel()
			owner := exec.Command(os.Args[0])
			owner.Env = append(os.Environ(), ownerVariable+"="+test.mode)
			output, err := owner.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := owner.Start(); err != nil {
				t.Fatal(err)
			}
			line, err := bufio.NewReader(output).ReadString('\n')
			dir := strings.TrimSpace(line)
			if err != nil || serverRuns(dir) != (test.mode == "running") {
				t.Errorf("not a %s cluster: %q, %v", test.mode, line, err)
			}
			_ = owner.Process.Signal(test.signal)
			_ = owner.Wait()
			checkGone(t, dir)
		})
	}
}
