#include "balancer/client/gate.h"

#include <assert.h>

#include "balancer/routing/routes.h"
#include "common/log.h"

static void add_servers(struct servers *servers, const struct pool_config *pool, size_t index)
{
    for (size_t i = 0; i < pool->count; i++) {
        const struct server_config *server = &pool->servers[i];
        servers_add(servers, &(struct server_about){.id = server->id,
                                                    .address = server->address,
                                                    .pool = index,
                                                    .weight = server->weight,
                                                    .source = SOURCE_CONFIG});
    }
}

/* The pool of the ticket servers is there already, with the rules that go without saying. */
static void add_pools(struct gate *gate)
{
    const struct config *config = gate->config;
    gate->servers->pools[POOL_TICKETS].rules = config->pools[CONFIG_TICKETS].rules;
    for (size_t i = POOL_TICKETS + 1; i < config->pool_count; i++) {
        const struct pool_config *pool = &config->pools[i];
        size_t index = servers_pool_add(gate->servers, pool->name, &pool->rules);
        assert(index == i);
        add_servers(gate->servers, pool, index);
    }
}

/* Sees what the routes need; true where one needs the key of sessions. */
static bool look_at_routes(struct gate *gate)
{
    const struct config *config = gate->config;
    bool sessions = false;
    for (size_t i = 0; i < config->route_count; i++) {
        const struct route *route = &config->routes[i];
        gate->asks_host = gate->asks_host || route->match.host != NULL;
        sessions =
            sessions || route->affinity == AFFINITY_COOKIE || route->affinity == AFFINITY_JWT;
        if (route->policy == POLICY_LEAST_WORKLOAD)
            gate->servers->pools[route->pool].reports = true;
    }
    return sessions;
}

static bool read_jwt(struct gate *gate)
{
    const struct jwt_config *jwt = &gate->config->jwt;
    char error[JWT_ERROR_SIZE];
    if (jwt_rules_read(jwt_algorithm_name(jwt->algorithm), jwt->key_file, jwt->issuer,
                       jwt->audience, &gate->jwt, error))
        return true;
    log_line("%s", error);
    return false;
}

bool gate_open(struct gate *gate, const struct config *config, struct servers *servers,
               const char *session_file)
{
    *gate = (struct gate){.config = config, .servers = servers};
    gate->asks_token = routes_ask_token(config);
    add_pools(gate);
    bool sessions = look_at_routes(gate);
    if (sessions &&
        (!session_key_make(session_file) || !session_key_read(session_file, gate->session_key)))
        return false;
    return !config->has_jwt || read_jwt(gate);
}

void gate_close(struct gate *gate)
{
    jwt_rules_free(&gate->jwt);
}
