# Box Office: every command a person needs. `make help` lists them.

PORT       = 8080
ADMIN_PORT = 8081
SERVERS    = 3
STORE      = sqlite:db/tickets.db
CAPACITY   = 1000
LOG_DIR    = logs
POLICY     =
CONFIG     =
BUYERS     = 5000
KILLS      = 1000
SEQUENCES  = 10000
FAULTS     = 300
FAILOVERS  = 100
CUTS       = 1000
MINUTES    = 10
CONNECTIONS = 100000
CLIENTS   = 100
MIB       = 256
SECONDS    = 600
TARGET     =
TO         =
FROM       =
SEED      ?=
POSTGRES_PORT = 5433
POSTGRES_DATA = db/postgres-data

BUILD    = build
CC       = gcc
SANITIZE =
CFLAGS   = -O2 -g
# Hidden: a name of ours that a library has too (json_integer, Jansson's) must not take its place there.
FLAGS    = -std=c11 -D_GNU_SOURCE -I. -I/usr/include/postgresql -pthread -fno-common -fvisibility=hidden \
           -Wall -Wextra -Wshadow -Wconversion -Werror $(CFLAGS) $(SANITIZE)
LIBS_BALANCER = -lmicrohttpd -lcurl -lcjson -lgnutls -ljwt-gnutls -lsodium
LIBS_STORE    = -lmicrohttpd -lsqlite3 -lpq -lcjson -lgnutls -lcurl -lsodium
LIBS_SERVER   = $(LIBS_STORE) -lqrencode

