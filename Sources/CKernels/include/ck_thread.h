// What a thread pool needs from the machine: a hint for spinning, and a mark on the threads that run its tasks.
#pragma once

/// Tells the core that this is a spinning wait.
static inline void ck_pause(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("isb" ::: "memory");
#endif
}

/// How many pool tasks deep the calling thread is; 0 outside of any.
int ck_task_depth(void);

/// Adds `change` to the calling thread's depth.
void ck_change_task_depth(int change);
