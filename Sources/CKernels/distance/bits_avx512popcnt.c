#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vpopcntdq"))), apply_to = function)

#include "bits.h"
#define CK_HAS_VNNI 0
#include "codes_avx512.h"

static inline void ck_bits_dots_avx512popcnt(
    const uint8_t *planes, const uint8_t *const *rows, size_t n, int32_t *dots) {
    __m512i s[4] = {_mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512()};
    for (size_t i = 0; i < n / 8; i += 64, planes += 64 * CK_BIT_PLANES) {
        for (int j = 0; j < 4; j++) {
            __m512i row = _mm512_loadu_si512(rows[j] + i), weighted = _mm512_setzero_si512();
            for (int k = CK_BIT_PLANES - 1; k >= 0; k--) {
                __m512i count = _mm512_popcnt_epi64(_mm512_xor_si512(row, _mm512_loadu_si512(planes + 64 * k)));
                weighted = _mm512_add_epi64(_mm512_add_epi64(weighted, weighted), count);
            }
            s[j] = _mm512_add_epi64(s[j], weighted);
        }
    }
    // The upper half of each sum is zero.
    _mm_storeu_si128((__m128i *)dots, ck_sums_epi32(s[0], s[1], s[2], s[3]));
}

// Coding is that of bits_avx512.c: only the gather counts bits.
CK_DEFINE_SCALED(bits, avx512popcnt)

#pragma clang attribute pop
#endif
