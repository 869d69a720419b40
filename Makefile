# Everything a developer runs. Tools are pinned in tools/go.mod and built by the Go
# toolchain; PostgreSQL is found or started by the programs themselves.
SHELL := /bin/bash
TOOL  := CGO_ENABLED=0 go tool -modfile=tools/go.mod

.PHONY: demo test test-race test-matrix fuzz lint generate check-generated build

demo: ## exaudit's whole job on a real PostgreSQL, in under a minute
	@go run ./internal/cmd/demo

test: ## every test, on TEST_DATABASE_URL or a private throw-away server
	go run ./internal/cmd/withpostgres -- go test ./...

test-race: ## the same under the race detector
	go run ./internal/cmd/withpostgres -- go test -race ./...

test-matrix: ## every test on each supported major version, from npm's server binaries
	set -e; for major in 14 15 16 17 18; do \
		go run ./internal/cmd/withpostgres --major $$major -- go test -count=1 ./...; \
	done

fuzz: ## each fuzz target for half a minute
	go test ./patch -run='^$$' -fuzz='^FuzzDiffApplyReverse$$' -fuzztime=30s
	go test ./patch -run='^$$' -fuzz='^FuzzJSON$$' -fuzztime=30s

lint:
	test -z "$$(gofmt -l .)" || { gofmt -l .; exit 1; }
	go vet ./...
	$(TOOL) staticcheck ./...

generate: ## db/ from queries/ and sql/, and the structs that tests read history as
	$(TOOL) sqlc generate
	$(TOOL) sqlc generate -f internal/typedtest/sqlc.yaml

check-generated: ## fails where what generate makes is stale
	$(TOOL) sqlc diff
	$(TOOL) sqlc diff -f internal/typedtest/sqlc.yaml

build:
	CGO_ENABLED=0 go build -o bin/exaudit ./cmd/exaudit
