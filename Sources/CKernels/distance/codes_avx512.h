// What the levels of AVX-512 share: sums across registers, bf16 rows without bf16 instructions, bytes with VNNI.
// The including file has pushed its target.
#pragma once

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

static inline __attribute__((always_inline)) __m128i ck_sums_epi32(__m512i a, __m512i b, __m512i c, __m512i d) {
    __m512i ab = _mm512_add_epi32(_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
    __m512i cd = _mm512_add_epi32(_mm512_unpacklo_epi32(c, d), _mm512_unpackhi_epi32(c, d));
    __m512i lanes = _mm512_add_epi32(_mm512_unpacklo_epi64(ab, cd), _mm512_unpackhi_epi64(ab, cd));
    __m256i half = _mm256_add_epi32(_mm512_castsi512_si256(lanes), _mm512_extracti64x4_epi64(lanes, 1));
    return _mm_add_epi32(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
}

static inline __attribute__((always_inline)) __m128 ck_sums_ps(__m512 a, __m512 b, __m512 c, __m512 d) {
    __m512 ab = _mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
    __m512 cd = _mm512_add_ps(_mm512_unpacklo_ps(c, d), _mm512_unpackhi_ps(c, d));
    __m512d low = _mm512_unpacklo_pd(_mm512_castps_pd(ab), _mm512_castps_pd(cd));
    __m512d high = _mm512_unpackhi_pd(_mm512_castps_pd(ab), _mm512_castps_pd(cd));
    __m512 lanes = _mm512_add_ps(_mm512_castpd_ps(low), _mm512_castpd_ps(high));
    __m256 upper = _mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(lanes), 1));
    __m256 half = _mm256_add_ps(_mm512_castps512_ps256(lanes), upper);
    return _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
}

static inline __m512 ck_bf16_load_widened(const uint16_t *x) {
    return _mm512_castsi512_ps(
        _mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)x)), 16));
}

static inline void ck_bf16_dots_widened(const uint16_t *query, const uint16_t *const *rows, size_t n, float *dots) {
    __m512 s[4] = {_mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps()};
    for (size_t i = 0; i < n; i += 16) {
        __m512 q = ck_bf16_load_widened(query + i);
        for (int j = 0; j < 4; j++) s[j] = _mm512_fmadd_ps(q, ck_bf16_load_widened(rows[j] + i), s[j]);
    }
    _mm_storeu_ps(dots, ck_sums_ps(s[0], s[1], s[2], s[3]));
}

#if CK_HAS_VNNI
static inline void ck_i8_dots_vnni(const int8_t *query, const uint8_t *const *rows, size_t n, int32_t *dots) {
    __m512i s[4] = {_mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512()};
    for (size_t i = 0; i < n; i += 64) {
        __m512i q = _mm512_loadu_si512(query + i);
        for (int j = 0; j < 4; j++) s[j] = _mm512_dpbusd_epi32(s[j], _mm512_loadu_si512(rows[j] + i), q);
    }
    _mm_storeu_si128((__m128i *)dots, ck_sums_epi32(s[0], s[1], s[2], s[3]));
}
#endif
