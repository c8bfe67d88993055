# Fynlo POS: each target is one command of scripts/fynlo; `make help` lists them.
.DEFAULT_GOAL := help
FYNLO := scripts/fynlo
.PHONY: help setup run stop clean status logs shell psql upgrade rotate-keys demo demo-history \
        openapi audit-verify notifications-again secrets-check bench bench-orders bench-events bench-rights \
        bench-caches load-api load-users \
        load-endpoints load-database load-service load-closing load-chaos load-books load-charges load-notifications \
        races test test-fast \
        load-websocket lint ci

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-20s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Get Odoo, Python packages and servers, without starting anything
	@$(FYNLO) setup

run: ## Start the demo restaurant; prints URLs, logins and a pairing code
	@$(FYNLO) run

stop: ## Stop every process of this checkout; data is kept
	@$(FYNLO) stop

clean: ## Stop, and remove the database and all other data (downloads are kept)
	@$(FYNLO) clean

status: ## What runs, and where
	@$(FYNLO) status || true

logs: ## Follow the logs of all processes
	@$(FYNLO) logs

shell: ## Odoo shell on the restaurant's database
	@$(FYNLO) shell

psql: ## psql on the restaurant's database
	@$(FYNLO) psql

upgrade: ## Upgrade all Fynlo addons in the database and start Odoo again
	@$(FYNLO) upgrade

rotate-keys: ## Sign with a new key; nobody is logged out
	@$(FYNLO) rotate-keys

demo: ## Four tills work through a lunch service against `make run`
	@$(FYNLO) python scripts/demo.py $(ARGS)

demo-history: ## Load the demo restaurant's past year of orders
	@$(FYNLO) call fynlo.demo.history _load

openapi: ## Write docs/api/openapi.json
	@$(FYNLO) openapi

notifications-again: ## Handle the notifications of payment providers again that failed in the last three days
	@$(FYNLO) call fynlo.payment.notification _handle_failed_again

audit-verify: ## Check the audit log's hash chain
	@$(FYNLO) call fynlo.audit.log _verify

secrets-check: ## Search database and logs for card numbers, keys and tokens; fails if there are any
	@$(FYNLO) call fynlo.secret.search _require_none
	@$(FYNLO) python scripts/log_search.py .run/logs

bench: ## Compare the menu with stock Odoo's, and time the hottest reads
	@$(FYNLO) load bench_core $(ARGS)

bench-orders: ## Every figure of an order against stock Odoo, in one run
	@$(FYNLO) load bench_orders $(ARGS)

bench-caches: ## How fast a change of prices, settings or permissions takes cached values out of use
	@$(FYNLO) load bench_caches $(ARGS)

bench-events: ## How long an event takes from the commit to ten tills
	@$(FYNLO) load bench_events $(ARGS)

bench-rights: ## How long after a change of role, map or device a live connection has lost its rights
	@$(FYNLO) load bench_rights $(ARGS)

load-api: ## Tills at work for half a minute (ARGS="--long": five), with limits on failures and delays
	@$(FYNLO) load api $(ARGS)

load-users: ## 10 to 200 members of staff at once (ARGS="--users 10 25 --seconds 10"): curve, memory, books
	@$(FYNLO) load staff $(ARGS)

load-endpoints: ## Thirteen endpoints at 1,000 a minute each, bursts, limits, and Redis and PostgreSQL away
	@$(FYNLO) load endpoints $(ARGS)

load-database: ## Five kinds of queries for up to 500 clients, pools of 10 to 500, isolation, plans, leaks
	@$(FYNLO) load database $(ARGS)

load-service: ## Sixteen tills for five minutes (ARGS="--minutes 1"), then orders = payments = journal
	@$(FYNLO) load service $(ARGS)

load-closing: ## Close a till with 5,000 orders while its posting worker is killed
	@$(FYNLO) load closing $(ARGS)

load-chaos: ## Forty tills for five minutes while every process is killed; nothing may be lost or doubled
	@$(FYNLO) load chaos $(ARGS)

load-books: ## The same orders by us and by stock Odoo: journal, stock and reports must be equal
	@$(FYNLO) load stock_books $(ARGS)

load-websocket: ## One gateway against 9,000 tills, slow ones, storms, floods and a plain broadcast server (3 minutes)
	@$(FYNLO) load websocket $(ARGS)

load-charges: ## Card payments and rollbacks against a simulated Stripe (2 minutes)
	@$(FYNLO) load charges $(ARGS)

load-notifications: ## A bank tells of payments at ten a second: how fast that is taken, and handled
	@$(FYNLO) load notifications $(ARGS)

races: ## Sixteen tills and racing twins on one location; nothing may be lost or doubled
	@$(FYNLO) load races $(ARGS)

test: ## All tests
	@$(FYNLO) test

test-fast: ## One path: make test-fast ARGS=addons/fynlo_pos_core/tests/test_money.py
	@$(FYNLO) test-fast $(ARGS)

lint: ## All static checks
	@$(FYNLO) lint

ci: ## What continuous integration runs
	@.ci/run
