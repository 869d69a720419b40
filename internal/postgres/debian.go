package postgres

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// createCluster configures Debian's packaging. They would otherwise create and
// start a server of their own, on the standard port.
const (
	createCluster     = "/etc/postgresql-common/createcluster.d/exaudit.conf"
	createClusterText = "create_main_cluster = false\n"
)

func canInstallDebian() bool {
	_, debian := os.Stat("/etc/debian_version")
	_, apt := exec.LookPath("apt-get")
	return os.Geteuid() == 0 && debian == nil && apt == nil
}

// installDebian installs the distribution's server without a cluster.
func installDebian(ctx context.Context) error {
	if err := os.MkdirAll(filepath.Dir(createCluster), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(createCluster, []byte(createClusterText), 0o644); err != nil {
		return err
	}
	defer os.Remove(createCluster) // the choice is ours, not the administrator's
	if err := aptGet(ctx, "update"); err != nil {
		return err
	}
	return aptGet(ctx, "install", "--yes", "--no-install-recommends", "postgresql")
}

// aptGet waits for its lock: other test programs may have had the same idea.
func aptGet(ctx context.Context, args ...string) error {
	args = append([]string{"--quiet", "--option=DPkg::Lock::Timeout=300"}, args...)
	cmd := exec.CommandContext(ctx, "apt-get", args...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("apt-get %s: %w\n%s", strings.Join(args, " "), err, output)
	}
	return nil
}
