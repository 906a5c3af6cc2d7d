// Vectors of 16 floats for the kernels written once over `vf` (gemm_f32.h, rows_f32.h, attention_f32.h).
#pragma once

#include <immintrin.h>
#include <stddef.h>

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

#pragma clang attribute pop
