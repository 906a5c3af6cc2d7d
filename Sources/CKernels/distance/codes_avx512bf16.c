#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx512bf16"))), apply_to = function)

#include "codes.h"
#define CK_HAS_VNNI 1
#include "codes_avx512.h"

static inline void ck_bf16_dots_avx512bf16(
    const uint16_t *query, const uint16_t *const *rows, size_t n, float *dots) {
    __m512 s[4] = {_mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps()};
    for (size_t i = 0; i < n; i += 32) {
        __m512bh q = (__m512bh)_mm512_loadu_si512(query + i);
        for (int j = 0; j < 4; j++) s[j] = _mm512_dpbf16_ps(s[j], (__m512bh)_mm512_loadu_si512(rows[j] + i), q);
    }
    _mm_storeu_ps(dots, ck_sums_ps(s[0], s[1], s[2], s[3]));
}

#define ck_i8_dots_avx512bf16 ck_i8_dots_vnni
CK_DEFINE_CODES(avx512bf16)

#pragma clang attribute pop
#endif
