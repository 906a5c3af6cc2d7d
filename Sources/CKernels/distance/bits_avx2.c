#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#include "bits.h"

// Bits of each byte, from a table of those of half a byte.
static inline __m256i ck_bits_count(__m256i x) {
    const __m256i counts = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1, 2, 1, 2, 2, 3, 1, 2,
                                            2, 3, 2, 3, 3, 4);
    const __m256i low = _mm256_set1_epi8(15);
    __m256i high = _mm256_and_si256(_mm256_srli_epi16(x, 4), low);
    return _mm256_add_epi8(_mm256_shuffle_epi8(counts, _mm256_and_si256(x, low)), _mm256_shuffle_epi8(counts, high));
}

static inline void ck_bits_dots_avx2(const uint8_t *planes, const uint8_t *const *rows, size_t n, int32_t *dots) {
    const size_t step = CK_BIT_STEP / 8;
    for (int j = 0; j < 4; j++) {
        __m256i sum = _mm256_setzero_si256();
        for (size_t i = 0; i < n / 8; i += 32) {
            const uint8_t *part = planes + i / step * (step * CK_BIT_PLANES) + i % step;
            __m256i row = _mm256_loadu_si256((const __m256i *)(rows[j] + i)), weighted = _mm256_setzero_si256();
            // From the heaviest plane down; at most 8 × 15 in a byte.
            for (int k = CK_BIT_PLANES - 1; k >= 0; k--) {
                __m256i plane = _mm256_loadu_si256((const __m256i *)(part + k * step));
                __m256i count = ck_bits_count(_mm256_xor_si256(row, plane));
                weighted = _mm256_add_epi8(_mm256_add_epi8(weighted, weighted), count);
            }
            sum = _mm256_add_epi64(sum, _mm256_sad_epu8(weighted, _mm256_setzero_si256()));
        }
        __m128i two = _mm_add_epi64(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
        dots[j] = (int32_t)(_mm_extract_epi64(two, 0) + _mm_extract_epi64(two, 1));
    }
}

CK_DEFINE_BITS(avx2)

#pragma clang attribute pop
#endif
