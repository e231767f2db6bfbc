# Box Office: every command a person needs. `make help` lists them.

PORT       = 8080
ADMIN_PORT = 8081
SERVERS    = 3
STORE      = sqlite:db/tickets.db
CAPACITY   = 1000
LOG_DIR    = logs
BUYERS     = 5000

BUILD    = build
CC       = gcc
SANITIZE =
CFLAGS   = -O2 -g
FLAGS    = -std=c11 -D_GNU_SOURCE -I. -pthread -fno-common -Wall -Wextra -Wshadow -Wconversion -Werror \
           $(CFLAGS) $(SANITIZE)
LIBS_BALANCER = -lmicrohttpd -lcurl -lcjson -lgnutls
LIBS_STORE    = -lmicrohttpd -lsqlite3 -lcjson -lgnutls

OBJ      = $(BUILD)/obj
sources  = $(sort $(wildcard $(addsuffix /*.c,$(1))))
objects  = $(patsubst %.c,$(OBJ)/%.o,$(call sources,$(1)))

COMMON        = $(call objects,common)
BALANCER      = $(call objects,balancer balancer/client balancer/routing balancer/routing/policies \
                               balancer/pool balancer/upstream balancer/admin)
TICKET_SERVER = $(call objects,ticket_server)
DB            = $(call objects,db db/sqlite)
TEST_LIB      = $(call objects,tests/lib)
UNIT          = $(call objects,tests/unit tests/unit/common tests/unit/balancer tests/unit/db \
                               tests/unit/ticket_server tests/unit/tools)
STORE_SUITE   = $(call objects,tests/store)
CLUSTER       = $(call objects,tests/cluster)

PROGRAMS = $(BUILD)/balancer $(BUILD)/ticket_server \
           $(patsubst tools/%.c,$(BUILD)/%,$(wildcard tools/report.c tools/audit.c tools/rush.c tools/watch.c))
TESTS    = $(addprefix $(BUILD)/test_,unit store cluster)

.PHONY: all help
all: $(PROGRAMS)

$(OBJ)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(FLAGS) -MMD -MP -c -o $@ $<

-include $(shell find $(OBJ) -name '*.d' 2>/dev/null)

LINK = $(CC) $(FLAGS) -o $@ $(filter %.o,$^)

$(BUILD)/balancer: $(COMMON) $(BALANCER)
	$(LINK) $(LIBS_BALANCER)
$(BUILD)/ticket_server: $(COMMON) $(DB) $(TICKET_SERVER)
	$(LINK) $(LIBS_STORE)
$(BUILD)/report $(BUILD)/audit: $(BUILD)/%: $(OBJ)/tools/%.o $(COMMON) $(DB)
	$(LINK) $(LIBS_STORE)
$(BUILD)/watch: $(OBJ)/tools/watch.o $(COMMON)
	$(LINK) $(LIBS_BALANCER)
$(BUILD)/rush: $(OBJ)/tools/rush.o $(call objects,tools/rush) $(COMMON)
	$(LINK) $(LIBS_BALANCER)

# The unit tests see everything but the programs' main files.
UNDER_TEST = $(COMMON) $(DB) $(filter-out %/main.o,$(BALANCER) $(TICKET_SERVER))
$(BUILD)/test_unit: $(UNIT) $(TEST_LIB) $(UNDER_TEST)
	$(LINK) $(LIBS_BALANCER) -lsqlite3 -lcunit
$(BUILD)/test_store: $(STORE_SUITE) $(TEST_LIB) $(COMMON) $(DB)
	$(LINK) $(LIBS_STORE) -lcurl -lcunit
$(BUILD)/test_cluster: $(CLUSTER) $(TEST_LIB) $(COMMON) $(DB)
	$(LINK) $(LIBS_STORE) -lcurl -lcunit
