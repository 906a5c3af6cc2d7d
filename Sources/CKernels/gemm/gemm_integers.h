// The products of bytes and of 16-bit integers, written once over `vf` and `vi` (its lanes as 32-bit integers). The
// including file has included a vec_ header and vec_math.h and defined
//
//   GROUP_WORDS                words of 32 bits in a group of columns
//   TILE_ROWS, TILE_VECTORS    a tile of accumulators: one of integers for a group, one of floats over groups
//   vi, vi_zero(), vi_load(p), vi_set1(word), vi_floats(sum)
//   WEIGHTS, weights_of(word)  the weights of a lane's word, as the dot product takes them
//   INPUT, input_of(word)      a word of a row, the same in every lane
//   dot(sum, input, weights)   adds the products of a word to each lane, exactly

#define TILE_COLUMNS (TILE_VECTORS * VF_LANES)
#define BLOCK_BYTES (384 * 1024)

VF_INLINE void tile(
    const ck_gemm_integers *i, size_t rows, ck_epilogue epilogue, ck_output output, size_t first_row, size_t column,
    const uint32_t *w, const char *ahead, size_t ahead_step) {
    const ck_gemm *g = &i->product;
    vf sum[TILE_ROWS][TILE_VECTORS];
#pragma clang loop unroll(full)
    for (size_t v = 0; v < TILE_VECTORS; v++) {
        vf bias = vf_load(g->bias + column + v * VF_LANES);
#pragma clang loop unroll(full)
        for (size_t r = 0; r < rows; r++) sum[r][v] = bias;
    }
    const uint32_t *x = (const uint32_t *)g->x + first_row * g->x_stride;
    const ck_integer_group *group = i->groups + first_row * i->group_stride;
    size_t stride = g->x_stride, group_stride = i->group_stride;
    for (size_t first = 0; first < g->word_count; first += GROUP_WORDS, group++) {
        vi dots[TILE_ROWS][TILE_VECTORS];
#pragma clang loop unroll(full)
        for (size_t r = 0; r < rows; r++) {
#pragma clang loop unroll(full)
            for (size_t v = 0; v < TILE_VECTORS; v++) dots[r][v] = vi_zero();
        }
        size_t words = g->word_count - first < GROUP_WORDS ? g->word_count - first : GROUP_WORDS;
        for (size_t k = 0; k < words; k++) {
            WEIGHTS weight[TILE_VECTORS];
#pragma clang loop unroll(full)
            for (size_t v = 0; v < TILE_VECTORS; v++) weight[v] = weights_of(vi_load(w + v * VF_LANES));
            __builtin_prefetch(ahead, 0, 2);
            if (ahead_step > 64) __builtin_prefetch(ahead + 64, 0, 2);
            ahead += ahead_step;
#pragma clang loop unroll(full)
            for (size_t r = 0; r < rows; r++) {
                INPUT value = input_of(vi_set1(x[r * stride]));
#pragma clang loop unroll(full)
                for (size_t v = 0; v < TILE_VECTORS; v++) dots[r][v] = dot(dots[r][v], value, weight[v]);
            }
            x += 1;
            w += CK_GEMM_PANEL;
        }
        const float *scales = (const float *)w;
#pragma clang loop unroll(full)
        for (size_t v = 0; v < TILE_VECTORS; v++) {
            vf scale = vf_load(scales + v * VF_LANES), total = vf_load(scales + CK_GEMM_PANEL + v * VF_LANES);
#pragma clang loop unroll(full)
            for (size_t r = 0; r < rows; r++) {
                vf value = vf_mul(vi_floats(dots[r][v]), scale);
                sum[r][v] = vf_fma(value, vf_set1(group[r * group_stride].scale), sum[r][v]);
                sum[r][v] = vf_fma(total, vf_set1(group[r * group_stride].offset), sum[r][v]);
            }
        }
        w += 2 * CK_GEMM_PANEL;
    }
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r++) {
#pragma clang loop unroll(full)
        for (size_t v = 0; v < TILE_VECTORS; v++) {
            vf value = sum[r][v];
            if (epilogue == CK_EPILOGUE_BIAS_GELU) value = vf_gelu_fast(value);
            if (epilogue == CK_EPILOGUE_BIAS_RESIDUAL) {
                size_t row = first_row + r;
                value = vf_add(value, vf_load(g->residual + row * g->residual_stride + column + v * VF_LANES));
            }
            size_t at = (first_row + r) * g->out_stride + column + v * VF_LANES;
            if (output == CK_OUTPUT_BF16) {
                vf_store_bf16((uint16_t *)g->out + at, value);
            } else {
                vf_store((float *)g->out + at, value);
            }
        }
    }
}

