// Half-precision conversions in integer arithmetic: the specification of the hardware's.
#include "quant_kernels.h"

float ck_half_to_float(uint16_t h) {
    uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = (h >> 10) & 31, fraction = h & 0x3ff;
    if (exponent == 31) return ck_bits_to_float(sign | 0x7f800000 | fraction << 13);
    if (exponent) return ck_bits_to_float(sign | (exponent + 112) << 23 | fraction << 13);
    float tiny = (float)fraction * 0x1p-24f;
    return sign ? -tiny : tiny;
}

uint16_t ck_float_to_half(float f) {
    uint32_t bits;
    memcpy(&bits, &f, 4);
    uint16_t sign = (uint16_t)(bits >> 16 & 0x8000);
    bits &= 0x7fffffff;
    if (bits > 0x7f800000) return sign | 0x7e00 | (uint16_t)(bits >> 13 & 0x3ff);  // not a number stays one
    if (bits >= 0x477ff000) return sign | 0x7c00;                    // rounds to infinity
    if (bits < 0x33000001) return sign;                              // rounds to zero
    uint32_t shift = 13, base = 0;
    if (bits < 0x38800000) {  // subnormal: the leading one becomes a stored bit
        shift = 126 - (bits >> 23);
        bits = (bits & 0x7fffff) | 0x800000;
    } else {
        base = 112u << 23;
    }
    bits -= base;
    uint32_t half = bits >> shift, rest = bits & ((1u << shift) - 1), middle = 1u << (shift - 1);
    if (rest > middle || (rest == middle && (half & 1))) half++;
    return sign | (uint16_t)half;
}

void ck_f16_to_f32_scalar(const uint16_t *x, size_t n, float *out) {
    for (size_t i = 0; i < n; i++) out[i] = ck_half_to_float(x[i]);
}

void ck_f32_to_f16_scalar(const float *x, size_t n, uint16_t *out) {
    for (size_t i = 0; i < n; i++) out[i] = ck_float_to_half(x[i]);
}
