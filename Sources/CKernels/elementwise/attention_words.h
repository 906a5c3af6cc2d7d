// Self-attention in f32 and in bf16, written once over `vf`. The including file has included a vec_ header and
// vec_math.h and defined
//
//   TILE_ROWS, TILE_VECTORS    as in gemm_words.h; TILE_ROWS up to CK_QUERY_ROWS
//   HALVES                     1 for bf16 (two numbers to a word of 32 bits), 0 for f32
//   DOT(x, w, sum)             the step for one word
//
// Scratch: the head's keys as panels [⌈T / 32⌉][Wd][32] words (Wd: words of a head), its values as [Wt][⌈D / 32⌉ · 32]
// words (Wt: words of T weights), then scores and results of TILE_ROWS queries. All stay in L1 or L2 from one block of
// queries to the next.

#define TILE_COLUMNS (TILE_VECTORS * VF_LANES)
#define PER_WORD (HALVES ? 2 : 1)

// out[r][c] = Σ_k x[r][k] · w[k][c] over `count` words for one tile; `rows` is a constant where this is inlined.
VF_INLINE void small_tile(
    size_t rows, const float *x, size_t x_stride, size_t count, const float *w, size_t w_stride, float *out,
    size_t out_stride) {
    vf sum[TILE_ROWS][TILE_VECTORS];
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r++) {
#pragma clang loop unroll(full)
        for (size_t v = 0; v < TILE_VECTORS; v++) sum[r][v] = vf_set1(0);
    }
    for (size_t k = 0; k < count; k++) {
        vf weight[TILE_VECTORS];
#pragma clang loop unroll(full)
        for (size_t v = 0; v < TILE_VECTORS; v++) weight[v] = vf_load(w + v * VF_LANES);
#pragma clang loop unroll(full)
        for (size_t r = 0; r < rows; r++) {
            vf value = vf_set1(x[r * x_stride + k]);
#pragma clang loop unroll(full)
            for (size_t v = 0; v < TILE_VECTORS; v++) sum[r][v] = DOT(value, weight[v], sum[r][v]);
        }
        w += w_stride;
    }
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r++) {
#pragma clang loop unroll(full)
        for (size_t v = 0; v < TILE_VECTORS; v++) vf_store(out + r * out_stride + v * VF_LANES, sum[r][v]);
    }
}

#define SMALL_CASE(n)                                                                                                  \
    case n:                                                                                                            \
        small_tile(n < TILE_ROWS ? n : TILE_ROWS, x, x_stride, count, w, w_stride, out, out_stride);                   \
        break

static __attribute__((noinline)) void small_product(
    size_t rows, const float *x, size_t x_stride, size_t count, const float *w, size_t w_stride, float *out,
    size_t out_stride) {
    switch (rows) {
        SMALL_CASE(1);
        SMALL_CASE(2);
        SMALL_CASE(3);
        SMALL_CASE(4);
        SMALL_CASE(5);
        SMALL_CASE(6);
#if TILE_ROWS > 6
        SMALL_CASE(7);
        SMALL_CASE(8);
        SMALL_CASE(9);
        SMALL_CASE(10);
        SMALL_CASE(11);
        SMALL_CASE(12);
#endif
    }
}

// Word k of a row of n numbers; a missing second half is zero. Words are moved, not computed with.
VF_INLINE uint32_t word_of(const void *row, size_t k, size_t n) {
    uint32_t word;
    if (!HALVES || 2 * k + 1 < n) {
        __builtin_memcpy(&word, (const uint32_t *)row + k, sizeof word);
        return word;
    }
    return ((const uint16_t *)row)[2 * k];
}

VF_INLINE const void *number_at(const void *base, size_t index) {
    return HALVES ? (const void *)((const uint16_t *)base + index) : (const void *)((const float *)base + index);
}

// Keys as panels of 32; keys beyond T are zero.
VF_INLINE void pack_keys(const ck_self_attention *a, size_t words, uint32_t *packed) {
    for (size_t first = 0; first < a->token_count; first += CK_KEY_PANEL) {
        size_t keys = a->token_count - first < CK_KEY_PANEL ? a->token_count - first : CK_KEY_PANEL, start = 0;
#ifdef VF_TRANSPOSES
        size_t stride = a->stride / PER_WORD;
        for (; start + VF_LANES <= a->head_size / PER_WORD; start += VF_LANES)
            for (size_t j = 0; j < CK_KEY_PANEL; j += VF_LANES)
                vf_transpose(
                    (const float *)number_at(a->k, (first + j) * a->stride) + start, stride, keys > j ? keys - j : 0,
                    (float *)packed + start * CK_KEY_PANEL + j, CK_KEY_PANEL);
#endif
        if (keys < CK_KEY_PANEL)
            __builtin_memset(packed + start * CK_KEY_PANEL, 0, (words - start) * CK_KEY_PANEL * sizeof *packed);
        for (size_t j = 0; j < keys; j++) {
            const void *row = number_at(a->k, (first + j) * a->stride);
            for (size_t d = start; d < words; d++) packed[d * CK_KEY_PANEL + j] = word_of(row, d, a->head_size);
        }
        packed += words * CK_KEY_PANEL;
    }
}

