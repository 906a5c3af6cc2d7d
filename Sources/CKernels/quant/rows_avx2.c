// Operations on single rows with AVX2; what is left of a row after whole vectors goes through the scalar kernels.
#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>

#include "quant_kernels.h"

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)

#define CK_INLINE static inline __attribute__((always_inline))

// exp by 2^k · polynomial on [−ln 2 / 2, ln 2 / 2]; relative error below 3e-7, 0 below −87.3, finite above 88.
CK_INLINE __m256 exp_ps(__m256 x) {
    __m256 inside = _mm256_min_ps(_mm256_max_ps(x, _mm256_set1_ps(-87.3f)), _mm256_set1_ps(88));
    __m256 k = _mm256_round_ps(_mm256_mul_ps(inside, _mm256_set1_ps(1.44269504f)), _MM_FROUND_TO_NEAREST_INT);
    __m256 r = _mm256_fnmadd_ps(k, _mm256_set1_ps(0.693359375f), inside);
    r = _mm256_fnmadd_ps(k, _mm256_set1_ps(-2.12194440e-4f), r);
    __m256 y = _mm256_set1_ps(1.0f / 720);
    y = _mm256_fmadd_ps(y, r, _mm256_set1_ps(1.0f / 120));
    y = _mm256_fmadd_ps(y, r, _mm256_set1_ps(1.0f / 24));
    y = _mm256_fmadd_ps(y, r, _mm256_set1_ps(1.0f / 6));
    y = _mm256_fmadd_ps(y, r, _mm256_set1_ps(0.5f));
    y = _mm256_fmadd_ps(y, r, _mm256_set1_ps(1));
    y = _mm256_fmadd_ps(y, r, _mm256_set1_ps(1));
    __m256i exponent = _mm256_slli_epi32(_mm256_cvtps_epi32(k), 23);
    y = _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(y), exponent));
    return _mm256_andnot_ps(_mm256_cmp_ps(x, _mm256_set1_ps(-87.3f), _CMP_LT_OQ), y);
}

CK_INLINE float sum_of(__m256 v) {
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_shuffle_ps(s, s, 1)));
}

CK_INLINE float max_of(__m256 v) {
    __m128 s = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    s = _mm_max_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_max_ss(s, _mm_shuffle_ps(s, s, 1)));
}

CK_INLINE int32_t whole_sum_of(__m256i v) {
    __m128i s = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    s = _mm_hadd_epi32(s, s);
    return _mm_cvtsi128_si32(_mm_hadd_epi32(s, s));
}

void ck_quantize_q8_avx2(const float *x, size_t n, ck_q8_block *out) {
    const __m256 sign = _mm256_set1_ps(-0.0f);
    for (size_t b = 0; b < n / CK_QUANT_BLOCK; b++, x += CK_QUANT_BLOCK) {
        __m256 v[4], greatest = _mm256_setzero_ps();
        for (int i = 0; i < 4; i++) {
            v[i] = _mm256_loadu_ps(x + 8 * i);
            greatest = _mm256_max_ps(greatest, _mm256_andnot_ps(sign, v[i]));
        }
        float most = max_of(greatest), scale = most / 127, inverse = most > 0 ? 127 / most : 0;
        __m256i total = _mm256_setzero_si256();
        int32_t low = 0;
        int32_t whole[CK_QUANT_BLOCK];
        for (int i = 0; i < 4; i++) {
            __m256 y = _mm256_round_ps(_mm256_mul_ps(v[i], _mm256_set1_ps(inverse)), _MM_FROUND_TO_NEAREST_INT);
            y = _mm256_min_ps(_mm256_max_ps(y, _mm256_set1_ps(-127)), _mm256_set1_ps(127));
            __m256i q = _mm256_cvtps_epi32(y);
            total = _mm256_add_epi32(total, q);
            _mm256_storeu_si256((__m256i *)(whole + 8 * i), q);
            if (i == 1) low = whole_sum_of(total);
        }
        for (int i = 0; i < CK_QUANT_BLOCK; i++) out[b].values[i] = (int8_t)whole[i];
        int32_t sum = whole_sum_of(total);
        out[b].scale = scale;
        out[b].scaled_sum = scale * (float)sum;
        out[b].minus_8_sum = -8 * sum;
        out[b].minus_128_sum = -128 * sum;
        out[b].minus_32_low = -32 * low;
        out[b].minus_32_high = -32 * (sum - low);
    }
}

void ck_f16_to_f32_avx2(const uint16_t *x, size_t n, float *out) {
    size_t i = 0;
    for (; i + 8 <= n; i += 8)
        _mm256_storeu_ps(out + i, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(x + i))));
    ck_f16_to_f32_scalar(x + i, n - i, out + i);
}

void ck_f32_to_f16_avx2(const float *x, size_t n, uint16_t *out) {
    size_t i = 0;
    for (; i + 8 <= n; i += 8)
        _mm_storeu_si128((__m128i *)(out + i), _mm256_cvtps_ph(_mm256_loadu_ps(x + i), 0));
    ck_f32_to_f16_scalar(x + i, n - i, out + i);
}

void ck_rms_norm_avx2(const float *x, const float *weight, size_t n, float epsilon, float *out) {
    __m256 squares = _mm256_setzero_ps();
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        __m256 v = _mm256_loadu_ps(x + i);
        squares = _mm256_fmadd_ps(v, v, squares);
    }
    float sum = sum_of(squares);
    for (; i < n; i++) sum += x[i] * x[i];
    float factor = 1 / sqrtf(sum / (float)n + epsilon);
    for (i = 0; i + 8 <= n; i += 8) {
        __m256 v = _mm256_mul_ps(_mm256_loadu_ps(x + i), _mm256_set1_ps(factor));
        _mm256_storeu_ps(out + i, _mm256_mul_ps(v, _mm256_loadu_ps(weight + i)));
    }
    for (; i < n; i++) out[i] = x[i] * factor * weight[i];
}

