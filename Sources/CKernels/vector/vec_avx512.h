// Vectors of 16 floats for the kernels written once over `vf` (gemm_f32.h, rows_f32.h, attention_f32.h).
#pragma once

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#define VF_LANES 16
#define VF_INLINE static inline __attribute__((always_inline))
#define VF_TARGET "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"

typedef __m512 vf;

#pragma clang attribute push(__attribute__((target(VF_TARGET))), apply_to = function)

VF_INLINE __mmask16 vf_mask(size_t n) { return (__mmask16)((1u << n) - 1); }
VF_INLINE vf vf_set1(float x) { return _mm512_set1_ps(x); }
VF_INLINE vf vf_load(const float *p) { return _mm512_loadu_ps(p); }
VF_INLINE void vf_store(float *p, vf x) { _mm512_storeu_ps(p, x); }
VF_INLINE vf vf_load_part(const float *p, size_t n) { return _mm512_maskz_loadu_ps(vf_mask(n), p); }
VF_INLINE void vf_store_part(float *p, size_t n, vf x) { _mm512_mask_storeu_ps(p, vf_mask(n), x); }
VF_INLINE vf vf_add(vf a, vf b) { return _mm512_add_ps(a, b); }
VF_INLINE vf vf_sub(vf a, vf b) { return _mm512_sub_ps(a, b); }
VF_INLINE vf vf_mul(vf a, vf b) { return _mm512_mul_ps(a, b); }
VF_INLINE vf vf_div(vf a, vf b) { return _mm512_div_ps(a, b); }
VF_INLINE vf vf_fma(vf a, vf b, vf c) { return _mm512_fmadd_ps(a, b, c); }
VF_INLINE vf vf_fnma(vf a, vf b, vf c) { return _mm512_fnmadd_ps(a, b, c); }
VF_INLINE vf vf_max(vf a, vf b) { return _mm512_max_ps(a, b); }
VF_INLINE vf vf_min(vf a, vf b) { return _mm512_min_ps(a, b); }
VF_INLINE vf vf_abs(vf a) { return _mm512_abs_ps(a); }
VF_INLINE vf vf_round(vf a) { return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
VF_INLINE vf vf_scale(vf a, vf n) { return _mm512_scalef_ps(a, n); } // a · 2^n
VF_INLINE float vf_sum(vf a) { return _mm512_reduce_add_ps(a); }
VF_INLINE float vf_greatest(vf a) { return _mm512_reduce_max_ps(a); }

// out[c · out_stride + r] = x[r · stride + c] for 16 × 16 words, rows from `count` on taken as zero. Words are moved, not
// computed with.
#define VF_TRANSPOSES 1
VF_INLINE void vf_transpose(const float *x, size_t stride, size_t count, float *out, size_t out_stride) {
    vf rows[16], pairs[16];
#pragma clang loop unroll(full)
    for (size_t r = 0; r < 16; r++) rows[r] = r < count ? vf_load(x + r * stride) : vf_set1(0);
#pragma clang loop unroll(full)
    for (size_t r = 0; r < 16; r += 2) {
        pairs[r] = _mm512_unpacklo_ps(rows[r], rows[r + 1]);
        pairs[r + 1] = _mm512_unpackhi_ps(rows[r], rows[r + 1]);
    }
    // Then lane l of rows[4i + c] has column 4l + c of rows 4i to 4i + 3.
#pragma clang loop unroll(full)
    for (size_t r = 0; r < 16; r += 4) {
#pragma clang loop unroll(full)
        for (size_t c = 0; c < 2; c++) {
            __m512d one = _mm512_castps_pd(pairs[r + c]), other = _mm512_castps_pd(pairs[r + c + 2]);
            rows[r + 2 * c] = _mm512_castpd_ps(_mm512_unpacklo_pd(one, other));
            rows[r + 2 * c + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(one, other));
        }
    }
#pragma clang loop unroll(full)
    for (size_t c = 0; c < 4; c++) {
        vf even = _mm512_shuffle_f32x4(rows[c], rows[4 + c], 0x88);
        vf odd = _mm512_shuffle_f32x4(rows[c], rows[4 + c], 0xdd);
        vf even2 = _mm512_shuffle_f32x4(rows[8 + c], rows[12 + c], 0x88);
        vf odd2 = _mm512_shuffle_f32x4(rows[8 + c], rows[12 + c], 0xdd);
        vf_store(out + c * out_stride, _mm512_shuffle_f32x4(even, even2, 0x88));
        vf_store(out + (4 + c) * out_stride, _mm512_shuffle_f32x4(odd, odd2, 0x88));
        vf_store(out + (8 + c) * out_stride, _mm512_shuffle_f32x4(even, even2, 0xdd));
        vf_store(out + (12 + c) * out_stride, _mm512_shuffle_f32x4(odd, odd2, 0xdd));
    }
}

// The nearest bf16 (ties to even) of each lane; NaN may become infinite.
VF_INLINE void vf_store_bf16(uint16_t *p, vf x) {
    __m512i bits = _mm512_castps_si512(x), odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    bits = _mm512_srli_epi32(_mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff))), 16);
    _mm256_storeu_si256((__m256i *)p, _mm512_cvtepi32_epi16(bits));
}

// The even (lower) and the odd bf16 of each 32-bit word as floats.
VF_INLINE vf vf_even_bf16(vf pairs) { return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_castps_si512(pairs), 16)); }
VF_INLINE vf vf_odd_bf16(vf pairs) {
    return _mm512_and_ps(pairs, _mm512_castsi512_ps(_mm512_set1_epi32((int32_t)0xffff0000)));
}

VF_INLINE vf vf_load_bf16(const uint16_t *p) {
    __m512i words = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)p));
    return _mm512_castsi512_ps(_mm512_slli_epi32(words, 16));
}

// The nearest whole numbers of lanes from 0 to 255 as bytes.
VF_INLINE void vf_store_bytes(uint8_t *p, vf x) {
    _mm_storeu_si128((__m128i *)p, _mm512_cvtusepi32_epi8(_mm512_cvtps_epi32(x)));
}

// The nearest whole numbers of lanes as 16-bit integers.
VF_INLINE void vf_store_int16(int16_t *p, vf x) {
    _mm256_storeu_si256((__m256i *)p, _mm512_cvtsepi32_epi16(_mm512_cvtps_epi32(x)));
}

// The lanes as 32-bit integers.
typedef __m512i vi;
VF_INLINE vi vi_zero(void) { return _mm512_setzero_si512(); }
VF_INLINE vi vi_load(const uint32_t *p) { return _mm512_loadu_si512(p); }
VF_INLINE vi vi_set1(uint32_t word) { return _mm512_set1_epi32((int32_t)word); }
VF_INLINE vf vi_floats(vi sum) { return _mm512_cvtepi32_ps(sum); }

#pragma clang attribute pop
