#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"))), apply_to = function)

#include "codes.h"
#define CK_HAS_VNNI 1
#include "codes_avx512.h"

#define ck_i8_dots_avx512vnni ck_i8_dots_vnni
#define ck_bf16_dots_avx512vnni ck_bf16_dots_widened
CK_DEFINE_CODES(avx512vnni)

#pragma clang attribute pop
#endif
