// How a product goes over its tiles, the same for every type of number: the end of gemm_words.h and gemm_integers.h, which
// define
//
//   PRODUCT                    the struct of a product; product_of(p) is the ck_gemm in it
//   WORD                       float or uint32_t: what panels are read as
//   panel_lines(g)             lines of CK_GEMM_PANEL words in a panel
//   tile(…)                    out[rows][TILE_COLUMNS] for one tile
//
// Rows are taken in blocks whose activations stay in L2 while every panel passes over them; inside a block each panel (or
// the part of it that is one tile wide) is read from L2 once for every TILE_ROWS rows.

#define BLOCK_BYTES (384 * 1024)

#define TILE_CASE(n)                                                                                                   \
    case n:                                                                                                            \
        tile(p, n < TILE_ROWS ? n : TILE_ROWS, epilogue, output, row, column, w, ahead, step);                         \
        break

VF_INLINE void tiles(
    const PRODUCT *p, ck_epilogue epilogue, ck_output output, size_t first, size_t count, size_t column, const WORD *w) {
    // Rows are shared out evenly: a last tile of one row would cost as much as a full one.
    size_t tile_count = (count + TILE_ROWS - 1) / TILE_ROWS, lines = panel_lines(product_of(p));
    // Meanwhile the panel that comes next is brought into L2, a part of it by each tile: at small M the weights come
    // from memory, and arithmetic and transfer overlap. The last panel's next one may be nobody's; a prefetch never
    // faults.
    size_t step = CK_GEMM_PANEL * sizeof(WORD) / (tile_count ? tile_count : 1);
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
        const PRODUCT *p, size_t first, size_t count, size_t column, const WORD *w) {                                  \
        tiles(p, epilogue, output, first, count, column, w);                                                           \
    }

DEFINE_TILES(tiles_bias, CK_EPILOGUE_BIAS, CK_OUTPUT_F32)
DEFINE_TILES(tiles_bias_bf16, CK_EPILOGUE_BIAS, CK_OUTPUT_BF16)
DEFINE_TILES(tiles_gelu, CK_EPILOGUE_BIAS_GELU, CK_OUTPUT_F32)
DEFINE_TILES(tiles_gelu_bf16, CK_EPILOGUE_BIAS_GELU, CK_OUTPUT_BF16)
DEFINE_TILES(tiles_residual, CK_EPILOGUE_BIAS_RESIDUAL, CK_OUTPUT_F32)

VF_INLINE void product(const PRODUCT *p) {
    const ck_gemm *g = product_of(p);
    size_t panel_words = CK_GEMM_PANEL * panel_lines(g);
    size_t block = BLOCK_BYTES / sizeof(WORD) / (g->word_count ? g->word_count : 1) / TILE_ROWS * TILE_ROWS;
    if (block < 4 * TILE_ROWS) block = 4 * TILE_ROWS;
    int is_bf16 = g->output == CK_OUTPUT_BF16;
    for (size_t row = 0; row < g->row_count; row += block) {
        size_t count = g->row_count - row < block ? g->row_count - row : block;
        for (size_t column = 0; column < g->panel_count * CK_GEMM_PANEL; column += TILE_COLUMNS) {
            const WORD *w = (const WORD *)g->panels + column / CK_GEMM_PANEL * panel_words + column % CK_GEMM_PANEL;
            switch (g->epilogue) {
            case CK_EPILOGUE_BIAS: (is_bf16 ? tiles_bias_bf16 : tiles_bias)(p, row, count, column, w); break;
            case CK_EPILOGUE_BIAS_GELU: (is_bf16 ? tiles_gelu_bf16 : tiles_gelu)(p, row, count, column, w); break;
            case CK_EPILOGUE_BIAS_RESIDUAL: tiles_residual(p, row, count, column, w); break;
            }
        }
    }
}
