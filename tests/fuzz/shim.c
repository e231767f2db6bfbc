/* libFuzzer's way in: the target that the program, or the link to it, is named after. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

static const struct fuzz_target *target;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    const char *slash = strrchr((*argv)[0], '/');
    target = fuzz_find(slash != NULL ? slash + 1 : (*argv)[0]);
    if (target != NULL)
        return 0;
    fprintf(stderr, "call this by the name of a target:");
    for (size_t i = 0; i < fuzz_target_count; i++)
        fprintf(stderr, " %s", fuzz_targets[i].name);
    fprintf(stderr, "\n");
    exit(2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    target->run(data, size);
    return 0;
}
