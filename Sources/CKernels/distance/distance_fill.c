#include "bits.h"
#include "codes.h"
#include "rows.h"

CK_DECLARE_ROWS(dot_f32, scalar)
CK_DECLARE_ROWS(l2_f32, scalar)
CK_DECLARE_ROWS(dot_f32, avx2)
CK_DECLARE_ROWS(l2_f32, avx2)
CK_DECLARE_ROWS(dot_f32, avx512)
CK_DECLARE_ROWS(l2_f32, avx512)
CK_DECLARE_ROWS(dot_f32, neon)
CK_DECLARE_ROWS(l2_f32, neon)
CK_DECLARE_CODES(scalar)
CK_DECLARE_CODES(avx2)
CK_DECLARE_CODES(avx512)
CK_DECLARE_CODES(avx512vnni)
CK_DECLARE_CODES(avx512bf16)
CK_DECLARE_CODES(neon)
CK_DECLARE_BITS(scalar)
CK_DECLARE_BITS(avx2)
CK_DECLARE_BITS(avx512)
CK_DECLARE_BITS(avx512popcnt)
CK_DECLARE_BITS(neon)

#define CK_USE(level, codes, bits)                                                                                     \
    *table = (ck_distance_table) {                                                                                     \
        .dot_f32 = ck_dot_f32_##level, .l2_f32 = ck_l2_f32_##level, .dot_f32_gather = ck_dot_f32_##level##_gather,     \
        .l2_f32_gather = ck_l2_f32_##level##_gather, .dot_f32_scan = ck_dot_f32_##level##_scan,                        \
        .l2_f32_scan = ck_l2_f32_##level##_scan, .f32_dot_codes = ck_dot_f32_##level##_codes,                          \
        .f32_l2_codes = ck_l2_f32_##level##_codes, .bf16_codes = ck_bf16_codes_##codes,                                \
        .i8_codes = ck_i8_codes_##codes, .i8_encode = ck_i8_encode_##codes,                                            \
        .i8_row_query = ck_i8_row_query_##codes, .bf16_encode = ck_bf16_encode_##codes,                                \
        .count_below = ck_count_below_##codes, .members = ck_members_##codes, .bits_codes = ck_bits_codes_##bits,      \
        .bits_encode = ck_bits_encode_##bits, .bits_query = ck_bits_query_##bits,                                      \
    }

void ck_fill_distance(ck_level level, ck_distance_table *table) {
    CK_USE(scalar, scalar, scalar);
#if defined(__x86_64__)
    if (level == CK_LEVEL_AVX2) CK_USE(avx2, avx2, avx2);
    if (level == CK_LEVEL_AVX512) CK_USE(avx512, avx512, avx512);
    if (level == CK_LEVEL_AVX512_VNNI) CK_USE(avx512, avx512vnni, avx512);
    if (level == CK_LEVEL_AVX512_BF16) CK_USE(avx512, avx512bf16, avx512);
    // No level implies it: the first processors with VNNI or BF16 don't count bits in vectors.
    if (level >= CK_LEVEL_AVX512_VNNI && level <= CK_LEVEL_AVX512_BF16 && __builtin_cpu_supports("avx512vpopcntdq"))
        table->bits_codes = ck_bits_codes_avx512popcnt;
#elif defined(__aarch64__)
    if (level == CK_LEVEL_NEON) CK_USE(neon, neon, neon);
#endif
}
