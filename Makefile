# make alone lists the targets.
GO      ?= go
BINARY  := bin/fettle
CACHE   := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/fettle/oracle
TIMEOUT := 30m
LINT    := $(GO) tool -modfile=tools/go.mod golangci-lint

export CGO_ENABLED ?= 0
export GOFLAGS     ?= -trimpath

.DEFAULT_GOAL := help
.PHONY: help build run demo leak test check fmt golden race oracle python mutants arm64 bench bench-train

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build bin/fettle, one static binary
	@$(GO) build -o $(BINARY) ./cmd/fettle

run: build ## run the binary: make run ARGS="lint --strict"
	@$(BINARY) $(ARGS)

demo: build ## show the main job on a generated example: two minutes of reading
	@$(GO) build -o bin/demo ./examples/cards/demo
	@bin/demo $(BINARY)

leak: build ## show on real flights what looking into the future is worth (takes 13 MB from npm)
	@$(GO) build -o bin/leak ./examples/flights/leak
	@examples/flights/get-data.sh >&2
	@bin/leak $(BINARY) examples/flights/data/flights.parquet

# The tests below test/ build the binary themselves, so that go cannot know when they must run again.
OWN = $$($(GO) list ./... | grep -v /test/)

test: ## run all tests
	@$(GO) test -timeout $(TIMEOUT) $(OWN)
	@$(GO) test -count=1 -timeout $(TIMEOUT) ./test/...

check: ## formatting, vet, linters, generated files up to date
	@unformatted=$$(gofmt -l cmd internal examples test); \
	  if [ -n "$$unformatted" ]; then echo "run make fmt; not formatted:"; echo "$$unformatted"; exit 1; fi
	@$(GO) vet ./...
	@$(LINT) run ./...
	@$(GO) mod verify
	@$(GO) test -count=1 -run '^TestPages?$$' ./internal/plan/builtin ./internal/lang/diag
	@echo "check: ok"

fmt: ## format the sources
	@gofmt -w cmd internal examples test

golden: ## rewrite the expected files of tests and the generated pages, then show what changed
	@for p in $$(grep -rl --include='*_test.go' '"update"' . | xargs -n1 dirname | sort -u); do \
	  $(GO) test -count=1 $$p -update || exit 1; done
	@git status --short

race: ## run all tests under the race detector (needs a C compiler)
	@CGO_ENABLED=1 $(GO) test -race -timeout $(TIMEOUT) $(OWN)
	@CGO_ENABLED=1 $(GO) test -race -count=1 -timeout $(TIMEOUT) ./test/...

oracle: build ## compare values bit for bit with an independent computation (needs python3 with venv)
	@ORACLE_CACHE=$(CACHE) sh test/oracle/run.sh $(BINARY)

python: build ## build the Python wheel and test it against real servers (needs python3 with venv)
	@PYTHON_CACHE=$(dir $(CACHE))python sh sdk/python/test.sh $(BINARY)

mutants: oracle ## show that oracle and crash tests catch faults: they must fail for each mutant
	@$(CACHE)/venv-$$(cksum <test/oracle/requirements.txt | tr ' ' '-')/bin/python test/mutants/run.py

arm64: ## look for fused multiply-adds, and run the golden tests as arm64 programs (needs qemu-user)
	@test/arm64/run.sh

bench: build ## time the parts; with BENCH_DATA=FOLDER also fettle train (docs/BENCHMARKS.md says how)
	@$(GO) test -run '^$$' -bench . -benchtime 200ms ./internal/engine/... ./internal/format
	@[ -z "$(BENCH_DATA)" ] || test/bench/train/run.sh $(abspath $(BINARY)) $(abspath $(BENCH_DATA))

bench-train: build ## time fettle train beside its peers: BENCH_DATA, BENCH_PEERS, BENCH_PYTHON (docs/BENCHMARKS.md)
	@$(BENCH_PYTHON) test/bench/train/peers.py --fettle $(abspath $(BINARY)) --data $(abspath $(BENCH_DATA)) \
	  --peers $(abspath $(BENCH_PEERS)) --python $(abspath $(BENCH_PYTHON)) $(WORKLOADS)
