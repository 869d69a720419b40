// Command lint is a vet tool of analyzers that go vet and staticcheck do not have:
//
//	go build -o bin/lint ./lint && go vet -vettool=bin/lint ./...
//
// As a vet tool, it reads packages as the go command has built them, and its results are
// cached. golangci-lint has the same analyzers, but takes many minutes to build.
package main

import (
	"fmt"
	"os"
	"strings"

	"codeberg.org/polyfloyd/go-errorlint/errorlint"
	gocritic "github.com/go-critic/go-critic/checkers/analyzer"
	"github.com/gordonklaus/ineffassign/pkg/ineffassign"
	"github.com/gostaticanalysis/nilerr"
	"github.com/nishanths/exhaustive"
	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/unitchecker"
)

func main() {
	analyzers := []*analysis.Analyzer{
		errorlint.NewAnalyzer(),
		outsideTests(exhaustive.Analyzer),
		nilerr.Analyzer,
		ineffassign.Analyzer,
		gocritic.Analyzer,
		documented,
		shared,
	}
	for flag, value := range map[string]string{
		"default-signifies-exhaustive": "true",
		"ignore-enum-types":            `^(reflect\.Kind|github\.com/jackc/pgx/v5\.QueryExecMode)$`,
	} {
		if err := exhaustive.Analyzer.Flags.Set(flag, value); err != nil {
			fmt.Fprintln(os.Stderr, "lint:", err)
			os.Exit(1)
		}
	}
	unitchecker.Main(analyzers...)
}

// outsideTests returns an analyzer that reports nothing in test files.
func outsideTests(a *analysis.Analyzer) *analysis.Analyzer {
	run := a.Run
	a.Run = func(pass *analysis.Pass) (any, error) {
		report := pass.Report
		pass.Report = func(d analysis.Diagnostic) {
			if !strings.HasSuffix(pass.Fset.Position(d.Pos).Filename, "_test.go") {
				report(d)
			}
		}
		return run(pass)
	}
	return a
}
