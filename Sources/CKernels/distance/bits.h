// Codes of one bit: what every level does the same way. CK_DEFINE_BITS(avx2) makes the gather around the static inline
// function ck_bits_dots_avx2, which forms the weighted counts of one query and four rows, and coding, which the
// compiler fits to the level by itself. All levels make the same codes: nothing here adds in an order of its own.
//
// Source: Gao and Long, "RaBitQ: Quantizing High-Dimensional Vectors with a Theoretical Error Bound for Approximate
// Nearest Neighbor Search", 2024, for the rotation, the factor of a row and the query in planes of bits; the rotation
// is Ailon and Chazelle's, "The Fast Johnson-Lindenstrauss Transform", 2009.
#pragma once

#include "codes.h"

// The 64 signs of a word of numbers, the same for ever: snapshots hold codes made with them (SplitMix64 of the index).
static inline __attribute__((always_inline)) uint64_t ck_bits_signs(uint64_t word) {
    uint64_t bits = (word + 1) * 0x9E3779B97F4A7C15;
    bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9;
    bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EB;
    return bits ^ (bits >> 31);
}

// The numbers of one block: its share of x with signs of its own, scattered among zeros, through a Hadamard matrix.
static inline __attribute__((always_inline)) void ck_bits_turn(
    const float *x, size_t dimension, size_t n, size_t block, float *numbers) {
    float other[CK_BIT_STEP];
    size_t blocks = n / CK_BIT_STEP, share = (dimension + blocks - 1) / blocks, first = block * share;
    size_t count = first >= dimension ? 0 : dimension - first < share ? dimension - first : share;
    memset(numbers, 0, CK_BIT_STEP * sizeof *numbers);
    for (size_t i = 0; i < count; i += 64) {
        uint64_t signs = ck_bits_signs(block * (CK_BIT_STEP / 64) + i / 64);
        size_t end = count - i < 64 ? count - i : 64;
        for (size_t j = 0; j < end; j++) other[i + j] = (signs >> j) & 1 ? -x[first + i + j] : x[first + i + j];
    }
    // In their first columns the rows of the matrix repeat, and so would the bits of a short vector.
    for (size_t i = 0; i < count; i++) numbers[i * 317 % CK_BIT_STEP] = other[i];
    // Nine equal stages, scaled by 2^-4.5 together: sums of neighbours go to the lower half, differences to the upper.
    float *from = numbers, *to = other;
    for (size_t width = 1; width < CK_BIT_STEP; width *= 2) {
        for (size_t i = 0; i < CK_BIT_STEP / 2; i++) {
            to[i] = from[2 * i] + from[2 * i + 1];
            to[i + CK_BIT_STEP / 2] = from[2 * i] - from[2 * i + 1];
        }
        float *last = from;
        from = to;
        to = last;
    }
    for (size_t i = 0; i < CK_BIT_STEP; i++) numbers[i] = from[i] * 0.04419417382415922f;
}

// Bit k of each of CK_BIT_STEP bytes; eight at a time, gathered into the topmost byte by one product.
static inline __attribute__((always_inline)) void ck_bits_pack(const uint8_t *bytes, int k, uint8_t *bits) {
    for (size_t i = 0; i < CK_BIT_STEP / 8; i++) {
        uint64_t eight;
        memcpy(&eight, bytes + 8 * i, 8);
        bits[i] = (uint8_t)((((eight >> k) & 0x0101010101010101) * 0x0102040810204080) >> 56);
    }
}

// Products and sums in statements of their own: fused, a level would round otherwise than the next.
static inline __attribute__((always_inline)) float ck_bits_squared(const float *x, size_t dimension) {
    float sums[8] = {0}, sum = 0;
    for (size_t i = 0; i < dimension; i++) {
        float square = x[i] * x[i];
        sums[i % 8] += square;
    }
    for (size_t j = 0; j < 8; j++) sum += sums[j];
    return sum;
}

static inline __attribute__((always_inline)) ck_coded ck_bits_encode_row(
    const float *x, size_t dimension, size_t n, uint8_t *row) {
    float numbers[CK_BIT_STEP], sums[8] = {0}, sum = 0;
    uint8_t bytes[CK_BIT_STEP];
    for (size_t block = 0; block < n / CK_BIT_STEP; block++) {
        ck_bits_turn(x, dimension, n, block, numbers);
        for (size_t i = 0; i < CK_BIT_STEP; i++) bytes[i] = numbers[i] >= 0;
        for (size_t i = 0; i < CK_BIT_STEP; i += 8)
            for (size_t j = 0; j < 8; j++) sums[j] += fabsf(numbers[i + j]);
        ck_bits_pack(bytes, 0, row + block * (CK_BIT_STEP / 8));
    }
    for (size_t j = 0; j < 8; j++) sum += sums[j];
    float squared = ck_bits_squared(x, dimension), scale = squared / sum;
    // No direction, or too short to say one.
    if (!(scale > 0 && scale < 3e38f)) scale = 0;
    return (ck_coded){.scale = scale, .squared_length = squared, .offset = 0};
}

static inline __attribute__((always_inline)) ck_coded ck_bits_encode_query(
    const float *x, size_t dimension, size_t n, float *numbers, uint8_t *planes) {
    uint8_t bytes[CK_BIT_STEP];
    for (size_t block = 0; block < n / CK_BIT_STEP; block++)
        ck_bits_turn(x, dimension, n, block, numbers + block * CK_BIT_STEP);
    float greatest = ck_greatest(numbers, n), scale = greatest / 8, inverse = scale > 0 ? 8 / greatest : 0;
    if (!(inverse <= 3e38f)) scale = inverse = 0;
    for (size_t block = 0; block < n / CK_BIT_STEP; block++) {
        const float *part = numbers + block * CK_BIT_STEP;
        for (size_t i = 0; i < CK_BIT_STEP; i++) {
            float eighths = part[i] * inverse;
            int32_t u = (int32_t)(8 + eighths);
            bytes[i] = (uint8_t)(u > 15 ? 15 : u < 0 ? 0 : u);
        }
        for (int k = 0; k < CK_BIT_PLANES; k++, planes += CK_BIT_STEP / 8) ck_bits_pack(bytes, k, planes);
    }
    int32_t offset = (int32_t)(n * 15 / 2);
    return (ck_coded){.scale = scale, .squared_length = ck_bits_squared(x, dimension), .offset = offset};
}

#define CK_DEFINE_BITS(level)                                                                                          \
    CK_DEFINE_SCALED(bits, level)                                                                                      \
    ck_coded ck_bits_encode_##level(const float *x, size_t dimension, size_t n, uint8_t *row) {                        \
        return ck_bits_encode_row(x, dimension, n, row);                                                               \
    }                                                                                                                  \
    ck_coded ck_bits_query_##level(const float *x, size_t dimension, size_t n, float *numbers, uint8_t *planes) {      \
        return ck_bits_encode_query(x, dimension, n, numbers, planes);                                                 \
    }

#define CK_DECLARE_BITS(level)                                                                                         \
    void ck_bits_codes_##level(const ck_code_query *query, const ck_codes *codes, const uint32_t *ids, size_t count,   \
                               float *out);                                                                            \
    ck_coded ck_bits_encode_##level(const float *x, size_t dimension, size_t n, uint8_t *row);                         \
    ck_coded ck_bits_query_##level(const float *x, size_t dimension, size_t n, float *numbers, uint8_t *planes);
