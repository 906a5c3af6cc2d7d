#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx512bf16"))), apply_to = function)

#include "codes.h"
#include "codes_avx512.h"

static inline void ck_i8_dots_avx512vnni(const int8_t *query, const uint8_t *const *rows, size_t n, int32_t *dots) {
    __m512i s[4] = {_mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512()};
    for (size_t i = 0; i < n; i += 64) {
        __m512i q = _mm512_loadu_si512(query + i);
        for (int j = 0; j < 4; j++) s[j] = _mm512_dpbusd_epi32(s[j], _mm512_loadu_si512(rows[j] + i), q);
    }
    _mm_storeu_si128((__m128i *)dots, ck_sums_epi32(s[0], s[1], s[2], s[3]));
}

static inline void ck_bf16_dots_avx512vnni(
    const uint16_t *query, const uint16_t *const *rows, size_t n, float *dots) {
    __m512 s[4] = {_mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps()};
    for (size_t i = 0; i < n; i += 32) {
        __m512bh q = (__m512bh)_mm512_loadu_si512(query + i);
        for (int j = 0; j < 4; j++) s[j] = _mm512_dpbf16_ps(s[j], (__m512bh)_mm512_loadu_si512(rows[j] + i), q);
    }
    _mm_storeu_ps(dots, ck_sums_ps(s[0], s[1], s[2], s[3]));
}

CK_DEFINE_CODES(avx512vnni)

#pragma clang attribute pop
#endif
