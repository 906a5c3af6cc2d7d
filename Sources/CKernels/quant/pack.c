// Packs weight rows from a file's layout into panels of 16 rows, and turns single rows into floats.
//
// File layouts of a block of 32: q8_0 = f16 scale, 32 bytes; q4_0 = f16 scale, 16 bytes; q4_1 = f16 scale, f16 minimum,
// 16 bytes. Byte j of the 4-bit ones holds value j in its low half, value j + 16 in its high half.
#include "quant_kernels.h"

static size_t file_block_bytes(ck_weight_type type) {
    switch (type) {
    case CK_WEIGHT_Q8_0: return 34;
    case CK_WEIGHT_Q4_0: return 18;
    default: return 20;
    }
}

static size_t element_bytes(ck_weight_type type) { return type == CK_WEIGHT_F32 ? 4 : 2; }

static int is_quantized(ck_weight_type type) { return type >= CK_WEIGHT_Q8_0; }

size_t ck_row_bytes(ck_weight_type type, size_t column_count) {
    if (is_quantized(type)) return column_count / CK_QUANT_BLOCK * file_block_bytes(type);
    return column_count * element_bytes(type);
}

size_t ck_panel_bytes(ck_weight_type type, size_t column_count) {
    size_t bytes = column_count * CK_PANEL_ROWS * element_bytes(type);
    if (is_quantized(type)) {
        size_t row_bytes = type == CK_WEIGHT_Q8_0 ? 34 : type == CK_WEIGHT_Q4_0 ? 18 : 20;
        bytes = column_count / CK_QUANT_BLOCK * row_bytes * CK_PANEL_ROWS;
    }
    return (bytes + 63) / 64 * 64;
}

// `words`: 32-bit words of values per block (8 or 4); `halves`: f16 numbers in front of them (1 or 2).
static void pack_blocks(
    const uint8_t *rows, size_t row_count, size_t blocks, size_t words, size_t halves, uint8_t *panel) {
    size_t file_block = halves * 2 + words * 4, row_bytes = blocks * file_block;
    uint32_t *values = (uint32_t *)panel;
    uint16_t *scales = (uint16_t *)(panel + blocks * words * 4 * CK_PANEL_ROWS);
    uint16_t *minima = scales + blocks * CK_PANEL_ROWS;
    for (size_t b = 0; b < blocks; b++) {
        for (size_t r = 0; r < row_count; r++) {
            const uint8_t *block = rows + r * row_bytes + b * file_block;
            memcpy(&scales[b * CK_PANEL_ROWS + r], block, 2);
            if (halves == 2) memcpy(&minima[b * CK_PANEL_ROWS + r], block + 2, 2);
            uint32_t *out = values + b * words * CK_PANEL_ROWS + r;
            for (size_t j = 0; j < words; j++) memcpy(out + j * CK_PANEL_ROWS, block + halves * 2 + 4 * j, 4);
        }
    }
}

void ck_pack_panel(ck_weight_type type, const void *rows, size_t row_count, size_t column_count, void *panel) {
    size_t blocks = column_count / CK_QUANT_BLOCK;
    if (row_count < CK_PANEL_ROWS) memset(panel, 0, ck_panel_bytes(type, column_count));
    switch (type) {
    case CK_WEIGHT_Q8_0: pack_blocks(rows, row_count, blocks, 8, 1, panel); return;
    case CK_WEIGHT_Q4_0: pack_blocks(rows, row_count, blocks, 4, 1, panel); return;
    case CK_WEIGHT_Q4_1: pack_blocks(rows, row_count, blocks, 4, 2, panel); return;
    case CK_WEIGHT_F32:
        for (size_t k = 0; k < column_count; k++)
            for (size_t r = 0; r < row_count; r++)
                memcpy((float *)panel + k * CK_PANEL_ROWS + r, (const float *)rows + r * column_count + k, 4);
        return;
    default:
        for (size_t k = 0; k < column_count; k++)
            for (size_t r = 0; r < row_count; r++)
                memcpy((uint16_t *)panel + k * CK_PANEL_ROWS + r, (const uint16_t *)rows + r * column_count + k, 2);
    }
}

static void dequantize_blocks(ck_weight_type type, const uint8_t *row, size_t blocks, float *out) {
    for (size_t b = 0; b < blocks; b++, row += file_block_bytes(type), out += CK_QUANT_BLOCK) {
        uint16_t half[2];
        memcpy(half, row, 4);
        float scale = ck_half_to_float(half[0]);
        if (type == CK_WEIGHT_Q8_0) {
            for (size_t i = 0; i < CK_QUANT_BLOCK; i++) out[i] = scale * (float)(int8_t)row[2 + i];
            continue;
        }
        const uint8_t *values = row + (type == CK_WEIGHT_Q4_1 ? 4 : 2);
        float minimum = type == CK_WEIGHT_Q4_1 ? ck_half_to_float(half[1]) : -8 * scale;
        for (size_t i = 0; i < CK_QUANT_BLOCK / 2; i++) {
            out[i] = scale * (float)(values[i] & 15) + minimum;
            out[i + CK_QUANT_BLOCK / 2] = scale * (float)(values[i] >> 4) + minimum;
        }
    }
}

void ck_dequantize_row(ck_weight_type type, const void *row, size_t column_count, float *out) {
    if (is_quantized(type)) {
        dequantize_blocks(type, row, column_count / CK_QUANT_BLOCK, out);
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
