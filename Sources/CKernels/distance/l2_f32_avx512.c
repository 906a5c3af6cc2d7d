#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"))), apply_to = function)

#include "rows.h"

static inline __m512 squared(__mmask16 mask, const float *a, const float *b, __m512 sum) {
    __m512 difference = _mm512_sub_ps(_mm512_maskz_loadu_ps(mask, a), _mm512_maskz_loadu_ps(mask, b));
    return _mm512_fmadd_ps(difference, difference, sum);
}

static inline float ck_l2_f32_avx512_one(const float *a, const float *b, size_t n) {
    __m512 s0 = _mm512_setzero_ps(), s1 = s0, s2 = s0, s3 = s0;
    size_t i = 0;
    for (; i + 64 <= n; i += 64) {
        s0 = squared(0xFFFF, a + i + 0, b + i + 0, s0);
        s1 = squared(0xFFFF, a + i + 16, b + i + 16, s1);
        s2 = squared(0xFFFF, a + i + 32, b + i + 32, s2);
        s3 = squared(0xFFFF, a + i + 48, b + i + 48, s3);
    }
    for (; i < n; i += 16) {
        __mmask16 mask = n - i >= 16 ? 0xFFFF : (__mmask16)((1u << (n - i)) - 1);
        s0 = squared(mask, a + i, b + i, s0);
    }
    return _mm512_reduce_add_ps(_mm512_add_ps(_mm512_add_ps(s0, s1), _mm512_add_ps(s2, s3)));
}

CK_DEFINE_ROWS(l2_f32, avx512)

#pragma clang attribute pop
#endif
