// Instruction-set levels and the choice between them.
//
// A level names what a kernel may use; a machine that has a level has every lower one of its architecture.
// The tables of every level the machine has are filled once; choosing a level swaps one pointer, so tests
// can run each of them in one process.
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
    CK_LEVEL_SCALAR = 0,  // portable C: the specification of every other level
    CK_LEVEL_AVX2 = 1,    // AVX2, FMA, F16C
    CK_LEVEL_AVX512 = 2,  // AVX-512 F, BW, DQ, VL
    CK_LEVEL_AVX512_VNNI = 3,  // and VNNI
    CK_LEVEL_AVX512_BF16 = 4,  // and BF16
    CK_LEVEL_NEON = 5,    // arm64 Advanced SIMD (no x86 level exists there)
    CK_LEVEL_COUNT = 6
} ck_level;

/// The best level of this machine, probed once: the highest one, but for CK_LEVEL_AVX512_BF16 on processors that multiply
/// bf16 slower than floats.
ck_level ck_best_level(void);

/// The level in use: the best one until `ck_use_level` says otherwise.
ck_level ck_active_level(void);

/// 1 when this machine can run `level`.
int ck_has_level(ck_level level);

/// Makes `level` the one in use for the whole process. Returns 0, or -1 when this machine lacks it.
int ck_use_level(ck_level level);

/// The level's name ("scalar", "avx2", "avx512", "avx512vnni", "avx512bf16", "neon").
const char *ck_level_name(ck_level level);

#ifdef __cplusplus
}
#endif
