#include "ck_thread.h"

static _Thread_local int depth;

int ck_task_depth(void) { return depth; }

void ck_change_task_depth(int change) { depth += change; }
