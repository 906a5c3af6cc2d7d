// CPU-intrinsic kernels behind one table that is filled after probing the processor.
#pragma once

#include "ck_level.h"
#include "ck_table.h"
#include "ck_thread.h"