OBJ      = $(BUILD)/obj
sources  = $(sort $(wildcard $(addsuffix /*.c,$(1))))
objects  = $(patsubst %.c,$(OBJ)/%.o,$(call sources,$(1)))

COMMON        = $(call objects,common)
BALANCER      = $(call objects,balancer balancer/client balancer/routing balancer/routing/policies \
                               balancer/pool balancer/upstream balancer/admin balancer/master)
TICKET_SERVER = $(call objects,ticket_server)
DB            = $(call objects,db db/postgres db/sql db/sqlite)
TEST_LIB      = $(call objects,tests/lib)
UNIT          = $(call objects,tests/unit tests/unit/common tests/unit/balancer tests/unit/balancer/admin \
                               tests/unit/balancer/client tests/unit/balancer/pool tests/unit/balancer/routing \
                               tests/unit/balancer/upstream tests/unit/balancer/master tests/unit/db \
                               tests/unit/db/postgres tests/unit/db/sqlite tests/unit/lib tests/unit/ticket_server tests/unit/tools)
STORE_SUITE   = $(call objects,tests/store)
SOAK          = $(filter-out %/main.o %/buyer.o,$(call objects,tests/soak)) $(OBJ)/tools/rush/caller.o
BUYERS_OF_SOAK = $(addprefix $(OBJ)/tests/soak/,crowd.o journal.o)
FAILOVER      = $(filter-out %/main.o,$(call objects,tests/failover))
FAULTY        = $(call objects,tests/soak/faults)
CLUSTER       = $(call objects,tests/cluster tests/growth tests/streams) $(FAILOVER) $(OBJ)/tests/breakable/manner.o
FUZZ          = $(filter-out %/shim.o %/replay.o,$(call objects,tests/fuzz tests/fuzz/targets))

PROGRAMS = $(BUILD)/balancer $(BUILD)/ticket_server \
           $(patsubst tools/%.c,$(BUILD)/%,$(wildcard tools/report.c tools/audit.c tools/rush.c tools/watch.c tools/boxctl.c \
                                                   tools/payments.c tools/backup.c))
TESTS    = $(addprefix $(BUILD)/test_,unit store fuzz cluster)
FOR_SOAK = $(addprefix $(BUILD)/,soak_buyer breakable faulty/balancer faulty/ticket_server)

.DEFAULT_GOAL = help
.PHONY: all help run postgres failover-demo reset backup restore rush pay-demo report audit watch test soak faults growth streams asan tsan lint format fuzz bench bench-quick bench-postgres slow broken clean packages-% \
        check

help: ## this list
	@awk -F ': .*## ' '/^[a-z.-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile
	@echo
	@echo "  Settings: PORT=$(PORT) ADMIN_PORT=$(ADMIN_PORT) SERVERS=$(SERVERS) STORE=$(STORE)"
	@echo "            POLICY=$(POLICY) CONFIG=$(CONFIG)"
	@echo "            CAPACITY=$(CAPACITY) LOG_DIR=$(LOG_DIR) BUYERS=$(BUYERS) TO=$(TO) FROM=$(FROM)"
	@echo "            SEED=$(SEED) SEQUENCES=$(SEQUENCES) KILLS=$(KILLS) CUTS=$(CUTS) FAULTS=$(FAULTS) FAILOVERS=$(FAILOVERS)"
	@echo "            MINUTES=$(MINUTES) CONNECTIONS=$(CONNECTIONS) SECONDS=$(SECONDS) TARGET=$(TARGET)"
	@echo "            CLIENTS=$(CLIENTS) MIB=$(MIB)"
	@echo "            POSTGRES_PORT=$(POSTGRES_PORT) POSTGRES_DATA=$(POSTGRES_DATA)"

# What stands in make's own command line stays there.
.PHONY: no-password
no-password:
	@.ci/plain-store --only '$(STORE)'

packages-%:
	@.ci/packages $*

# Packages first, then the rest in a make of its own: what is installed may be what is needed to build.
run: no-password packages-run ## install what is missing, build, and sell until Ctrl-C
	@[ -x $(BUILD)/balancer ] || echo "Building; this takes a minute ..."
	@$(MAKE) --no-print-directory -s all
	@mkdir -p $(LOG_DIR)
	@$(BUILD)/ticket_server --init --demo $(CAPACITY) --store '$(STORE)'
	@exec $(BUILD)/balancer --listen 127.0.0.1:$(PORT) --admin 127.0.0.1:$(ADMIN_PORT) \
	    --servers $(SERVERS) --store '$(STORE)' --log-dir $(LOG_DIR) \
	    $(addprefix --policy ,$(POLICY)) $(addprefix --config ,$(CONFIG))

postgres: packages-postgres ## a PostgreSQL server to try it on, until Ctrl-C
	@exec .ci/postgres $(POSTGRES_DATA) $(POSTGRES_PORT)

failover-demo: packages-run packages-failover ## sell from two PostgreSQL servers, kill one (30 seconds)
	@$(MAKE) --no-print-directory -s all
	@.ci/failover-demo $(BUILD)

rush: $(BUILD)/rush ## many buyers at once at the running cluster; the report
	@$(BUILD)/rush --url http://127.0.0.1:$(PORT) --buyers $(BUYERS)
	@$(MAKE) --no-print-directory report

pay-demo: $(BUILD)/payments ## 300 hold and pay: do money and tickets agree?
	@$(BUILD)/payments --listen 127.0.0.1:0 --shop http://127.0.0.1:$(PORT) --buyers 300 \
	    --late 4000 --twice 20 --never 15 --lost 20 $(addprefix --seed ,$(SEED))

report: no-password $(BUILD)/report ## prove the routing log, and hold it against the store
	@$(BUILD)/report --log-dir $(LOG_DIR) --store '$(STORE)'

audit: no-password $(BUILD)/audit $(BUILD)/report ## prove the store; then the routing log against it
	@$(BUILD)/audit --store '$(STORE)'; sound=$$?; [ $$sound -ne 2 ] || exit 1; [ ! -e $(LOG_DIR)/routing.log ] || \
	    $(BUILD)/report --log-dir $(LOG_DIR) --store '$(STORE)' || { proved=$$?; [ $$sound -ne 0 ] || sound=$$proved; }; exit $$sound

watch: $(BUILD)/watch ## follow the routing log, readable
	@$(BUILD)/watch --log-dir $(LOG_DIR)

reset: no-password $(BUILD)/ticket_server ## begin anew: move sales and logs aside (asks first)
	@.ci/reset $(BUILD)/ticket_server '$(STORE)' $(LOG_DIR)

backup: no-password $(BUILD)/backup ## copy the store into the new file TO; selling goes on
	@$(BUILD)/backup --store '$(STORE)' --to "$(TO)"

restore: no-password $(BUILD)/backup ## put the copy FROM in the store's place (asks first)
	@.ci/restore $(BUILD)/backup '$(STORE)' $(LOG_DIR) "$(FROM)"

test: packages-run packages-test ## all tests: units, store, cluster (6 minutes)
	@$(MAKE) --no-print-directory -s all check

# What the clusters answered is held against the API's document, once they all have been heard.
ANSWERS = $(abspath $(BUILD))/api/answers.jsonl
check: $(TESTS) $(FOR_SOAK) tests/api/node_modules/.package-lock.json
	@mkdir -p $(dir $(ANSWERS)) && rm -f $(ANSWERS)
	@API_ANSWERS=$(ANSWERS) .ci/scratch .ci/test $(TESTS) tests/api/check

# As package-lock.json pins them; nothing of them is run by installing them.
tests/api/node_modules/.package-lock.json: tests/api/package-lock.json
	@echo "Installing what tests/api/check needs, from npm ..."
	@cd tests/api && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error || \
	    { echo "The tests of the API's document need packages from the npm registry, once." >&2; exit 1; }
	@touch $@

soak: packages-run packages-test ## SEQUENCES at random, KILLS kills, CUTS power cuts, audits
	@$(MAKE) --no-print-directory -s all $(BUILD)/soak $(BUILD)/test_store $(FOR_SOAK)
	@.ci/scratch .ci/walks $(BUILD)/test_store $(SEQUENCES) $(SEED)
	@EVERY_FAULT=1 SEED=$(SEED) .ci/scratch $(BUILD)/test_store "sqlite faults"
	@.ci/scratch $(BUILD)/soak --kills $(KILLS) $(addprefix --seed ,$(SEED))
	@.ci/scratch $(BUILD)/soak --postgres --kills $$((($(KILLS) + 4) / 5)) $(addprefix --seed ,$(SEED))
	@.ci/scratch $(BUILD)/soak --cuts $(CUTS) $(addprefix --seed ,$(SEED))
	@$(MAKE) --no-print-directory failover ha

faults: packages-run packages-test ## break servers FAULTS times: no buyer notices
	@$(MAKE) --no-print-directory -s all $(BUILD)/soak $(FOR_SOAK)
	@.ci/scratch $(BUILD)/soak --faults $(FAULTS) $(addprefix --seed ,$(SEED))

.PHONY: failover ha
failover: packages-run packages-test ## strike PostgreSQL's primary FAILOVERS times (in soak, too)
	@$(MAKE) --no-print-directory -s all $(BUILD)/failover $(FOR_SOAK)
	@.ci/scratch $(BUILD)/failover --blows $(FAILOVERS) $(addprefix --seed ,$(SEED))

ha: packages-run packages-test packages-ha ## break deploy/patroni on three machines (in soak, too)
	@$(MAKE) --no-print-directory -s all $(BUILD)/ha $(FOR_SOAK)
	@.ci/scratch $(BUILD)/ha

growth: packages-run packages-test ## what MINUTES of buying and CONNECTIONS visits leave
	@$(MAKE) --no-print-directory -s all $(BUILD)/test_cluster
	@.ci/scratch tests/growth/run $(BUILD) $(MINUTES) $(CONNECTIONS)

streams: packages-run packages-test ## CLIENTS stream MIB up and MIB down each, at once
	@$(MAKE) --no-print-directory -s all $(BUILD)/test_cluster
	@CLIENTS=$(CLIENTS) MIB=$(MIB) .ci/scratch $(BUILD)/test_cluster stream

# The same tests under the sanitizers, with less load: they are slower by a factor.
asan: packages-run packages-test ## all tests under AddressSanitizer and UBSan
	@TEST_LOAD=20 $(MAKE) --no-print-directory -s all check BUILD=$(BUILD)/asan \
	    SANITIZE="-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer"

tsan: packages-run packages-test ## all tests under ThreadSanitizer
	@TEST_LOAD=20 TSAN_OPTIONS="halt_on_error=1 $$TSAN_OPTIONS" $(MAKE) --no-print-directory -s all check \
	    BUILD=$(BUILD)/tsan SANITIZE=-fsanitize=thread

lint: packages-run packages-test packages-lint ## clang-format, clang-tidy, cppcheck, house rules
	@$(MAKE) --no-print-directory -s all
	@.ci/lint $(LINT)

format: ## lay all sources out anew
	clang-format -i $(shell git ls-files '*.c' '*.h')

flow.png: flow.dot ## draw the way of a purchase
	@.ci/packages flow
	dot -Tpng -Gdpi=110 -o $@ $<

bench: packages-run packages-bench ## beside HAProxy and nginx: tables and plots (40 minutes)
	@$(MAKE) --no-print-directory -s all $(BUILD)/nothing $(BUILD)/fill $(BUILD)/choice
	@BUILD=$(BUILD) tests/bench/bench

bench-quick: packages-run packages-bench ## the same in 3½ minutes, with less of everything
	@$(MAKE) --no-print-directory -s all $(BUILD)/nothing $(BUILD)/fill $(BUILD)/choice
	@BUILD=$(BUILD) tests/bench/bench --quick

bench-postgres: packages-run packages-bench ## PostgreSQL, SQLite, and without batches (20 minutes)
	@$(MAKE) --no-print-directory -s all $(BUILD)/fill $(BUILD)/batches
	@BUILD=$(BUILD) tests/bench/bench --postgres

slow: packages-run packages-slow ## what 500 slow connections cost other buyers (5 minutes)
	@$(MAKE) --no-print-directory -s all
	@BUILD=$(BUILD) tests/bench/slow

# libFuzzer comes with clang: a build of its own, under AddressSanitizer and UndefinedBehaviorSanitizer.
FUZZ_BUILD = BUILD=$(BUILD)/fuzz CC=clang CFLAGS="-O1 -g" \
             SANITIZE="-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -Wno-sign-conversion"

fuzz: packages-run packages-fuzz ## fuzz every parser for SECONDS each, or one TARGET
	@$(MAKE) --no-print-directory -s $(FUZZ_BUILD) $(BUILD)/fuzz/fuzz_all
	@tests/fuzz/run $(BUILD)/fuzz $(SECONDS) $(TARGET)

broken: packages-run packages-broken ## break the product in known ways: each must be caught
	@$(MAKE) --no-print-directory -s all $(filter-out %_fuzz,$(TESTS))
	@tests/broken/run

clean: ## remove what was built; sales and logs stay
	rm -rf $(BUILD)

all: $(PROGRAMS) ## build the programs and tools

$(OBJ)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(FLAGS) -MMD -MP -c -o $@ $<

$(OBJ)/ticket_server/openapi.o: ticket_server/openapi.json

-include $(shell find $(OBJ) -name '*.d' 2>/dev/null)

comma = ,
LINK = $(CC) $(FLAGS) -o $@ $(filter %.o,$^)

$(BUILD)/balancer: $(COMMON) $(BALANCER)
	$(LINK) $(LIBS_BALANCER)
$(BUILD)/ticket_server: $(COMMON) $(DB) $(TICKET_SERVER)
	$(LINK) $(LIBS_SERVER)
REPORT = $(OBJ)/tools/log_reader.o $(call objects,tools/report)
$(BUILD)/report: $(OBJ)/tools/report.o $(REPORT) $(COMMON) $(DB)
	$(LINK) $(LIBS_STORE)
$(BUILD)/audit: $(OBJ)/tools/audit.o $(COMMON) $(DB)
	$(LINK) $(LIBS_STORE)
$(BUILD)/backup: $(OBJ)/tools/backup.o $(COMMON) $(DB)
	$(LINK) $(LIBS_STORE)
$(BUILD)/watch: $(OBJ)/tools/watch.o $(call objects,tools/watch) $(OBJ)/tools/log_reader.o $(COMMON)
	$(LINK) $(LIBS_BALANCER)
$(BUILD)/rush: $(OBJ)/tools/rush.o $(call objects,tools/rush) $(COMMON)
	$(LINK) $(LIBS_BALANCER)

$(BUILD)/payments: $(OBJ)/tools/payments.o $(call objects,tools/payments) $(addprefix $(OBJ)/tools/rush/,caller.o stock.o) $(COMMON)
	$(LINK) $(LIBS_BALANCER)
$(BUILD)/boxctl: $(OBJ)/tools/boxctl.o $(call objects,tools/boxctl) $(COMMON)
	$(LINK) $(LIBS_BALANCER)

$(BUILD)/nothing: $(OBJ)/tests/bench/nothing.o $(COMMON)
	$(LINK) $(LIBS_BALANCER)
$(BUILD)/fill: $(OBJ)/tests/bench/fill.o $(COMMON) $(DB)
	$(LINK) $(LIBS_STORE)
$(BUILD)/batches: $(OBJ)/tests/bench/batches.o $(COMMON) $(DB)
	$(LINK) $(LIBS_STORE)
$(BUILD)/choice: $(OBJ)/tests/bench/choice.o $(COMMON) $(filter-out %/main.o,$(BALANCER))
	$(LINK) $(LIBS_BALANCER)

# The unit tests see everything but the programs' main files.
UNDER_TEST = $(COMMON) $(DB) $(REPORT) $(addprefix $(OBJ)/tools/boxctl/,event_view.o gate_list.o gate_seen.o listing.o api.o grid.o terms.o) $(addprefix $(OBJ)/tools/payments/,book.o prices_read.o queue.o) $(call objects,tools/watch) $(filter-out %/main.o,$(BALANCER) $(TICKET_SERVER))
$(BUILD)/test_unit: $(UNIT) $(TEST_LIB) $(UNDER_TEST)
	$(LINK) $(LIBS_BALANCER) -lsqlite3 -lpq -lqrencode -lcunit
# Its tests step the clock (tests/store/clock.c), watch what is made durable (tests/store/steps.c), let calls fail
# (tests/store/own_calls.c), watch what goes to a server (tests/store/pg_wire.c), and give a name two addresses
# (tests/store/pg_dial.c).
STORE_WRAPPED = clock_now getaddrinfo link fsync rename renameat2 open stat fstat flock mknod chmod ftruncate pread pwrite mmap \
                PQconnectPoll PQsendPrepare PQfinish PQpipelineSync
$(BUILD)/test_store: $(STORE_SUITE) $(TEST_LIB) $(COMMON) $(DB)
	$(LINK) $(addprefix -Wl$(comma)--wrap=,$(STORE_WRAPPED)) $(LIBS_STORE) -lcunit
$(BUILD)/test_cluster: $(CLUSTER) $(SOAK) $(TEST_LIB) $(COMMON) $(DB)
	$(LINK) $(LIBS_STORE) -lcunit

# The soak, and the programs it kills: the product's objects, with faults linked around some functions.
$(BUILD)/soak: $(OBJ)/tests/soak/main.o $(SOAK) $(filter-out %/main.o,$(TEST_LIB)) $(COMMON) $(DB)
	$(LINK) $(LIBS_STORE) -lcunit
$(BUILD)/failover: $(OBJ)/tests/failover/main.o $(FAILOVER) $(BUYERS_OF_SOAK) $(filter-out %/main.o,$(TEST_LIB)) $(COMMON) $(DB)
	$(LINK) $(LIBS_STORE) -lcunit
$(BUILD)/ha: $(call objects,tests/ha) $(FAILOVER) $(BUYERS_OF_SOAK) $(filter-out %/main.o,$(TEST_LIB)) $(COMMON) $(DB)
	$(LINK) $(LIBS_STORE) -lcunit
$(BUILD)/soak_buyer: $(addprefix $(OBJ)/tests/,soak/buyer.o soak/journal.o lib/client.o lib/answers.o lib/dice.o) $(COMMON)
	$(LINK) $(LIBS_BALANCER)
$(BUILD)/breakable: $(call objects,tests/breakable) $(COMMON)
	$(LINK) $(LIBS_BALANCER)
$(BUILD)/faulty/balancer: $(COMMON) $(BALANCER) $(addprefix $(OBJ)/tests/soak/faults/,fault.o disk_full.o wrong_clock.o)
	@mkdir -p $(@D)
	$(LINK) $(addprefix -Wl$(comma)--wrap=,writev clock_now) $(LIBS_BALANCER)
$(BUILD)/faulty/ticket_server: $(COMMON) $(DB) $(TICKET_SERVER) $(FAULTY)
	@mkdir -p $(@D)
	$(LINK) $(addprefix -Wl$(comma)--wrap=,writev clock_now store_decide accept_request connection_run connection_open) $(LIBS_SERVER)

# What would end the process, or reach out of it, has something else in its place (tests/fuzz/wrap.c).
FUZZED  = $(filter-out %/main.o,$(COMMON) $(DB) $(BALANCER) $(TICKET_SERVER)) $(REPORT) \
          $(call objects,tools/rush tools/watch tools/boxctl)
WRAPPED = $(addprefix -Wl$(comma)--wrap=,die exit bind listen getaddrinfo)
$(BUILD)/test_fuzz: $(FUZZ) $(OBJ)/tests/fuzz/replay.o $(TEST_LIB) $(FUZZED)
	$(LINK) $(WRAPPED) $(LIBS_BALANCER) -lsqlite3 -lpq -lqrencode -lcunit -lm
$(BUILD)/fuzz_all: $(FUZZ) $(OBJ)/tests/fuzz/shim.o $(FUZZED)
	$(LINK) -fsanitize=fuzzer $(WRAPPED) $(LIBS_BALANCER) -lsqlite3 -lpq -lqrencode -lm
