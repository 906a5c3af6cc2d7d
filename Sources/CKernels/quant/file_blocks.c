// Reads blocks of quantised weights as files hold them; the specification of every type's layout.
//
//   type     bytes  columns  parts
//   q8_0        34       32  f16 d, 32 signed bytes: d · q
//   q4_0        18       32  f16 d, 16 bytes of two codes (columns j and j + 16): d · (q − 8)
//   q4_1        20       32  f16 d, f16 m, 16 bytes: d · q + m
//   q5_0        22       32  f16 d, 32 high bits, 16 bytes: d · (q − 16)
//   q5_1        24       32  f16 d, f16 m, 32 high bits, 16 bytes: d · q + m
//   iq4_nl      18       32  f16 d, 16 bytes of codes of a table of signed bytes: d · table[q]
//   q2_k        84      256  16 bytes scale and minimum (4 bits each, per 16 columns), 64 bytes of four codes, f16 d, f16 dmin
//   q3_k       110      256  32 bytes high bits, 64 bytes of four codes, 12 bytes of 16 6-bit scales, f16 d
//   q4_k       144      256  f16 d, f16 dmin, 12 bytes of 8 6-bit scales and minima, 128 bytes: d · s · q − dmin · m
//   q5_k       176      256  f16 d, f16 dmin, 12 bytes, 32 bytes high bits, 128 bytes
//   q6_k       210      256  128 bytes low halves, 64 bytes of four high pairs, 16 signed scales, f16 d: d · s · (q − 32)
//
// Source: the GGUF specification and the block structures it refers to.
#include "quant_kernels.h"

