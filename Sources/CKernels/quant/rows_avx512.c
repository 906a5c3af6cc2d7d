// Operations on single rows with AVX-512; the last vector of a row goes through masked loads and stores.
#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>

#include "quant_kernels.h"

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c"))), apply_to = function)

#define CK_INLINE static inline __attribute__((always_inline))

CK_INLINE __mmask16 tail(size_t i, size_t n) { return n - i >= 16 ? 0xffff : (__mmask16)((1u << (n - i)) - 1); }

// exp by 2^k · polynomial on [−ln 2 / 2, ln 2 / 2]; relative error below 3e-7, 0 below −87.3, infinity above 88.7.
CK_INLINE __m512 exp_ps(__m512 x) {
    __m512 k = _mm512_roundscale_ps(_mm512_mul_ps(x, _mm512_set1_ps(1.44269504f)), 0);
    __m512 r = _mm512_fnmadd_ps(k, _mm512_set1_ps(0.693359375f), x);
    r = _mm512_fnmadd_ps(k, _mm512_set1_ps(-2.12194440e-4f), r);
    __m512 y = _mm512_set1_ps(1.0f / 720);
    y = _mm512_fmadd_ps(y, r, _mm512_set1_ps(1.0f / 120));
    y = _mm512_fmadd_ps(y, r, _mm512_set1_ps(1.0f / 24));
    y = _mm512_fmadd_ps(y, r, _mm512_set1_ps(1.0f / 6));
    y = _mm512_fmadd_ps(y, r, _mm512_set1_ps(0.5f));
    y = _mm512_fmadd_ps(y, r, _mm512_set1_ps(1));
    y = _mm512_fmadd_ps(y, r, _mm512_set1_ps(1));
    y = _mm512_scalef_ps(y, k);
    return _mm512_mask_mov_ps(
        y, _mm512_cmp_ps_mask(x, _mm512_set1_ps(-87.3f), _CMP_LT_OQ), _mm512_setzero_ps());
}

void ck_quantize_q8_avx512(const float *x, size_t n, ck_q8_block *out) {
    for (size_t b = 0; b < n / CK_QUANT_BLOCK; b++, x += CK_QUANT_BLOCK) {
        __m512 low = _mm512_loadu_ps(x), high = _mm512_loadu_ps(x + 16);
        float greatest = _mm512_reduce_max_ps(_mm512_max_ps(_mm512_abs_ps(low), _mm512_abs_ps(high)));
        float scale = greatest / 127, inverse = greatest > 0 ? 127 / greatest : 0;
        __m512 factor = _mm512_set1_ps(inverse), most = _mm512_set1_ps(127), least = _mm512_set1_ps(-127);
        // min and max return their second operand for NaN.
        low = _mm512_min_ps(_mm512_max_ps(_mm512_roundscale_ps(_mm512_mul_ps(low, factor), 0), least), most);
        high = _mm512_min_ps(_mm512_max_ps(_mm512_roundscale_ps(_mm512_mul_ps(high, factor), 0), least), most);
        __m512i a = _mm512_cvtps_epi32(low), c = _mm512_cvtps_epi32(high);
        _mm_storeu_si128((__m128i *)out[b].values, _mm512_cvtepi32_epi8(a));
        _mm_storeu_si128((__m128i *)(out[b].values + 16), _mm512_cvtepi32_epi8(c));
        int32_t low_sum = _mm512_reduce_add_epi32(a), sum = low_sum + _mm512_reduce_add_epi32(c);
        out[b].scale = scale;
        out[b].scaled_sum = scale * (float)sum;
        out[b].minus_8_sum = -8 * sum;
        out[b].minus_128_sum = -128 * sum;
        out[b].minus_32_low = -32 * low_sum;
        out[b].minus_32_high = -32 * (sum - low_sum);
    }
}

void ck_f16_to_f32_avx512(const uint16_t *x, size_t n, float *out) {
    for (size_t i = 0; i < n; i += 16) {
        __mmask16 m = tail(i, n);
        _mm512_mask_storeu_ps(out + i, m, _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(m, x + i)));
    }
}

void ck_f32_to_f16_avx512(const float *x, size_t n, uint16_t *out) {
    for (size_t i = 0; i < n; i += 16) {
        __mmask16 m = tail(i, n);
        _mm256_mask_storeu_epi16(out + i, m, _mm512_cvtps_ph(_mm512_maskz_loadu_ps(m, x + i), 0));
    }
}

void ck_rms_norm_avx512(const float *x, const float *weight, size_t n, float epsilon, float *out) {
    __m512 squares = _mm512_setzero_ps();
    for (size_t i = 0; i < n; i += 16) {
        __m512 v = _mm512_maskz_loadu_ps(tail(i, n), x + i);
        squares = _mm512_fmadd_ps(v, v, squares);
    }
    __m512 factor = _mm512_set1_ps(1 / sqrtf(_mm512_reduce_add_ps(squares) / (float)n + epsilon));
    for (size_t i = 0; i < n; i += 16) {
        __mmask16 m = tail(i, n);
        __m512 v = _mm512_mul_ps(_mm512_maskz_loadu_ps(m, x + i), factor);
        _mm512_mask_storeu_ps(out + i, m, _mm512_mul_ps(v, _mm512_maskz_loadu_ps(m, weight + i)));
    }
}

