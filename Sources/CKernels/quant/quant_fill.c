#include "ck_quant.h"

void ck_fill_quant(ck_level level, ck_quant_table *table) { table->reserved = (int)level; }
