# Everything a developer runs. Tools are pinned in tools/go.mod and built by the Go
# toolchain; PostgreSQL is found or started by the programs themselves.
SHELL := /bin/bash
TOOL  := CGO_ENABLED=0 go tool -modfile=tools/go.mod

.PHONY: demo test test-all torture test-statement test-toast test-matrix test-recipes test-pgx bench bench-db bench-read bench-patch bench-undo bench-instructions bench-tables fuzz lint lint-names generate check-generated build

demo: ## exaudit's whole job on a real PostgreSQL, in under a minute
	@go run ./internal/cmd/demo

test: ## every feature once, on TEST_DATABASE_URL or a private throw-away server: some minutes
	go run ./internal/cmd/withpostgres --set plan_cache_mode=force_generic_plan -- go test -vet=off -parallel 4 -timeout 30m ./...

test-all: ## every test in full, under the race detector: large sizes, all members of a kind, long histories, and recording by statement and toast
	EXAUDIT_TEST_ALL=1 go run ./internal/cmd/withpostgres -- go test -race -timeout 60m ./...
	$(MAKE) test-statement test-toast

test-statement: ## what is recorded, by tables of the option trigger: statement
	EXAUDIT_TEST_OPTION=statement go run ./internal/cmd/withpostgres -- go test -timeout 30m ./triggers ./sql

test-toast: ## what is recorded, by tables of the option skip_untouched_toast
	EXAUDIT_TEST_OPTION=toast go run ./internal/cmd/withpostgres -- go test -timeout 30m ./triggers ./sql

test-matrix: ## every test in full on each supported major version; says what was tested, what skipped and why
	EXAUDIT_TEST_ALL=1 go run ./internal/cmd/testmatrix

test-recipes: ## the code of docs/integration.md that needs gRPC and connect
	cd docs/recipes && go vet ./... && go test -timeout 30m ./...

test-pgx: ## all of pgx's own tests, on connections that are an exaudit.DB
	EXAUDIT_TEST_PGX=all go run ./internal/cmd/withpostgres -- go test -timeout 30m -v ./internal/pgxsuite

torture: ## generated worlds beside un-audited twins, for SECONDS=60 or WORLDS=1000; SEED=n repeats, LIFT=all has no exclusions
	EXAUDIT_TORTURE_SECONDS=$(if $(WORLDS),,$(or $(SECONDS),60)) EXAUDIT_TORTURE_WORLDS=$(WORLDS) EXAUDIT_TORTURE_LIFT=$(LIFT) \
		EXAUDIT_TORTURE_SEED=$(or $(SEED),$$(date +%s)) EXAUDIT_TORTURE_FIRST=$(FIRST) go run ./internal/cmd/withpostgres -- go test -timeout 24h -count=1 -v ./internal/torture -run TestWorlds

bench: ## what auditing costs, beside plain tables and other triggers (docs/benchmarks.md); FLAGS="--workload bulk"
	go run ./internal/cmd/bench $(FLAGS)

bench-db: ## a statement through exaudit.DB, with custom data and without, compared with the pool
	go run ./internal/cmd/withpostgres -- go test . -run='^$$' -bench='^BenchmarkDB$$' -benchtime=5s

bench-read: ## histories and searches in stores of 1 and 10 million versions; VERSIONS=50000000 for 50, in 12 GB of memory
	EXAUDIT_BENCH_VERSIONS=$(VERSIONS) go run ./internal/cmd/withpostgres -- go test . -run='^$$' -bench='^BenchmarkRead$$' -benchtime=1x -timeout=60m

bench-patch: ## diffs and patches, ten times each, for benchstat
	@go test ./patch -run='^$$' -bench='^Benchmark(Diff|Patch|Merge)$$' -count=10

bench-instructions: ## the instructions of single changes, counted with valgrind, whatever else the machine does
	go run ./internal/cmd/bench --instructions $(FLAGS)

bench-tables: ## what commands take with 100 and 500 tables; TABLES=2000 for others
	EXAUDIT_BENCH_TABLES=$(TABLES) go run ./internal/cmd/withpostgres -- go test . -run='^$$' -bench='^BenchmarkTables$$' -benchtime=1x -timeout=60m

bench-undo: ## plans of 50,000 to 200,000 rows, made and applied
	go run ./internal/cmd/withpostgres -- go test . -run='^$$' -bench='^BenchmarkUndo$$' -benchtime=1x -timeout=30m

fuzz: ## each fuzz target for half a minute
	go test ./patch -run='^$$' -fuzz='^FuzzDiffApplyReverse$$' -fuzztime=30s
	go test ./patch -run='^$$' -fuzz='^FuzzMerge$$' -fuzztime=30s
	go test ./patch -run='^$$' -fuzz='^FuzzJSON$$' -fuzztime=30s
	go test ./internal/custom -run='^$$' -fuzz='^FuzzStatements$$' -fuzztime=30s

lint: lint-names ## what go vet, staticcheck, unparam, misspell and tools/lint find; internal/house has the rest
	test -z "$$(gofmt -l .)" || { gofmt -l .; exit 1; }
	go vet ./...
	$(TOOL) staticcheck ./...
	$(TOOL) unparam ./...
	$(TOOL) misspell -error $$(git ls-files '*.go' '*.md' '*.sql' '*.tmpl' '*.yaml')
	cd tools && CGO_ENABLED=0 go build -o ../bin/lint ./lint
	go vet -vettool=bin/lint ./...

# where SQL is, which means the same under any search_path
NAMES := queries triggers/testdata . cmd/exaudit internal/config internal/history internal/custom internal/preamble internal/migration revert sql stdlib triggers internal/undo internal/maintenance exaudittest

lint-names: ## no name in SQL that a session's search_path could redirect
	cd tools && CGO_ENABLED=0 go vet ./... && CGO_ENABLED=0 go test ./... && CGO_ENABLED=0 go run ./sqlnames $(addprefix ../,$(NAMES))

generate: ## db/ from queries/ and sql/, and what tests and the example have sqlc generate
	$(TOOL) sqlc generate
	$(TOOL) sqlc generate -f internal/typedtest/sqlc.yaml
	$(TOOL) sqlc generate -f examples/shop/sqlc.yaml

check-generated: ## fails where what generate makes is stale
	$(TOOL) sqlc diff
	$(TOOL) sqlc diff -f internal/typedtest/sqlc.yaml
	$(TOOL) sqlc diff -f examples/shop/sqlc.yaml

build:
	CGO_ENABLED=0 go build -o bin/exaudit ./cmd/exaudit
