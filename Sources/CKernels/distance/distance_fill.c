#include "ck_distance.h"

void ck_fill_distance(ck_level level, ck_distance_table *table) { table->reserved = (int)level; }
