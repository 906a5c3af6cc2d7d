#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"))), apply_to = function)

#include "bits.h"
#define CK_HAS_VNNI 0
#include "codes_avx512.h"

// Bits of each byte, from a table of those of half a byte.
static inline __m512i ck_bits_count(__m512i x) {
    const __m512i counts =
        _mm512_broadcast_i32x4(_mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4));
    const __m512i low = _mm512_set1_epi8(15);
    __m512i high = _mm512_and_si512(_mm512_srli_epi16(x, 4), low);
    return _mm512_add_epi8(_mm512_shuffle_epi8(counts, _mm512_and_si512(x, low)), _mm512_shuffle_epi8(counts, high));
}

static inline void ck_bits_dots_avx512(const uint8_t *planes, const uint8_t *const *rows, size_t n, int32_t *dots) {
    __m512i s[4] = {_mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512()};
    for (size_t i = 0; i < n / 8; i += 64, planes += 64 * CK_BIT_PLANES) {
        for (int j = 0; j < 4; j++) {
            __m512i row = _mm512_loadu_si512(rows[j] + i), weighted = _mm512_setzero_si512();
            // From the heaviest plane down; at most 8 × 15 in a byte.
            for (int k = CK_BIT_PLANES - 1; k >= 0; k--) {
                __m512i count = ck_bits_count(_mm512_xor_si512(row, _mm512_loadu_si512(planes + 64 * k)));
                weighted = _mm512_add_epi8(_mm512_add_epi8(weighted, weighted), count);
            }
            s[j] = _mm512_add_epi64(s[j], _mm512_sad_epu8(weighted, _mm512_setzero_si512()));
        }
    }
    _mm_storeu_si128((__m128i *)dots, ck_sums_epi32(s[0], s[1], s[2], s[3]));
}

CK_DEFINE_BITS(avx512)

#pragma clang attribute pop
#endif
