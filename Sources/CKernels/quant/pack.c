// Packs weight rows from a file's layout (file_blocks.c) into panels of 16 rows (ck_quant.h).
#include "quant_kernels.h"

static int is_quantized(ck_weight_type type) { return type >= CK_WEIGHT_Q8_0; }

static size_t element_bytes(ck_weight_type type) { return type == CK_WEIGHT_F32 ? 4 : 2; }

ck_weight_type ck_panel_type(ck_weight_type type) {
    if (type == CK_WEIGHT_IQ4_NL) return CK_WEIGHT_Q8_0;
    return type == CK_WEIGHT_Q3_K ? CK_WEIGHT_Q6_K : type;
}

size_t ck_block_columns(ck_weight_type type) {
    if (!is_quantized(type)) return 1;
    return (type >= CK_WEIGHT_Q4_K && type <= CK_WEIGHT_Q2_K) || type == CK_WEIGHT_Q3_K ? 256 : 32;
}

static size_t file_block_bytes(ck_weight_type type) {
    switch (type) {
    case CK_WEIGHT_Q8_0: return 34;
    case CK_WEIGHT_Q4_1: return 20;
    case CK_WEIGHT_Q5_0: return 22;
    case CK_WEIGHT_Q5_1: return 24;
    case CK_WEIGHT_Q2_K: return 84;
    case CK_WEIGHT_Q3_K: return 110;
    case CK_WEIGHT_Q4_K: return 144;
    case CK_WEIGHT_Q5_K: return 176;
    case CK_WEIGHT_Q6_K: return 210;
    default: return 18;
    }
}

size_t ck_row_bytes(ck_weight_type type, size_t column_count) {
    if (is_quantized(type)) return column_count / ck_block_columns(type) * file_block_bytes(type);
    return column_count * element_bytes(type);
}

size_t ck_panel_bytes(ck_weight_type type, size_t column_count) {
    size_t bytes = column_count * CK_PANEL_ROWS * element_bytes(type);
    if (is_quantized(type)) bytes = ck_block_offset(ck_panel_type(type), column_count / CK_QUANT_BLOCK);
    // The offset of a _k type's block behind the last begins with a head; it counts as padding.
    return (bytes + 63) / 64 * 64;
}

// Types whose file blocks hold `halves` f16 numbers and then codes in the order of the panels: moved word by word.
static void pack_words(
    const uint8_t *rows, size_t row_count, size_t blocks, size_t words, size_t halves, uint8_t *panel) {
    size_t file_block = halves * 2 + words * 4, row_bytes = blocks * file_block;
    size_t values = words * 64, block_bytes = values + halves * 32;
    for (size_t b = 0; b < blocks; b++) {
        uint8_t *to = panel + b * block_bytes;
        for (size_t r = 0; r < row_count; r++) {
            const uint8_t *from = rows + r * row_bytes + b * file_block;
            for (size_t h = 0; h < halves; h++) memcpy(to + values + h * 32 + 2 * r, from + 2 * h, 2);
            for (size_t j = 0; j < words; j++) memcpy(to + j * 64 + 4 * r, from + halves * 2 + 4 * j, 4);
        }
    }
}

// One row's part of a block.
static void pack_block(ck_weight_type type, const ck_file_block *block, size_t r, uint8_t *head, uint8_t *to) {
    size_t values = ck_layout(type).values;
    for (size_t j = 0; j < (values == 512 ? 8 : 4); j++)
        for (size_t i = 0; i < 4; i++) {
            uint8_t low = block->codes[4 * j + i], high = block->codes[(4 * j + 16 + i) % CK_QUANT_BLOCK];
            to[j * 64 + 4 * r + i] = values == 512 ? low : (uint8_t)((low & 15) | high << 4);
        }
    if (values == 320)
        for (size_t i = 0; i < 4; i++) {
            uint8_t bits = 0;
            for (size_t j = 0; j < 8; j++) bits |= (uint8_t)((block->codes[4 * j + i] >> 4 & 1) << j);
            to[256 + 4 * r + i] = bits;
        }
    uint8_t *scales = to + values;
    switch (type) {
    case CK_WEIGHT_Q5_1: memcpy(scales + 32 + 2 * r, &block->dmin, 2);  // and the scale:
    case CK_WEIGHT_Q5_0:
    case CK_WEIGHT_Q8_0: memcpy(scales + 2 * r, &block->d, 2); return;
    case CK_WEIGHT_Q4_K:
    case CK_WEIGHT_Q5_K:
        scales[r] = (uint8_t)block->scale[0];
        scales[16 + r] = block->minimum[0];
        break;
    default:
        for (size_t i = 0; i < 2; i++) {
            scales[16 * i + r] = (uint8_t)block->scale[i];
            if (type == CK_WEIGHT_Q2_K) scales[32 + 16 * i + r] = block->minimum[i];
        }
    }
    memcpy(head + 2 * r, &block->d, 2);
    if (type != CK_WEIGHT_Q6_K) memcpy(head + 32 + 2 * r, &block->dmin, 2);
}

static void pack_blocks(
    ck_weight_type file, const uint8_t *rows, size_t row_count, size_t column_count, uint8_t *panel) {
    ck_weight_type type = ck_panel_type(file);
    size_t row_bytes = ck_row_bytes(file, column_count);
    for (size_t b = 0; b < column_count / CK_QUANT_BLOCK; b++) {
        uint8_t *head = panel + ck_head_offset(type, b), *to = panel + ck_block_offset(type, b);
        for (size_t r = 0; r < row_count; r++) {
            ck_file_block block;
            ck_read_block(file, rows + r * row_bytes, b, &block);
            pack_block(type, &block, r, head, to);
        }
    }
}

// Files don't align their rows, so elements are moved as bytes.
static void pack_elements(
    const uint8_t *rows, size_t row_count, size_t column_count, size_t bytes, uint8_t *panel) {
    for (size_t k = 0; k < column_count; k++)
        for (size_t r = 0; r < row_count; r++) {
            uint8_t *to = panel + (k * CK_PANEL_ROWS + r) * bytes;
            const uint8_t *from = rows + (r * column_count + k) * bytes;
            if (bytes == 4) memcpy(to, from, 4);
            else memcpy(to, from, 2);
        }
}

void ck_pack_panel(ck_weight_type type, const void *rows, size_t row_count, size_t column_count, void *panel) {
    size_t blocks = column_count / CK_QUANT_BLOCK;
    if (row_count < CK_PANEL_ROWS) memset(panel, 0, ck_panel_bytes(type, column_count));
    switch (type) {
    case CK_WEIGHT_Q8_0: pack_words(rows, row_count, blocks, 8, 1, panel); return;
    case CK_WEIGHT_Q4_0: pack_words(rows, row_count, blocks, 4, 1, panel); return;
    case CK_WEIGHT_Q4_1: pack_words(rows, row_count, blocks, 4, 2, panel); return;
    case CK_WEIGHT_F32:
    case CK_WEIGHT_F16:
    case CK_WEIGHT_BF16: pack_elements(rows, row_count, column_count, element_bytes(type), panel); return;
    default: pack_blocks(type, rows, row_count, column_count, panel);
    }
}
