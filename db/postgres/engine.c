#include "db/engine.h"

#include "db/postgres/audit.h"
#include "db/postgres/backup.h"
#include "db/postgres/handle.h"
#include "db/postgres/make.h"
#include "db/postgres/reset.h"
#include "db/sql/change.h"
#include "db/sql/list.h"
#include "db/sql/read.h"
#include "db/sql/sell.h"

const struct engine postgres_engine = {
    .scheme = "postgresql:",
    .also = "postgres:",
    .example = "postgresql://HOST/DATABASE",
    .init = postgres_make,
    .reset = postgres_reset,
    .open_seller = postgres_open_seller,
    .open_reader = postgres_open_reader,
    .close = postgres_close,
    .present = postgres_present,
    .decide = sell_batch,
    .change = change_make,
    .read_tiers = read_tiers,
    .read_sale = read_sale,
    .read_hold = list_read_hold,
    .read_event = list_read_event,
    .read_whole_event = list_read_whole_event,
    .list_events = list_events,
    .list_orders = list_orders,
    .list_tickets = list_tickets,
    .read_tickets = list_read_tickets,
    .list_owed = list_owed,
    .find_token = list_find_token,
    .each_token = list_each_token,
    .each_key = list_each_key,
    .each_due = list_each_due,
    .each_sale = read_each_sale,
    .each_hold = list_each_hold,
    .each_server = read_each_server,
    .audit = postgres_audit,
    .backup = postgres_backup,
    .restore = postgres_restore,
};
