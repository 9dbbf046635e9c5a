# The two commands of the README are 'go run ./cmd/polder demo' and 'make test'.
# Everything is built without cgo, as it ships; only the race detector needs a C compiler.

export CGO_ENABLED = 0
export GOFLAGS = -buildvcs=false

GOFUMPT     = go run mvdan.cc/gofumpt@v0.12.0
STATICCHECK = go run honnef.co/go/tools/cmd/staticcheck@v0.8.2
# Packages with goroutines: their tests run under the race detector too.
RACE = ./bus ./sensing/... ./decision/... ./roads ./fleet ./internal/clock

.PHONY: build test tools lint unit race fuzz job e2e assets bench

build:
	go build -trimpath -o bin/polder ./cmd/polder

test: tools lint unit race job e2e
	@echo "All tests passed."

# What a bare Debian machine lacks.
tools:
	@./internal/tools/install

lint:
	@test -z "$$($(GOFUMPT) -l . | tee /dev/stderr)" || { echo "gofumpt: the files above are not formatted"; exit 1; }
	go vet ./...
	$(STATICCHECK) ./...

unit:
	go test ./...

race:
	CGO_ENABLED=1 go test -race -short $(RACE)

# Every fuzz target for half a minute. Their seeds, and what was found before, run in 'unit' already.
fuzz:
	@./internal/tools/fuzz 30s

# The seven commands on real streets, from an empty folder to a verified plan.
job: build
	./internal/tools/job

e2e: build
	go test -count=1 -timeout 15m -tags e2e ./e2e

assets:
	cd web && npm ci && npm run build

bench:
	@echo "Each folder under bench/ has a README with its command."
