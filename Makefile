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

sources  = $(sort $(wildcard $(addsuffix /*.c,$(1))))
objects  = $(patsubst %.c,$(BUILD)/%.o,$(call sources,$(1)))

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

$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(FLAGS) -MMD -MP -c -o $@ $<

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