static const int8_t iq4_table[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

static uint16_t half_of(const uint8_t *p) { return (uint16_t)(p[0] | p[1] << 8); }

static void read_half_bytes(const uint8_t *p, uint8_t *codes) {
    for (int i = 0; i < 16; i++) {
        codes[i] = p[i] & 15;
        codes[i + 16] = p[i] >> 4;
    }
}

// Block b of 32 columns within 256: pairs of blocks share 32 bytes.
static void read_pair_half_bytes(const uint8_t *p, size_t b, uint8_t *codes) {
    for (int i = 0; i < 32; i++) codes[i] = p[b / 2 * 32 + i] >> (b % 2 * 4) & 15;
}

static void read_high_bits(const uint8_t *p, uint8_t *codes) {
    for (int i = 0; i < 32; i++) codes[i] |= (p[i / 8] >> i % 8 & 1) << 4;
}

// Eight 6-bit scales and minima in 12 bytes.
static void read_scale_6(const uint8_t *p, size_t b, ck_file_block *out) {
    int scale, minimum;
    if (b < 4) {
        scale = p[b] & 63;
        minimum = p[b + 4] & 63;
    } else {
        scale = (p[b + 4] & 15) | p[b - 4] >> 6 << 4;
        minimum = p[b + 4] >> 4 | p[b] >> 6 << 4;
    }
    out->scale[0] = out->scale[1] = (int8_t)scale;
    out->minimum[0] = out->minimum[1] = (uint8_t)minimum;
}

static void read_q2_k(const uint8_t *p, size_t b, ck_file_block *out) {
    for (int i = 0; i < 32; i++) out->codes[i] = p[16 + b / 4 * 32 + i] >> (b % 4 * 2) & 3;
    for (int i = 0; i < 2; i++) {
        out->scale[i] = p[2 * b + i] & 15;
        out->minimum[i] = p[2 * b + i] >> 4;
    }
    out->d = half_of(p + 80);
    out->dmin = half_of(p + 82);
}

// Codes of 3 bits minus 4, held with 32 added as q6_k's are.
static void read_q3_k(const uint8_t *p, size_t b, ck_file_block *out) {
    for (int i = 0; i < 32; i++) {
        int low = p[32 + b / 4 * 32 + i] >> (b % 4 * 2) & 3, high = p[i] >> b & 1;
        out->codes[i] = (uint8_t)(low + 4 * high - 4 + 32);
    }
    for (size_t i = 0; i < 2; i++) {
        size_t s = 2 * b + i;
        const uint8_t *scales = p + 96;
        int low = s < 8 ? scales[s] & 15 : scales[s - 8] >> 4, high = scales[8 + s % 4] >> (s / 4 * 2) & 3;
        out->scale[i] = (int8_t)((low | high << 4) - 32);
    }
    out->d = half_of(p + 108);
}

static void read_q6_k(const uint8_t *p, size_t b, ck_file_block *out) {
    const uint8_t *low = p + b / 4 * 64 + b % 2 * 32, *high = p + 128 + b / 4 * 32;
    for (int i = 0; i < 32; i++)
        out->codes[i] = (low[i] >> (b % 4 / 2 * 4) & 15) | (high[i] >> (b % 4 * 2) & 3) << 4;
    for (size_t i = 0; i < 2; i++) out->scale[i] = (int8_t)p[192 + 2 * b + i];
    out->d = half_of(p + 208);
}

void ck_read_block(ck_weight_type type, const uint8_t *row, size_t b, ck_file_block *out) {
    size_t columns = ck_block_columns(type);
    const uint8_t *p = row + b * CK_QUANT_BLOCK / columns * ck_row_bytes(type, columns);
    size_t part = b % (columns / CK_QUANT_BLOCK);
    *out = (ck_file_block){.scale = {1, 1}};
    out->d = half_of(p);
    switch (type) {
    case CK_WEIGHT_Q8_0: memcpy(out->codes, p + 2, 32); return;
    case CK_WEIGHT_Q4_0: read_half_bytes(p + 2, out->codes); return;
    case CK_WEIGHT_Q4_1:
        read_half_bytes(p + 4, out->codes);
        out->dmin = half_of(p + 2);
        return;
    case CK_WEIGHT_Q5_0:
        read_half_bytes(p + 6, out->codes);
        read_high_bits(p + 2, out->codes);
        return;
    case CK_WEIGHT_Q5_1:
        read_half_bytes(p + 8, out->codes);
        read_high_bits(p + 4, out->codes);
        out->dmin = half_of(p + 2);
        return;
    case CK_WEIGHT_IQ4_NL:
        read_half_bytes(p + 2, out->codes);
        for (int i = 0; i < 32; i++) out->codes[i] = (uint8_t)iq4_table[out->codes[i]];
        return;
    case CK_WEIGHT_Q4_K:
        read_pair_half_bytes(p + 16, part, out->codes);
        break;
    case CK_WEIGHT_Q5_K:
        read_pair_half_bytes(p + 48, part, out->codes);
        for (int i = 0; i < 32; i++) out->codes[i] |= (p[16 + i] >> part & 1) << 4;
        break;
    case CK_WEIGHT_Q2_K: read_q2_k(p, part, out); return;
    case CK_WEIGHT_Q3_K: read_q3_k(p, part, out); return;
    default: read_q6_k(p, part, out); return;
    }
    out->dmin = half_of(p + 2);
    read_scale_6(p + 4, part, out);
}

static float offset_of(ck_weight_type type) {
    switch (type) {
    case CK_WEIGHT_Q4_0: return 8;
    case CK_WEIGHT_Q5_0: return 16;
    case CK_WEIGHT_Q6_K:
    case CK_WEIGHT_Q3_K: return 32;
    default: return 0;
    }
}

static void dequantize_block(ck_weight_type type, const uint8_t *row, size_t b, float *out) {
    ck_file_block block;
    ck_read_block(type, row, b, &block);
    int is_signed = type == CK_WEIGHT_Q8_0 || type == CK_WEIGHT_IQ4_NL;
    int has_sub_minima = type == CK_WEIGHT_Q4_K || type == CK_WEIGHT_Q5_K || type == CK_WEIGHT_Q2_K;
    float d = ck_half_to_float(block.d), dmin = ck_half_to_float(block.dmin), offset = offset_of(type);
    for (size_t i = 0; i < CK_QUANT_BLOCK; i++) {
        float code = is_signed ? (float)(int8_t)block.codes[i] : (float)block.codes[i] - offset;
        float minimum = has_sub_minima ? -dmin * (float)block.minimum[i / 16] : dmin;
        out[i] = d * (float)block.scale[i / 16] * code + minimum;
    }
}

void ck_dequantize_row(ck_weight_type type, const void *row, size_t column_count, float *out) {
    if (type >= CK_WEIGHT_Q8_0) {
        for (size_t b = 0; b < column_count / CK_QUANT_BLOCK; b++)
            dequantize_block(type, row, b, out + b * CK_QUANT_BLOCK);
        return;
    }
    if (type == CK_WEIGHT_F32) {
        memcpy(out, row, column_count * 4);
        return;
    }
    for (size_t k = 0; k < column_count; k++) {
        uint16_t h;
        memcpy(&h, (const uint8_t *)row + 2 * k, 2);
        out[k] = type == CK_WEIGHT_F16 ? ck_half_to_float(h) : ck_bits_to_float((uint32_t)h << 16);
    }
}
