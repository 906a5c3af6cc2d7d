# Docent's tasks. `make run` and `make test` are the two a newcomer needs; CONTRIBUTING.md explains the rest.

SHELL := /bin/bash
SWIFT_FLAGS := -c release
BINARY := .build/release/docent
HOST ?= 127.0.0.1
PORT ?= 8080
DATA ?= indexes

APT_PACKAGES := libsqlite3-dev libcurl4-openssl-dev libxml2-dev libarchive-dev libstemmer-dev libcld2-dev \
	poppler-utils pkg-config

.PHONY: help setup build models corpus run test lint format bench docs clean

help:  ## Shows the tasks
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 10

setup:  ## Installs the Debian packages that are missing; does nothing when none is
	@Tools/setup.sh $(APT_PACKAGES)

build: setup  ## Builds the release binary, .build/release/docent
	swift build $(SWIFT_FLAGS) --product docent

models: build  ## Fetches the default models and checks them
	$(BINARY) models pull all-minilm-l6-v2
	$(BINARY) models pull smollm2-135m-instruct

corpus: models  ## Ingests the sample knowledge base into $(DATA)
	$(BINARY) --data $(DATA) ingest corpus/shop-help --recursive --collection shop-help
	$(BINARY) --data $(DATA) ingest corpus/docent-manual --recursive --collection docent-manual

run: corpus  ## Builds, ingests corpus/, answers a question and serves the web page
	$(BINARY) --data $(DATA) ask "How long does a refund to PayPal take?" --collection shop-help
	@echo "Serving http://$(HOST):$(PORT)/ (Ctrl-C stops it)"
	$(BINARY) --data $(DATA) serve --host $(HOST) --port $(PORT)

test: setup  ## Builds everything and runs the tests, in release
	swift build $(SWIFT_FLAGS) --build-tests
	$(BINARY) models pull all-minilm-l6-v2
	$(BINARY) models pull smollm2-135m-instruct
	swift test $(SWIFT_FLAGS) --disable-testable-imports

lint:  ## Checks formatting, the corpus and the scripts
	swift format lint --strict --recursive Sources Tests Package.swift
	python3 Tools/check_corpus.py
	bash -n Tools/*.sh .ci/run

format:  ## Formats the Swift code in place
	swift format --in-place --recursive Sources Tests Package.swift

bench: build  ## Lists the benchmarks and what each needs
	@cat Benchmarks/README.md

docs:  ## Builds the API documentation of every module as symbol graphs and checks that public API is documented
	swift package dump-symbol-graph --minimum-access-level public --skip-synthesized-members

clean:  ## Removes what was built
	rm -rf .build
