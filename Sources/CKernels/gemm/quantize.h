// Rows of numbers as bytes and as 16-bit integers, written once over `vf`; the including file has included a vec_
// header and, for 16 bits, <math.h>.

// The bytes of n columns, a multiple of VF_LANES up to CK_GEMM_GROUP; LOAD reads VF_LANES of them.
#define DEFINE_QUANTIZE(name, type, LOAD, slow)                                                                        \
    void name(const type *x, size_t n, uint8_t *out, ck_integer_group *groups) {                                       \
        size_t i = 0;                                                                                                  \
        for (; i + CK_GEMM_GROUP <= n; i += CK_GEMM_GROUP) {                                                           \
            vf low = LOAD(x + i), high = low;                                                                          \
            for (size_t k = VF_LANES; k < CK_GEMM_GROUP; k += VF_LANES) {                                              \
                vf value = LOAD(x + i + k);                                                                            \
                low = vf_min(low, value);                                                                              \
                high = vf_max(high, value);                                                                            \
            }                                                                                                          \
            float least = -vf_greatest(vf_sub(vf_set1(0), low)), range = vf_greatest(high) - least;                    \
            vf factor = vf_set1(range > 0 ? 255 / range : 0), shift = vf_set1(least);                                  \
            for (size_t k = 0; k < CK_GEMM_GROUP; k += VF_LANES)                                                       \
                vf_store_bytes(out + i + k, vf_mul(vf_sub(LOAD(x + i + k), shift), factor));                           \
            *groups++ = (ck_integer_group) { .scale = range / 255, .offset = least };                                  \
        }                                                                                                              \
        if (i < n) slow(x + i, n - i, out + i, groups);                                                                \
    }

// 16-bit integers of n columns; a group's last columns beyond whole vectors are done one by one.
#define DEFINE_QUANTIZE_INT16(name)                                                                                    \
    void name(const float *x, size_t n, int16_t *out, ck_integer_group *groups) {                                      \
        for (size_t first = 0; first < n; first += CK_GEMM_GROUP_INT16, x += CK_GEMM_GROUP_INT16) {                    \
            size_t count = n - first < CK_GEMM_GROUP_INT16 ? n - first : CK_GEMM_GROUP_INT16, k = 0;                   \
            vf low = vf_set1(x[0]), high = low;                                                                        \
            for (; k + VF_LANES <= count; k += VF_LANES) {                                                             \
                vf value = vf_load(x + k);                                                                             \
                low = vf_min(low, value);                                                                              \
                high = vf_max(high, value);                                                                            \
            }                                                                                                          \
            float least = -vf_greatest(vf_sub(vf_set1(0), low)), greatest = vf_greatest(high);                         \
            for (; k < count; k++) {                                                                                   \
                least = x[k] < least ? x[k] : least;                                                                   \
                greatest = x[k] > greatest ? x[k] : greatest;                                                          \
            }                                                                                                          \
            ck_integer_group group = ck_int16_group(least, greatest);                                                  \
            float factor = ck_int16_factor(group);                                                                     \
            vf factors = vf_set1(factor), offsets = vf_set1(group.offset);                                             \
            for (k = 0; k + VF_LANES <= count; k += VF_LANES)                                                          \
                vf_store_int16(out + first + k, vf_mul(vf_sub(vf_load(x + k), offsets), factors));                     \
            for (; k < count; k++) out[first + k] = (int16_t)lrintf((x[k] - group.offset) * factor);                   \
            *groups++ = group;                                                                                         \
        }                                                                                                              \
    }
