// Answers `cpuid` without AVX-512, AVX-VNNI and AMX, for embed_avx2.py: a library that chooses its kernels by that
// instruction, and has had each one replaced by `ud2`, then runs those for AVX2.
//
//     cc -O1 -shared -fPIC -o cpuid_mask.so cpuid_mask.c; LD_PRELOAD=./cpuid_mask.so PROGRAM

#define _GNU_SOURCE
#include <cpuid.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

// Bits of leaf 7 (Intel SDM vol. 2A, CPUID): AVX-512 F, DQ, IFMA, PF, ER, CD, BW, VL; VBMI, VBMI2, VNNI, BITALG,
// VPOPCNTDQ; 4VNNIW, 4FMAPS, VP2INTERSECT, AMX-BF16, FP16, AMX-TILE, AMX-INT8; of its subleaf 1: AVX-VNNI, AVX512-BF16.
static const unsigned hidden_ebx = 1u << 16 | 1u << 17 | 1u << 21 | 1u << 26 | 1u << 27 | 1u << 28 | 1u << 30 | 1u << 31;
static const unsigned hidden_ecx = 1u << 1 | 1u << 6 | 1u << 11 | 1u << 12 | 1u << 14;
static const unsigned hidden_edx = 1u << 2 | 1u << 3 | 1u << 8 | 1u << 22 | 1u << 23 | 1u << 24 | 1u << 25;
static const unsigned hidden_subleaf = 1u << 4 | 1u << 5;

static void answer(int number, siginfo_t *info, void *context) {
    (void)number, (void)info;
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    if (memcmp((const void *)registers[REG_RIP], "\x0f\x0b", 2) != 0) abort();
    unsigned leaf = (unsigned)registers[REG_RAX], subleaf = (unsigned)registers[REG_RCX], a, b, c, d;
    __cpuid_count(leaf, subleaf, a, b, c, d);
    if (leaf == 7 && subleaf == 0) b &= ~hidden_ebx, c &= ~hidden_ecx, d &= ~hidden_edx;
    if (leaf == 7 && subleaf == 1) a &= ~hidden_subleaf;
    registers[REG_RAX] = a, registers[REG_RBX] = b, registers[REG_RCX] = c, registers[REG_RDX] = d;
    registers[REG_RIP] += 2;
}

__attribute__((constructor)) static void install(void) {
    struct sigaction action = { .sa_sigaction = answer, .sa_flags = SA_SIGINFO | SA_NODEFER };
    sigaction(SIGILL, &action, NULL);
}
