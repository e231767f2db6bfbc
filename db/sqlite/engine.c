#include "db/engine.h"

#include "db/sqlite/audit.h"
#include "db/sqlite/handle.h"
#include "db/sqlite/make.h"
#include "db/sqlite/read.h"
#include "db/sqlite/sell.h"

const struct engine sqlite_engine = {
    .scheme = "sqlite:",
    .init = make_store,
    .reset = make_reset,
    .open_seller = handle_open_seller,
    .open_reader = handle_open_reader,
    .close = handle_close,
    .present = handle_present,
    .decide = sell_batch,
    .read_tiers = read_tiers,
    .read_sale = read_sale,
    .each_sale = read_each_sale,
    .each_server = read_each_server,
    .audit = audit_run,
};
