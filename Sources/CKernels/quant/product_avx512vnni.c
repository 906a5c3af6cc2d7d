// Quantised products on AVX-512 VNNI: vpdpbusd multiplies unsigned weights by signed activations, four at a time.
#if defined(__x86_64__)
#include <immintrin.h>

#include "quant_kernels.h"

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma,f16c"))), apply_to = function)

#define CK_INLINE static inline __attribute__((always_inline))

CK_INLINE __m512i dot_unsigned(__m512i sum, __m512i w, __m512i x) { return _mm512_dpbusd_epi32(sum, w, x); }
CK_INLINE __m512i dot_signed(__m512i sum, __m512i w, __m512i x) { return _mm512_dpbusd_epi32(sum, w, x); }
// Signed weights plus 128 are unsigned; the sum starts at −128 · Σ x to make up for it.
CK_INLINE __m512i signed_weights(__m512i w) { return _mm512_xor_si512(w, _mm512_set1_epi8((char)0x80)); }
CK_INLINE __m512i signed_start(const ck_q8_block *x) { return _mm512_set1_epi32(x->minus_128_sum); }

#include "product_q_zmm.h"

CK_QUANT_PRODUCTS(avx512vnni)

#pragma clang attribute pop
#endif
