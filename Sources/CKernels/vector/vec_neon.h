// Vectors of 4 floats for the kernels written once over `vf` (gemm_f32.h, rows_f32.h, attention_f32.h).
#pragma once

#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>

#define VF_LANES 4
#define VF_INLINE static inline __attribute__((always_inline))

typedef float32x4_t vf;

VF_INLINE vf vf_set1(float x) { return vdupq_n_f32(x); }
VF_INLINE vf vf_load(const float *p) { return vld1q_f32(p); }
VF_INLINE void vf_store(float *p, vf x) { vst1q_f32(p, x); }

VF_INLINE vf vf_load_part(const float *p, size_t n) {
    float lanes[4] = { 0, 0, 0, 0 };
    for (size_t i = 0; i < n; i++) lanes[i] = p[i];
    return vld1q_f32(lanes);
}

VF_INLINE void vf_store_part(float *p, size_t n, vf x) {
    float lanes[4];
    vst1q_f32(lanes, x);
    for (size_t i = 0; i < n; i++) p[i] = lanes[i];
}

VF_INLINE vf vf_add(vf a, vf b) { return vaddq_f32(a, b); }
VF_INLINE vf vf_sub(vf a, vf b) { return vsubq_f32(a, b); }
VF_INLINE vf vf_mul(vf a, vf b) { return vmulq_f32(a, b); }
VF_INLINE vf vf_div(vf a, vf b) { return vdivq_f32(a, b); }
VF_INLINE vf vf_fma(vf a, vf b, vf c) { return vfmaq_f32(c, a, b); }
VF_INLINE vf vf_fnma(vf a, vf b, vf c) { return vfmsq_f32(c, a, b); }
VF_INLINE vf vf_max(vf a, vf b) { return vmaxq_f32(a, b); }
VF_INLINE vf vf_min(vf a, vf b) { return vminq_f32(a, b); }
VF_INLINE vf vf_abs(vf a) { return vabsq_f32(a); }
VF_INLINE vf vf_round(vf a) { return vrndnq_f32(a); }

// a · 2^n for whole n from −126 to 127.
VF_INLINE vf vf_scale(vf a, vf n) {
    int32x4_t bits = vshlq_n_s32(vaddq_s32(vcvtnq_s32_f32(n), vdupq_n_s32(127)), 23);
    return vmulq_f32(a, vreinterpretq_f32_s32(bits));
}

VF_INLINE float vf_sum(vf a) { return vaddvq_f32(a); }
VF_INLINE float vf_greatest(vf a) { return vmaxvq_f32(a); }

// The nearest bf16 (ties to even) of each lane; NaN may become infinite.
VF_INLINE void vf_store_bf16(uint16_t *p, vf x) {
    uint32x4_t bits = vreinterpretq_u32_f32(x), odd = vandq_u32(vshrq_n_u32(bits, 16), vdupq_n_u32(1));
    vst1_u16(p, vshrn_n_u32(vaddq_u32(bits, vaddq_u32(odd, vdupq_n_u32(0x7fff))), 16));
}

// The even (lower) and the odd bf16 of each 32-bit word as floats.
VF_INLINE vf vf_even_bf16(vf pairs) { return vreinterpretq_f32_u32(vshlq_n_u32(vreinterpretq_u32_f32(pairs), 16)); }
VF_INLINE vf vf_odd_bf16(vf pairs) {
    return vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(pairs), vdupq_n_u32(0xffff0000u)));
}

VF_INLINE vf vf_load_bf16(const uint16_t *p) { return vreinterpretq_f32_u32(vshll_n_u16(vld1_u16(p), 16)); }

// The nearest whole numbers of lanes from 0 to 255 as bytes.
VF_INLINE void vf_store_bytes(uint8_t *p, vf x) {
    uint16x4_t halves = vqmovn_u32(vcvtnq_u32_f32(x));
    uint8x8_t bytes = vqmovn_u16(vcombine_u16(halves, halves));
    vst1_lane_u32((uint32_t *)(void *)p, vreinterpret_u32_u8(bytes), 0);
}

// The nearest whole numbers of lanes as 16-bit integers.
VF_INLINE void vf_store_int16(int16_t *p, vf x) { vst1_s16(p, vqmovn_s32(vcvtnq_s32_f32(x))); }

// The lanes as 32-bit integers.
typedef int32x4_t vi;
VF_INLINE vi vi_zero(void) { return vdupq_n_s32(0); }
VF_INLINE vi vi_load(const uint32_t *p) { return vreinterpretq_s32_u32(vld1q_u32(p)); }
VF_INLINE vi vi_set1(uint32_t word) { return vreinterpretq_s32_u32(vdupq_n_u32(word)); }
VF_INLINE vf vi_floats(vi sum) { return vcvtq_f32_s32(sum); }
