# make help lists targets and variables. Each target can run twice in a row and cleans up after itself.
.DEFAULT_GOAL := help
.PHONY: help setup build run test interop perf fuzz clean
MAKEFLAGS += --no-print-directory
# Variables of a target reach its script through the environment. SECONDS is bash's own clock, so it goes under another name.
export LAB FORMAT TEST PEER SUITE SIZES WORKERS SAS ROUTES TARGET SEED INPUT
export DURATION := $(if $(filter environment% command%,$(origin SECONDS)),$(SECONDS))

help: ## this text
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | awk -F"\t" '{ printf "%-16s %s\n", $$1, $$2 }'

setup: ## install what is missing from Debian's packages (as root)
	@scripts/setup.sh build run test interop perf

build: ## build everything: make build
	@scripts/setup.sh build
	@scripts/build.sh Appliance.sln

run: ## start a lab and show it live: make run [LAB=mesh] [SECONDS=n] [FORMAT=json]
	@scripts/run.sh

test: ## build and run all tests but interop: make test [TEST=filter]
	@scripts/test.sh

interop: ## tests against peers that are not ours: make interop [PEER=scapy|tshark|vm|strongswan|bgp|group|lab] [FORMAT=json]
	@scripts/interop.sh

perf: ## measure: make perf [SUITE=crypto|esp|wire|ike|bgp|rib|group] [SECONDS=n] [SIZES=64,1420] [WORKERS=1,2] [SAS=10000] [ROUTES=1000000] [FORMAT=json]
	@scripts/perf.sh

fuzz: ## fuzz the parsers: make fuzz [TARGET=name] [SECONDS=n]
	@SECONDS_EACH=$${DURATION:-10} TARGET=$${TARGET:-all} scripts/fuzz.sh

clean: ## remove what was built
	@rm -rf artifacts
