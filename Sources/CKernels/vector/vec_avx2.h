// Vectors of 8 floats for the kernels written once over `vf` (gemm_f32.h, rows_f32.h, attention_f32.h).
#pragma once

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#define VF_LANES 8
#define VF_INLINE static inline __attribute__((always_inline))
#define VF_TARGET "avx2,fma"

typedef __m256 vf;

static const int32_t vf_mask_words[16] = { -1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0 };

#pragma clang attribute push(__attribute__((target(VF_TARGET))), apply_to = function)

VF_INLINE __m256i vf_mask(size_t n) { return _mm256_loadu_si256((const __m256i *)(vf_mask_words + 8 - n)); }
VF_INLINE vf vf_set1(float x) { return _mm256_set1_ps(x); }
VF_INLINE vf vf_load(const float *p) { return _mm256_loadu_ps(p); }
VF_INLINE void vf_store(float *p, vf x) { _mm256_storeu_ps(p, x); }
VF_INLINE vf vf_load_part(const float *p, size_t n) { return _mm256_maskload_ps(p, vf_mask(n)); }
VF_INLINE void vf_store_part(float *p, size_t n, vf x) { _mm256_maskstore_ps(p, vf_mask(n), x); }
VF_INLINE vf vf_add(vf a, vf b) { return _mm256_add_ps(a, b); }
VF_INLINE vf vf_sub(vf a, vf b) { return _mm256_sub_ps(a, b); }
VF_INLINE vf vf_mul(vf a, vf b) { return _mm256_mul_ps(a, b); }
VF_INLINE vf vf_div(vf a, vf b) { return _mm256_div_ps(a, b); }
VF_INLINE vf vf_fma(vf a, vf b, vf c) { return _mm256_fmadd_ps(a, b, c); }
VF_INLINE vf vf_fnma(vf a, vf b, vf c) { return _mm256_fnmadd_ps(a, b, c); }
VF_INLINE vf vf_max(vf a, vf b) { return _mm256_max_ps(a, b); }
VF_INLINE vf vf_min(vf a, vf b) { return _mm256_min_ps(a, b); }
VF_INLINE vf vf_abs(vf a) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a); }
VF_INLINE vf vf_round(vf a) { return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }

// a · 2^n for whole n from −126 to 127.
VF_INLINE vf vf_scale(vf a, vf n) {
    __m256i bits = _mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127)), 23);
    return _mm256_mul_ps(a, _mm256_castsi256_ps(bits));
}

VF_INLINE float vf_sum(vf a) {
    __m128 four = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

VF_INLINE float vf_greatest(vf a) {
    __m128 four = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}

// The nearest bf16 (ties to even) of each lane; NaN may become infinite.
VF_INLINE void vf_store_bf16(uint16_t *p, vf x) {
    __m256i bits = _mm256_castps_si256(x), odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
    bits = _mm256_srli_epi32(_mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff))), 16);
    __m256i packed = _mm256_permute4x64_epi64(_mm256_packus_epi32(bits, bits), 0x08);
    _mm_storeu_si128((__m128i *)p, _mm256_castsi256_si128(packed));
}

// The even (lower) and the odd bf16 of each 32-bit word as floats.
VF_INLINE vf vf_even_bf16(vf pairs) { return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_castps_si256(pairs), 16)); }
VF_INLINE vf vf_odd_bf16(vf pairs) {
    return _mm256_and_ps(pairs, _mm256_castsi256_ps(_mm256_set1_epi32((int32_t)0xffff0000)));
}

VF_INLINE vf vf_load_bf16(const uint16_t *p) {
    __m256i words = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)p));
    return _mm256_castsi256_ps(_mm256_slli_epi32(words, 16));
}

// The nearest whole numbers of lanes from 0 to 255 as bytes.
VF_INLINE void vf_store_bytes(uint8_t *p, vf x) {
    __m256i words = _mm256_cvtps_epi32(x), halves = _mm256_packus_epi32(words, words);
    __m256i bytes = _mm256_packus_epi16(halves, halves);
    int32_t low = _mm256_extract_epi32(bytes, 0), high = _mm256_extract_epi32(bytes, 4);
    __builtin_memcpy(p, &low, sizeof low);
    __builtin_memcpy(p + 4, &high, sizeof high);
}

// The nearest whole numbers of lanes as 16-bit integers.
VF_INLINE void vf_store_int16(int16_t *p, vf x) {
    __m256i words = _mm256_cvtps_epi32(x);
    __m256i packed = _mm256_permute4x64_epi64(_mm256_packs_epi32(words, words), 0x08);
    _mm_storeu_si128((__m128i *)p, _mm256_castsi256_si128(packed));
}

// The lanes as 32-bit integers.
typedef __m256i vi;
VF_INLINE vi vi_zero(void) { return _mm256_setzero_si256(); }
VF_INLINE vi vi_load(const uint32_t *p) { return _mm256_loadu_si256((const __m256i *)p); }
VF_INLINE vi vi_set1(uint32_t word) { return _mm256_set1_epi32((int32_t)word); }
VF_INLINE vf vi_floats(vi sum) { return _mm256_cvtepi32_ps(sum); }

#pragma clang attribute pop
