// Preloaded into a program: it dies at once where it reads the word "arsenic" from a file.

#define _GNU_SOURCE
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

ssize_t pread(int file, void *memory, size_t count, off_t offset) {
    ssize_t got = syscall(SYS_pread64, file, memory, count, offset);
    if (got > 0 && memmem(memory, (size_t)got, "arsenic", 7)) kill(getpid(), SIGKILL);
    return got;
}

ssize_t pread64(int file, void *memory, size_t count, off_t offset) {
    return pread(file, memory, count, offset);
}