// Values as rows of `width` words, in bf16 those of two tokens interleaved; what lies beyond D and T is zero.
VF_INLINE void pack_values(const ck_self_attention *a, size_t width, uint32_t *packed) {
    for (size_t t = 0; t < a->token_count; t += PER_WORD) {
        const void *row = number_at(a->v, t * a->stride);
#if HALVES
        const uint16_t *one = row, *other = t + 1 < a->token_count ? one + a->stride : NULL;
        for (size_t d = 0; d < a->head_size; d++) packed[d] = one[d] | (other ? (uint32_t)other[d] << 16 : 0);
#else
        __builtin_memcpy(packed, row, a->head_size * sizeof *packed);
#endif
        for (size_t d = a->head_size; d < width; d++) packed[d] = 0;
        packed += width;
    }
}

// Weights w[j] = 2^(scale · (s[j] − max s)) for n scores, in their place; returns 1 / their sum. In bf16 they take the
// first half of the row, and one more is zero where n is odd.
VF_INLINE float softmax_weights(float *s, size_t n, float scale) {
    vf most = vf_set1(-INFINITY);
    size_t i = 0;
    for (; i + VF_LANES <= n; i += VF_LANES) most = vf_max(most, vf_load(s + i));
    // The last scores are looked at with those before them, where there are enough.
    if (i < n && i > 0) most = vf_max(most, vf_load(s + n - VF_LANES));
    float greatest = vf_greatest(most);
    for (; i < n && n < VF_LANES; i++) greatest = s[i] > greatest ? s[i] : greatest;
    vf factor = vf_set1(scale), shift = vf_set1(-greatest * scale), sum = vf_set1(0);
    // Scores beyond n become −infinity, whose weight is 0 to f32's precision; rows reach to the end of a vector.
    if (n % VF_LANES) vf_store_part(s + n, VF_LANES - n % VF_LANES, vf_set1(-INFINITY));
    for (i = 0; i < n; i += VF_LANES) {
        vf x = vf_fma(vf_load(s + i), factor, shift);
#if HALVES
        vf value = vf_exp2_fast(x);
        vf_store_bf16((uint16_t *)s + i, value);
#else
        vf value = vf_exp2(x);
        vf_store(s + i, value);
#endif
        sum = vf_add(sum, value);
    }
    return 1 / vf_sum(sum);
}

// One row of results times `factor`, D numbers of the output's type.
VF_INLINE void store_row(const ck_self_attention *a, size_t row, const float *result, float factor) {
    vf f = vf_set1(factor);
    size_t d = 0;
#if HALVES
    uint16_t *out = (uint16_t *)a->out + row * a->out_stride;
    for (; d + VF_LANES <= a->head_size; d += VF_LANES) vf_store_bf16(out + d, vf_mul(vf_load(result + d), f));
    if (d == a->head_size) return;
    uint16_t last[VF_LANES];
    vf_store_bf16(last, vf_mul(vf_load(result + d), f));
    for (size_t i = 0; d + i < a->head_size; i++) out[d + i] = last[i];
#else
    float *out = (float *)a->out + row * a->out_stride;
    for (; d + VF_LANES <= a->head_size; d += VF_LANES) vf_store(out + d, vf_mul(vf_load(result + d), f));
    for (; d < a->head_size; d++) out[d] = result[d] * factor;
#endif
}

VF_INLINE void self_attention(const ck_self_attention *a) {
    size_t padded = (a->token_count + CK_KEY_PANEL - 1) / CK_KEY_PANEL * CK_KEY_PANEL;
    size_t width = (a->head_size + CK_KEY_PANEL - 1) / CK_KEY_PANEL * CK_KEY_PANEL;
    size_t key_words = (a->head_size + PER_WORD - 1) / PER_WORD;
    size_t value_words = (a->token_count + PER_WORD - 1) / PER_WORD;
    float *keys = a->scratch, *values = keys + padded * key_words, *scores = values + value_words * width;
    size_t score_stride = padded + 16;  // not a power of two: rows lie in different cache sets
    float *results = scores + TILE_ROWS * score_stride;
    size_t result_stride = width + 16;
    pack_keys(a, key_words, (uint32_t *)keys);
    pack_values(a, width, (uint32_t *)values);
    size_t tiles = (a->token_count + TILE_ROWS - 1) / TILE_ROWS;
    for (size_t t = 0; t < tiles; t++) {
        size_t row = a->token_count * t / tiles, rows = a->token_count * (t + 1) / tiles - row;
        const float *q = number_at(a->q, row * a->stride);
        for (size_t j = 0; j < padded; j += TILE_COLUMNS) {
            const float *w = keys + j / CK_KEY_PANEL * CK_KEY_PANEL * key_words + j % CK_KEY_PANEL;
            small_product(rows, q, a->stride / PER_WORD, key_words, w, CK_KEY_PANEL, scores + j, score_stride);
        }
        float factor[CK_QUERY_ROWS];
        for (size_t r = 0; r < rows; r++)
            factor[r] = softmax_weights(scores + r * score_stride, a->token_count, a->scale * 1.44269504f);
        for (size_t d = 0; d < width; d += TILE_COLUMNS)
            small_product(
                rows, scores, score_stride, value_words, values + d, width, results + d, result_stride);
        for (size_t r = 0; r < rows; r++) store_row(a, row + r, results + r * result_stride, factor[r]);
    }
}
