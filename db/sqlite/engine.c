#include "db/engine.h"

#include "db/sql/change.h"
#include "db/sql/list.h"
#include "db/sql/read.h"
#include "db/sql/sell.h"
#include "db/sqlite/audit.h"
#include "db/sqlite/backup.h"
#include "db/sqlite/handle.h"
#include "db/sqlite/make.h"
#include "db/sqlite/place.h"
#include "db/sqlite/replace.h"

const struct engine sqlite_engine = {
    .scheme = "sqlite:",
    .example = "sqlite:PATH",
    .init = make_store,
    .reset = replace_reset,
    .open_seller = handle_open_seller,
    .open_reader = handle_open_reader,
    .close = handle_close,
    .present = handle_present,
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
    .audit = audit_run,
    .backup = backup_make,
    .restore = backup_restore,
};
