/* The policies and affinities by name, and what both the router, which chooses by them, and the
 * report, which proves its choices, must compute alike. Pure; any thread. */
#ifndef BOX_OFFICE_POLICY_H
#define BOX_OFFICE_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum policy {
    POLICY_FEWEST_SOLD,
    POLICY_ROUND_ROBIN,
    POLICY_LEAST_CONNECTIONS,
    POLICY_POWER_OF_TWO,
    POLICY_IP_HASH,
    POLICY_LEAST_WORKLOAD,
    POLICY_RANDOM,
    POLICY_COUNT
};

/* All names, as one would list them in a sentence. */
#define POLICY_NAMES                                                                               \
    "fewest-sold, round-robin, least-connections, power-of-two, ip-hash, least-workload, random"

const char *policy_name(enum policy policy);

/* The policy of exactly this name, which need not end with a NUL; false where there is none. */
bool policy_parse(const char *name, size_t length, enum policy *policy);

/* What ties a client's requests to one server. */
enum affinity {
    AFFINITY_NONE,
    AFFINITY_COOKIE,  /* the server that a cookie of ours names */
    AFFINITY_JWT,     /* one for each subject of a token */
    AFFINITY_ADDRESS, /* one for each client address */
    AFFINITY_COUNT
};

const char *affinity_name(enum affinity affinity);

/* All 64 bits of the result depend on each byte of the text (FNV-1a, then the finalizer of
 * MurmurHash3). Not a defence against who chooses the text. */
uint64_t policy_hash(const char *text);

/* Rendezvous hashing (Thaler and Ravishankar 1998): of all servers, a key belongs to the one with the
 * highest score. So a server that leaves moves its own keys and no others. `key` and `server` are
 * hashes, of the key and of the server's id. 32 bits. */
uint64_t policy_score(uint64_t key, uint64_t server);

/* The random number of the choice with line number n (SplitMix64, by Steele, Lea and Flood 2014).
 * `seed`: the hash of the router's id, whose random bits nobody chose. So the draws of a log can be
 * drawn again, and a choice by chance be proved. */
uint64_t policy_draw(uint64_t seed, uint64_t n);

enum {
    POLICY_FRESH_SECONDS = 2,  /* so old may a server's report of its workload be */
    POLICY_BUSY_SHARE = 10,    /* per mille of workload that each request under way stands for */
    POLICY_MEMORY_FULL = 1024, /* MiB of resident memory that are a workload of 1000 per mille */
    POLICY_COMMIT_FULL = 100,  /* ms of a commit that are one */
};

/* How loaded a server is, in per mille: the worst of its three figures. `cpu`: per mille of one
 * processor; `memory`: resident MiB; `commit`: microseconds. Not above 10^6. */
int64_t policy_workload(int64_t cpu, int64_t memory, int64_t commit);

#endif