void ck_silu_mul_avx2(float *gate, const float *up, size_t n) {
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        __m256 g = _mm256_loadu_ps(gate + i);
        __m256 denominator = _mm256_add_ps(_mm256_set1_ps(1), exp_ps(_mm256_sub_ps(_mm256_setzero_ps(), g)));
        _mm256_storeu_ps(gate + i, _mm256_mul_ps(_mm256_div_ps(g, denominator), _mm256_loadu_ps(up + i)));
    }
    ck_silu_mul_scalar(gate + i, up + i, n - i);
}

void ck_gelu_mul_avx2(float *gate, const float *up, size_t n) {
    const __m256 one = _mm256_set1_ps(1), cubic = _mm256_set1_ps(0.044715f);
    const __m256 factor = _mm256_set1_ps(-2 * 0.7978845608f);
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        __m256 g = _mm256_loadu_ps(gate + i);
        __m256 inner = _mm256_fmadd_ps(_mm256_mul_ps(_mm256_mul_ps(cubic, g), g), g, g);
        __m256 denominator = _mm256_add_ps(one, exp_ps(_mm256_mul_ps(factor, inner)));
        _mm256_storeu_ps(gate + i, _mm256_mul_ps(_mm256_div_ps(g, denominator), _mm256_loadu_ps(up + i)));
    }
    ck_gelu_mul_scalar(gate + i, up + i, n - i);
}

void ck_rope_pairs_avx2(float *x, const float *cosine, const float *sine, size_t n) {
    const __m256i twice = _mm256_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3);
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        __m256 c = _mm256_permutevar8x32_ps(_mm256_castps128_ps256(_mm_loadu_ps(cosine + i / 2)), twice);
        __m256 s = _mm256_permutevar8x32_ps(_mm256_castps128_ps256(_mm_loadu_ps(sine + i / 2)), twice);
        __m256 v = _mm256_loadu_ps(x + i);
        _mm256_storeu_ps(x + i, _mm256_fmaddsub_ps(v, c, _mm256_mul_ps(_mm256_permute_ps(v, 0xb1), s)));
    }
    ck_rope_pairs_scalar(x + i, cosine + i / 2, sine + i / 2, n - i);
}

float ck_max_f32_avx2(const float *x, size_t n) {
    __m256 greatest = _mm256_set1_ps(-INFINITY);
    size_t i = 0;
    for (; i + 8 <= n; i += 8) greatest = _mm256_max_ps(_mm256_loadu_ps(x + i), greatest);
    float rest = ck_max_f32_scalar(x + i, n - i), most = max_of(greatest);
    return rest > most ? rest : most;
}

float ck_exp_sum_avx2(float *x, size_t n, float shift) {
    __m256 sum = _mm256_setzero_ps();
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        __m256 y = exp_ps(_mm256_sub_ps(_mm256_loadu_ps(x + i), _mm256_set1_ps(shift)));
        _mm256_storeu_ps(x + i, y);
        sum = _mm256_add_ps(sum, y);
    }
    return sum_of(sum) + ck_exp_sum_scalar(x + i, n - i, shift);
}

float ck_quantize_i8_avx2(const float *x, size_t n, int8_t *out) {
    const __m256 sign = _mm256_set1_ps(-0.0f), most = _mm256_set1_ps(127), least = _mm256_set1_ps(-127);
    __m256 greatest = _mm256_setzero_ps();
    size_t i = 0;
    for (; i + 8 <= n; i += 8)
        greatest = _mm256_max_ps(_mm256_andnot_ps(sign, _mm256_loadu_ps(x + i)), greatest);
    float top = max_of(greatest);
    for (; i < n; i++) top = fmaxf(top, fabsf(x[i]));
    float scale = top / 127, inverse = scale > 0 ? 127 / top : 0;
    for (i = 0; i + 8 <= n; i += 8) {
        __m256 y = _mm256_mul_ps(_mm256_loadu_ps(x + i), _mm256_set1_ps(inverse));
        y = _mm256_round_ps(y, _MM_FROUND_TO_NEAREST_INT);
        __m256i q = _mm256_cvtps_epi32(_mm256_min_ps(_mm256_max_ps(y, least), most));
        __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(q), _mm256_extracti128_si256(q, 1));
        _mm_storel_epi64((__m128i *)(out + i), _mm_packs_epi16(words, words));
    }
    for (; i < n; i++) out[i] = (int8_t)fminf(fmaxf(rintf(x[i] * inverse), -127), 127);
    return scale;
}

void ck_mul_avx2(float *out, const float *x, size_t n) {
    size_t i = 0;
    for (; i + 8 <= n; i += 8) _mm256_storeu_ps(out + i, _mm256_mul_ps(_mm256_loadu_ps(out + i), _mm256_loadu_ps(x + i)));
    ck_mul_scalar(out + i, x + i, n - i);
}

void ck_add_avx2(float *out, const float *x, size_t n) {
    size_t i = 0;
    for (; i + 8 <= n; i += 8) _mm256_storeu_ps(out + i, _mm256_add_ps(_mm256_loadu_ps(out + i), _mm256_loadu_ps(x + i)));
    ck_add_scalar(out + i, x + i, n - i);
}

#pragma clang attribute pop
#endif
