// Rounds rows of floats to the blocks that files hold (file_blocks.c): the reverse of ck_dequantize_row.
//
// Source: the reference quantisation of the block formats in the GGUF project's Python package, `gguf.quants`.
#include <math.h>

#include "quant_kernels.h"

static void write_half(uint8_t *p, uint16_t h) {
    p[0] = (uint8_t)h;
    p[1] = (uint8_t)(h >> 8);
}

// What isn't a number, or lies outside, ends at a bound.
static int clamped(double code, int low, int high) {
    return (int)fmin(fmax(code, (double)low), (double)high);
}

static void quantize_q8_0(const float *x, uint8_t *out) {
    float greatest = 0;
    for (int i = 0; i < CK_QUANT_BLOCK; i++) greatest = fmaxf(greatest, fabsf(x[i]));
    float d = greatest / 127, inverse = d > 0 ? 1 / d : 0;
    write_half(out, ck_float_to_half(d));
    for (int i = 0; i < CK_QUANT_BLOCK; i++) out[2 + i] = (uint8_t)clamped(roundf(x[i] * inverse), -127, 127);
}

static void write_half_bytes(const int *codes, uint8_t *out) {
    for (int i = 0; i < 16; i++) out[i] = (uint8_t)(codes[i] | codes[i + 16] << 4);
}

// The value of the greatest magnitude becomes code 0, that is −8 steps.
static void quantize_q4_0(const float *x, uint8_t *out) {
    float most = 0;
    int codes[CK_QUANT_BLOCK];
    for (int i = 0; i < CK_QUANT_BLOCK; i++)
        if (fabsf(x[i]) > fabsf(most)) most = x[i];
    float d = most / -8, inverse = d != 0 ? 1 / d : 0;
    write_half(out, ck_float_to_half(d));
    for (int i = 0; i < CK_QUANT_BLOCK; i++)
        codes[i] = clamped(trunc((double)x[i] * (double)inverse + 8.5), 0, 15);
    write_half_bytes(codes, out + 2);
}

static void quantize_q4_1(const float *x, uint8_t *out) {
    float low = x[0], high = x[0];
    int codes[CK_QUANT_BLOCK];
    for (int i = 1; i < CK_QUANT_BLOCK; i++) {
        low = fminf(low, x[i]);
        high = fmaxf(high, x[i]);
    }
    float d = (high - low) / 15, inverse = d > 0 ? 1 / d : 0;
    write_half(out, ck_float_to_half(d));
    write_half(out + 2, ck_float_to_half(low));
    for (int i = 0; i < CK_QUANT_BLOCK; i++) codes[i] = clamped(trunc((x[i] - low) * inverse + 0.5f), 0, 15);
    write_half_bytes(codes, out + 4);
}

void ck_quantize_row(ck_weight_type type, const float *x, size_t column_count, void *row) {
    size_t block_bytes = ck_row_bytes(type, CK_QUANT_BLOCK);
    uint8_t *out = row;
    for (size_t b = 0; b < column_count / CK_QUANT_BLOCK; b++, x += CK_QUANT_BLOCK, out += block_bytes) {
        if (type == CK_WEIGHT_Q8_0) quantize_q8_0(x, out);
        else if (type == CK_WEIGHT_Q4_0) quantize_q4_0(x, out);
        else if (type == CK_WEIGHT_Q4_1) quantize_q4_1(x, out);
    }
}