void ck_silu_mul_avx512(float *gate, const float *up, size_t n) {
    const __m512 one = _mm512_set1_ps(1);
    for (size_t i = 0; i < n; i += 16) {
        __mmask16 m = tail(i, n);
        __m512 g = _mm512_maskz_loadu_ps(m, gate + i);
        __m512 denominator = _mm512_add_ps(one, exp_ps(_mm512_sub_ps(_mm512_setzero_ps(), g)));
        __m512 y = _mm512_mul_ps(_mm512_div_ps(g, denominator), _mm512_maskz_loadu_ps(m, up + i));
        _mm512_mask_storeu_ps(gate + i, m, y);
    }
}

void ck_gelu_mul_avx512(float *gate, const float *up, size_t n) {
    const __m512 one = _mm512_set1_ps(1), cubic = _mm512_set1_ps(0.044715f);
    const __m512 factor = _mm512_set1_ps(-2 * 0.7978845608f), most = _mm512_set1_ps(88);
    for (size_t i = 0; i < n; i += 16) {
        __mmask16 m = tail(i, n);
        __m512 g = _mm512_maskz_loadu_ps(m, gate + i);
        __m512 inner = _mm512_fmadd_ps(_mm512_mul_ps(_mm512_mul_ps(cubic, g), g), g, g);
        // Beyond that the result is 0 all the same.
        __m512 shifted = _mm512_min_ps(_mm512_mul_ps(factor, inner), most);
        __m512 y = _mm512_div_ps(g, _mm512_add_ps(one, exp_ps(shifted)));
        _mm512_mask_storeu_ps(gate + i, m, _mm512_mul_ps(y, _mm512_maskz_loadu_ps(m, up + i)));
    }
}

void ck_rope_pairs_avx512(float *x, const float *cosine, const float *sine, size_t n) {
    const __m512i twice = _mm512_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
    for (size_t i = 0; i < n; i += 16) {
        __mmask16 m = tail(i, n), half = tail(i / 2, n / 2) & 0xff;
        __m512 c = _mm512_permutexvar_ps(twice, _mm512_maskz_loadu_ps(half, cosine + i / 2));
        __m512 s = _mm512_permutexvar_ps(twice, _mm512_maskz_loadu_ps(half, sine + i / 2));
        __m512 v = _mm512_maskz_loadu_ps(m, x + i);
        __m512 swapped = _mm512_permute_ps(v, 0xb1);
        _mm512_mask_storeu_ps(x + i, m, _mm512_fmaddsub_ps(v, c, _mm512_mul_ps(swapped, s)));
    }
}

float ck_max_f32_avx512(const float *x, size_t n) {
    __m512 greatest = _mm512_set1_ps(-INFINITY);
    for (size_t i = 0; i < n; i += 16)
        greatest = _mm512_max_ps(_mm512_mask_loadu_ps(greatest, tail(i, n), x + i), greatest);
    return _mm512_reduce_max_ps(greatest);
}

float ck_exp_sum_avx512(float *x, size_t n, float shift) {
    __m512 sum = _mm512_setzero_ps();
    for (size_t i = 0; i < n; i += 16) {
        __mmask16 m = tail(i, n);
        __m512 y = exp_ps(_mm512_sub_ps(_mm512_maskz_loadu_ps(m, x + i), _mm512_set1_ps(shift)));
        _mm512_mask_storeu_ps(x + i, m, y);
        sum = _mm512_add_ps(sum, _mm512_maskz_mov_ps(m, y));
    }
    return _mm512_reduce_add_ps(sum);
}

float ck_quantize_i8_avx512(const float *x, size_t n, int8_t *out) {
    const __m512 most = _mm512_set1_ps(127), least = _mm512_set1_ps(-127);
    __m512 greatest = _mm512_setzero_ps();
    for (size_t i = 0; i < n; i += 16)
        greatest = _mm512_max_ps(_mm512_abs_ps(_mm512_maskz_loadu_ps(tail(i, n), x + i)), greatest);
    float top = _mm512_reduce_max_ps(greatest), scale = top / 127, inverse = scale > 0 ? 127 / top : 0;
    for (size_t i = 0; i < n; i += 16) {
        __mmask16 m = tail(i, n);
        __m512 y = _mm512_mul_ps(_mm512_maskz_loadu_ps(m, x + i), _mm512_set1_ps(inverse));
        y = _mm512_min_ps(_mm512_max_ps(_mm512_roundscale_ps(y, 0), least), most);
        _mm_mask_storeu_epi8(out + i, m, _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(y)));
    }
    return scale;
}

void ck_mul_avx512(float *out, const float *x, size_t n) {
    for (size_t i = 0; i < n; i += 16) {
        __mmask16 m = tail(i, n);
        __m512 product = _mm512_mul_ps(_mm512_maskz_loadu_ps(m, out + i), _mm512_maskz_loadu_ps(m, x + i));
        _mm512_mask_storeu_ps(out + i, m, product);
    }
}

void ck_add_avx512(float *out, const float *x, size_t n) {
    for (size_t i = 0; i < n; i += 16) {
        __mmask16 m = tail(i, n);
        __m512 sum = _mm512_add_ps(_mm512_maskz_loadu_ps(m, out + i), _mm512_maskz_loadu_ps(m, x + i));
        _mm512_mask_storeu_ps(out + i, m, sum);
    }
}

#pragma clang attribute pop
#endif