#define TILE_CASE(n)                                                                                                   \
    case n:                                                                                                            \
        tile(i, n < TILE_ROWS ? n : TILE_ROWS, epilogue, output, row, column, w, ahead, step);                         \
        break

VF_INLINE void tiles(
    const ck_gemm_integers *i, ck_epilogue epilogue, ck_output output, size_t first, size_t count, size_t column,
    const uint32_t *w) {
    size_t tile_count = (count + TILE_ROWS - 1) / TILE_ROWS;
    // The next panel is brought into L2 meanwhile, as in gemm_words.h.
    size_t groups = (i->product.word_count + GROUP_WORDS - 1) / GROUP_WORDS, lines = i->product.word_count + 2 * groups;
    size_t step = CK_GEMM_PANEL * sizeof(uint32_t) / (tile_count ? tile_count : 1);
    for (size_t t = 0; t < tile_count; t++) {
        const char *ahead = (const char *)(w + lines * CK_GEMM_PANEL) + lines * step * t;
        size_t row = first + count * t / tile_count;
        switch (first + count * (t + 1) / tile_count - row) {
            TILE_CASE(1);
            TILE_CASE(2);
            TILE_CASE(3);
            TILE_CASE(4);
            TILE_CASE(5);
            TILE_CASE(6);
#if TILE_ROWS > 6
            TILE_CASE(7);
            TILE_CASE(8);
            TILE_CASE(9);
            TILE_CASE(10);
            TILE_CASE(11);
            TILE_CASE(12);
#endif
        }
    }
}

#define DEFINE_TILES(name, epilogue, output)                                                                           \
    static __attribute__((noinline)) void name(                                                                        \
        const ck_gemm_integers *i, size_t first, size_t count, size_t column, const uint32_t *w) {                     \
        tiles(i, epilogue, output, first, count, column, w);                                                           \
    }

DEFINE_TILES(tiles_bias, CK_EPILOGUE_BIAS, CK_OUTPUT_F32)
DEFINE_TILES(tiles_bias_bf16, CK_EPILOGUE_BIAS, CK_OUTPUT_BF16)
DEFINE_TILES(tiles_gelu, CK_EPILOGUE_BIAS_GELU, CK_OUTPUT_F32)
DEFINE_TILES(tiles_gelu_bf16, CK_EPILOGUE_BIAS_GELU, CK_OUTPUT_BF16)
DEFINE_TILES(tiles_residual, CK_EPILOGUE_BIAS_RESIDUAL, CK_OUTPUT_F32)

VF_INLINE void product(const ck_gemm_integers *i) {
    const ck_gemm *g = &i->product;
    size_t panel_words = CK_GEMM_PANEL * (g->word_count + 2 * ((g->word_count + GROUP_WORDS - 1) / GROUP_WORDS));
    // Blocks of rows whose integers stay in L2, as in gemm_words.h.
    size_t block = BLOCK_BYTES / sizeof(uint32_t) / (g->word_count ? g->word_count : 1) / TILE_ROWS * TILE_ROWS;
    if (block < 4 * TILE_ROWS) block = 4 * TILE_ROWS;
    int is_bf16 = g->output == CK_OUTPUT_BF16;
    for (size_t row = 0; row < g->row_count; row += block) {
        size_t count = g->row_count - row < block ? g->row_count - row : block;
        for (size_t column = 0; column < g->panel_count * CK_GEMM_PANEL; column += TILE_COLUMNS) {
            const uint32_t *w = (const uint32_t *)g->panels + column / CK_GEMM_PANEL * panel_words;
            w += column % CK_GEMM_PANEL;
            switch (g->epilogue) {
            case CK_EPILOGUE_BIAS: (is_bf16 ? tiles_bias_bf16 : tiles_bias)(i, row, count, column, w); break;
            case CK_EPILOGUE_BIAS_GELU: (is_bf16 ? tiles_gelu_bf16 : tiles_gelu)(i, row, count, column, w); break;
            case CK_EPILOGUE_BIAS_RESIDUAL: tiles_residual(i, row, count, column, w); break;
            }
        }
    }
}
