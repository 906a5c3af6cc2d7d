#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"))), apply_to = function)

#include "codes.h"
#define CK_HAS_VNNI 0
#include "codes_avx512.h"

// Widened to 16 bits: the instruction that multiplies bytes saturates.
static inline void ck_i8_dots_avx512(const int8_t *query, const uint8_t *const *rows, size_t n, int32_t *dots) {
    __m512i s[4] = {_mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512()};
    for (size_t i = 0; i < n; i += 32) {
        __m512i q = _mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *)(query + i)));
        for (int j = 0; j < 4; j++) {
            __m512i r = _mm512_cvtepu8_epi16(_mm256_loadu_si256((const __m256i *)(rows[j] + i)));
            s[j] = _mm512_add_epi32(s[j], _mm512_madd_epi16(q, r));
        }
    }
    _mm_storeu_si128((__m128i *)dots, ck_sums_epi32(s[0], s[1], s[2], s[3]));
}

#define ck_bf16_dots_avx512 ck_bf16_dots_widened
CK_DEFINE_CODES(avx512)

#pragma clang attribute pop
#endif
