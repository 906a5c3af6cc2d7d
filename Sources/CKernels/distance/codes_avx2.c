#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#include "codes.h"

// The sums of the eight elements of each of four registers.
static inline __m128i ck_sums_epi32(__m256i a, __m256i b, __m256i c, __m256i d) {
    __m256i four = _mm256_hadd_epi32(_mm256_hadd_epi32(a, b), _mm256_hadd_epi32(c, d));
    return _mm_add_epi32(_mm256_castsi256_si128(four), _mm256_extracti128_si256(four, 1));
}

static inline __m128 ck_sums_ps(__m256 a, __m256 b, __m256 c, __m256 d) {
    __m256 four = _mm256_hadd_ps(_mm256_hadd_ps(a, b), _mm256_hadd_ps(c, d));
    return _mm_add_ps(_mm256_castps256_ps128(four), _mm256_extractf128_ps(four, 1));
}

// Widened to 16 bits: the instruction that multiplies bytes saturates.
static inline void ck_i8_dots_avx2(const int8_t *query, const uint8_t *const *rows, size_t n, int32_t *dots) {
    __m256i s[4] = {_mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256()};
    for (size_t i = 0; i < n; i += 16) {
        __m256i q = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(query + i)));
        for (int j = 0; j < 4; j++) {
            __m256i r = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(rows[j] + i)));
            s[j] = _mm256_add_epi32(s[j], _mm256_madd_epi16(q, r));
        }
    }
    _mm_storeu_si128((__m128i *)dots, ck_sums_epi32(s[0], s[1], s[2], s[3]));
}

static inline __m256 ck_bf16_load_avx2(const uint16_t *x) {
    return _mm256_castsi256_ps(
        _mm256_slli_epi32(_mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)x)), 16));
}

static inline void ck_bf16_dots_avx2(const uint16_t *query, const uint16_t *const *rows, size_t n, float *dots) {
    __m256 s[4] = {_mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps()};
    for (size_t i = 0; i < n; i += 8) {
        __m256 q = ck_bf16_load_avx2(query + i);
        for (int j = 0; j < 4; j++) s[j] = _mm256_fmadd_ps(q, ck_bf16_load_avx2(rows[j] + i), s[j]);
    }
    _mm_storeu_ps(dots, ck_sums_ps(s[0], s[1], s[2], s[3]));
}

CK_DEFINE_CODES(avx2)

#pragma clang attribute pop
#endif
