#include "rows.h"

CK_DECLARE_ROWS(dot_f32, scalar)
CK_DECLARE_ROWS(l2_f32, scalar)
CK_DECLARE_ROWS(dot_f32, avx2)
CK_DECLARE_ROWS(l2_f32, avx2)
CK_DECLARE_ROWS(dot_f32, avx512)
CK_DECLARE_ROWS(l2_f32, avx512)
CK_DECLARE_ROWS(dot_f32, neon)
CK_DECLARE_ROWS(l2_f32, neon)

#define CK_USE(level)                                                                                                  \
    *table = (ck_distance_table) {                                                                                     \
        .dot_f32 = ck_dot_f32_##level, .l2_f32 = ck_l2_f32_##level, .dot_f32_gather = ck_dot_f32_##level##_gather,     \
        .l2_f32_gather = ck_l2_f32_##level##_gather, .dot_f32_scan = ck_dot_f32_##level##_scan,                        \
        .l2_f32_scan = ck_l2_f32_##level##_scan,                                                                       \
    }

void ck_fill_distance(ck_level level, ck_distance_table *table) {
    CK_USE(scalar);
#if defined(__x86_64__)
    if (level >= CK_LEVEL_AVX2 && level <= CK_LEVEL_AVX512_VNNI) CK_USE(avx2);
    if (level >= CK_LEVEL_AVX512 && level <= CK_LEVEL_AVX512_VNNI) CK_USE(avx512);
#elif defined(__aarch64__)
    if (level == CK_LEVEL_NEON) CK_USE(neon);
#endif
}
