// Probes the processor once, fills one table per level, and hands out the table of the level in use.
#include "ck_table.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

static ck_table tables[CK_LEVEL_COUNT];
static int available[CK_LEVEL_COUNT];
static ck_level best = CK_LEVEL_SCALAR;
static _Atomic(int) active = -1;
static pthread_once_t once = PTHREAD_ONCE_INIT;

#if defined(__x86_64__)
// Intel's cores from Golden Cove on (Sapphire Rapids, the first with FP16) start a vdpbf16ps of 512 bits every other
// cycle or less, where they start two vfmadd231ps or two vpdpwssd a cycle: bf16 is left to their AMX.
static int multiplies_bf16_slowly(void) {
    return __builtin_cpu_is("intel") && __builtin_cpu_supports("avx512fp16");
}
#endif

static void probe(void) {
    available[CK_LEVEL_SCALAR] = 1;
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c")) {
        available[CK_LEVEL_AVX2] = 1;
        best = CK_LEVEL_AVX2;
        if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
            __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
            available[CK_LEVEL_AVX512] = 1;
            best = CK_LEVEL_AVX512;
            if (__builtin_cpu_supports("avx512vnni")) {
                available[CK_LEVEL_AVX512_VNNI] = 1;
                best = CK_LEVEL_AVX512_VNNI;
                if (__builtin_cpu_supports("avx512bf16")) {
                    available[CK_LEVEL_AVX512_BF16] = 1;
                    if (!multiplies_bf16_slowly()) best = CK_LEVEL_AVX512_BF16;
                }
            }
        }
    }
#elif defined(__aarch64__)
    available[CK_LEVEL_NEON] = 1;
    best = CK_LEVEL_NEON;
#endif
    for (int level = 0; level < CK_LEVEL_COUNT; level++) {
        if (!available[level]) continue;
        ck_fill_distance((ck_level)level, &tables[level].distance);
        ck_fill_elementwise((ck_level)level, &tables[level].elementwise);
        ck_fill_gemm((ck_level)level, &tables[level].gemm);
        ck_fill_quant((ck_level)level, &tables[level].quant);
    }
    int unset = -1;
    atomic_compare_exchange_strong(&active, &unset, (int)best);
}

ck_level ck_best_level(void) {
    pthread_once(&once, probe);
    return best;
}

ck_level ck_active_level(void) {
    pthread_once(&once, probe);
    return (ck_level)atomic_load_explicit(&active, memory_order_relaxed);
}

int ck_has_level(ck_level level) {
    pthread_once(&once, probe);
    return (int)level >= 0 && level < CK_LEVEL_COUNT && available[level];
}

int ck_use_level(ck_level level) {
    if (!ck_has_level(level)) return -1;
    atomic_store_explicit(&active, (int)level, memory_order_relaxed);
    return 0;
}

const ck_table *ck_kernels(void) { return &tables[ck_active_level()]; }

const ck_table *ck_kernels_at(ck_level level) { return ck_has_level(level) ? &tables[level] : NULL; }

const char *ck_level_name(ck_level level) {
    switch (level) {
    case CK_LEVEL_SCALAR: return "scalar";
    case CK_LEVEL_AVX2: return "avx2";
    case CK_LEVEL_AVX512: return "avx512";
    case CK_LEVEL_AVX512_VNNI: return "avx512vnni";
    case CK_LEVEL_AVX512_BF16: return "avx512bf16";
    case CK_LEVEL_NEON: return "neon";
    default: return "unknown";
    }
}
