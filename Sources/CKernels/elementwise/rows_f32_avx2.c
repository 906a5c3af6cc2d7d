#if defined(__x86_64__)
#include "../vector/vec_avx2.h"
#include "elementwise_kernels.h"

#pragma clang attribute push(__attribute__((target(VF_TARGET))), apply_to = function)

#include "rows_f32.h"

DEFINE_ROW_KERNELS(avx2)

#pragma clang attribute pop
#endif
